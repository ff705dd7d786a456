"""The figures of the audience in the text format of Prometheus (0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable

from user_stats.audience import Audience

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, float]
"""The labels, in braces or empty, and the value."""


def render(audience: Audience) -> str:
    totals, today, people = audience.totals(), audience.day(), audience.active_people()
    known = audience.instances()
    groups: list[tuple[str, str, str, Iterable[Sample]]] = [
        ("visits_total", "counter", "Visits to pages.", [("", totals.visits)]),
        ("daily_visitors_total", "counter", "Distinct addresses of each day, added up.", [("", totals.visitor_days)]),
        ("visitor_hashes_total", "counter", "Distinct visitor hashes.", [("", totals.visitor_hashes)]),
        ("people_total", "counter", "Distinct people by cookie.", [("", totals.people)]),
        ("bot_users_total", "counter", "Distinct users of the bot.", [("", totals.bot_users)]),
        ("crawler_visits_total", "counter", "Visits by crawlers.", [("", totals.crawler_visits)]),
        (
            "jobs_total",
            "counter",
            "Attempts at a piece of work, by outcome.",
            [('{outcome="succeeded"}', totals.jobs_succeeded), ('{outcome="failed"}', totals.jobs_failed)],
        ),
        (
            "active_people",
            "gauge",
            "Distinct people by cookie in the last days.",
            [('{days="1"}', people.daily), ('{days="7"}', people.weekly), ('{days="30"}', people.monthly)],
        ),
        ("visits_today", "gauge", "Visits of today (UTC).", [("", today.visits)]),
        ("visitors_today", "gauge", "Distinct addresses of today (UTC).", [("", today.visitors)]),
        (
            "instance_reported",
            "gauge",
            "What other instances reported in the last 7 days.",
            [(f'{{instance="{one.instance_id}"}}', one.count) for one in known if one.is_current],
        ),
        ("lost_events_total", "counter", "Events that this process could not count.", [("", audience.lost_events)]),
    ]
    return "".join(_group(*group) for group in groups)


def _group(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"user_stats_{name}{labels} {value}" for labels, value in samples]
    head = [f"# HELP user_stats_{name} {about}", f"# TYPE user_stats_{name} {kind}"]
    return "\n".join([*head, *lines]) + "\n" if lines else ""
