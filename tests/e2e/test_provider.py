"""Signing in by an OpenID Connect provider, made up here, through a real browser."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jwk, jwt
from serving import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from .conftest import PASSWORD, MakeVisitor, Site

CLIENT = "user_stats_tests"
KEY = jwk.RSAKey.generate_key(2048, {"kid": "one"})
"""The provider's."""


class Provider:
    """Says that everybody is the same person, at once."""

    def __init__(self) -> None:
        self.address = ""
        self.claims = {"sub": "248289761001", "email": "zoe@example.org", "email_verified": True, "name": "zoe"}
        self._nonces: dict[str, str] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", lambda request: JSONResponse({"keys": [KEY.as_dict(private=False)]})),
            ]
        )

    def describe(self, request: Request) -> JSONResponse:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        addresses = {name: f"{self.address}/{path}" for name, path in names.items()}
        kinds = {"id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"]}
        return JSONResponse({"issuer": self.address, **addresses, **kinds})

    def authorize(self, request: Request) -> RedirectResponse:
        code = secrets.token_urlsafe()
        self._nonces[code] = request.query_params["nonce"]
        answer = urlencode({"code": code, "state": request.query_params["state"]})
        return RedirectResponse(f"{request.query_params['redirect_uri']}?{answer}", 303)

    async def token(self, request: Request) -> JSONResponse:
        nonce = self._nonces.pop(str((await request.form())["code"]))
        now = int(time.time())
        told = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **self.claims}
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, told, KEY)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    with served(made.app()) as address:
        made.address = address
        yield made


@pytest.fixture
def federated(site: Site, provider: Provider) -> Site:
    """The site with the provider in its secrets."""
    site.stop()
    secrets_file = Path(site.folder.parent) / ".streamlit/secrets.toml"
    secrets_file.parent.mkdir()
    secrets_file.write_text(
        f"""[auth]
redirect_uri = "{site.address}/oauth2callback"
cookie_secret = "{secrets.token_hex()}"
client_id = "{CLIENT}"
client_secret = "{secrets.token_hex()}"
server_metadata_url = "{provider.address}/.well-known/openid-configuration"
"""
    )
    site.start()
    return site


def test_who_the_provider_vouches_for_is_signed_in(federated: Site, visit: MakeVisitor, provider: Provider) -> None:
    zoe = visit(federated)
    zoe.press("Continue with single sign-on")
    zoe.sees("zoe@example.org")
    zoe.press("Continue")
    zoe.is_signed_in()
    assert federated.manager.find_users().users[0].username == "zoe"
    zoe.sign_out()
    assert not [name for name in zoe.cookies if name.startswith(("_streamlit_user", "app_session"))]
    zoe.page.get_by_role("button", name="Continue with single sign-on").wait_for()
    zoe.outside.clear()  # the provider itself


def test_an_address_takes_no_account_over(federated: Site, visit: MakeVisitor) -> None:
    federated.manager.create_user("zoe", "zoe@example.org", password=PASSWORD)
    zoe = visit(federated)
    zoe.press("Continue with single sign-on")
    zoe.press("Continue")
    zoe.sees("sign in with its password")
    zoe.outside.clear()
