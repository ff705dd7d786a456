"""The other side of a report: tells another site how many visitor-days this one has, signed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime
from email.message import Message
from typing import IO

from user_stats.audience.instances import signature
from user_stats.times import to_iso

PATH = "/api/stats/report-users"
TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER = 65_536


class ReportFailed(OSError):
    """The other site could not be reached, or did not take the report."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key is for one address alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def send_report(to: str, key: str, instance_id: str, count: int, now: datetime) -> None:
    """Sends one report to a site, or to an address of its own that ends with `/report-users`. Raises ReportFailed."""
    body = json.dumps({"count": count, "instanceId": instance_id}).encode()
    sent_at = to_iso(now)
    request = urllib.request.Request(
        to if to.endswith("/report-users") else to.rstrip("/") + PATH,
        data=body,
        method="POST",
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "User-Agent": "user_stats",
            "X-Report-Time": sent_at,
            "X-Report-Signature": signature(key, sent_at, body),
        },
    )
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
            answer.read(LARGEST_ANSWER)
    except urllib.error.HTTPError as error:
        said = error.read(500).decode(errors="replace")
        raise ReportFailed(f"{to} answered with {error.code}: {said}") from None
    except (OSError, ValueError) as error:
        raise ReportFailed(f"{to} could not be reached: {error}") from None
