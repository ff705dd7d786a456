"""The addresses at which a browser gets and loses the cookie of its session; for the site's own pages alone."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.routing import Route

from user_stats.accounts import cookies
from user_stats.accounts.accounts import Accounts
from user_stats.api.addresses import parsed_url
from user_stats.api.client_ids import LONGEST_COOKIES
from user_stats.api.door import Door, Limits
from user_stats.api.operations import Call, GetServices, Operation
from user_stats.errors import Forbidden, NotAuthenticated, StorageError
from user_stats.http_settings import HttpSettings

PROVIDER_COOKIES = "_streamlit_user"
"""How the names of the cookies begin that a sign-in with a provider leaves."""
SECONDS_A_DAY = 86_400

log = logging.getLogger(__name__)


class TicketBody(Struct, forbid_unknown_fields=True):
    ticket: str


def sign_in_routes(
    settings: HttpSettings, get_services: GetServices, get_accounts: Callable[[], Accounts]
) -> list[Route]:
    """The routes below `/auth/`."""

    def begin(call: Call) -> Response:
        """The cookie of the session for a ticket, and the browser is known from now on."""
        _check_same_origin(call.headers)
        device = cookies.find_device(_cookies(call.headers))
        token = None if device is None else get_accounts().tickets.redeem(call.body.ticket, device)
        if token is None or device is None:
            raise NotAuthenticated("this ticket is not good any more")
        age = settings.session_days * SECONDS_A_DAY
        return _reply(call, (cookies.SESSION, token, age), (cookies.DEVICE, device, cookies.DEVICE_SECONDS))

    def leave(call: Call) -> Response:
        """Ends the session of the cookie and takes the cookie away."""
        _check_same_origin(call.headers)
        try:
            get_accounts().sign_out(cookies.find_session(_cookies(call.headers)))
        except StorageError as error:
            log.error("a session could not be ended, only its cookie taken away: %s", error)
        reply = _reply(call, (cookies.SESSION, "", 0))
        for name in filter(lambda name: name.startswith(PROVIDER_COOKIES), _cookies(call.headers)):
            reply.headers.append("set-cookie", f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
        return reply

    limits = Limits(settings)
    operations = (
        Operation("POST", "/auth/session", begin, "Cookie for a ticket", None, body=TicketBody),
        Operation("POST", "/auth/leave", leave, "Take the cookie away", None),
    )
    return [Route(one.path, Door([one], get_services, limits)) for one in operations]


def _reply(call: Call, *told: tuple[str, str, int]) -> Response:
    """An empty answer that sets cookies: name, value and age in seconds of each."""
    is_https = call.services.proxies.is_https(call.scope)
    reply = Response(status_code=204)
    for name, value, seconds in told:
        cookie = cookies.set_cookie(name, value, is_https=is_https, max_age_seconds=seconds)
        reply.headers.append("set-cookie", cookie)
    return reply


def _cookies(headers: Headers) -> dict[str, str]:
    text = "; ".join(headers.getlist("cookie"))
    return cookie_parser(text) if len(text) <= LONGEST_COOKIES else {}


def _check_same_origin(headers: Headers) -> None:
    """Raises Forbidden unless the browser says that the request comes from a page of this site."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = origin is not None and parsed_url(origin).netloc == headers.get("host")
    if not is_ours:
        raise Forbidden("this may only be asked for by a page of this site")
