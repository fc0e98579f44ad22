"""Tokens of a real provider: believed when all is right, and not when one thing is wrong."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from scenario_runner.errors import UsageError
from scenario_runner.service.accounts.oidc import Oidc, OidcOptions
from scenario_runner.service.errors import NotLoggedIn, Unavailable
from scenario_runner.service.permissions import Arrival, Role
from tests.peers.oauth2 import Provider, provider

pytestmark = pytest.mark.peer
US = "imaging"
GOOD: dict[str, Any] = {"aud": US, "sub": "u1", "preferred_username": "joy", "roles": ["nurse"]}


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as running:
        yield running


def oidc(idp: Provider, **options: Any) -> Oidc:
    return Oidc(OidcOptions(issuer=idp.issuer, audience=US, **options))


def test_a_token_of_the_provider_is_believed_and_gives_name_and_roles(idp: Provider) -> None:
    caller = oidc(idp).caller(idp.token(**GOOD))
    assert (caller.name, caller.arrival) == ("joy", Arrival.BEARER)
    assert caller.roles == {Role.NURSE}
    several = oidc(idp).caller(
        idp.token(aud=["other", US], sub="u1", roles="doctor admin whatever")
    )
    assert several.name == "u1"
    assert several.roles == {Role.DOCTOR, Role.ADMIN}


def test_roles_come_from_the_claim_and_by_the_names_that_the_site_says(idp: Provider) -> None:
    mapped = oidc(idp, roles_claim="realm_access.roles", roles={"RAD-Admins": Role.RADIOLOGIST})
    token = idp.token(**{**GOOD, "realm_access": {"roles": ["RAD-Admins", "admin"]}})
    assert mapped.caller(token).roles == {Role.RADIOLOGIST}
    assert mapped.caller(idp.token(**GOOD)).roles == set()
    by_url = oidc(idp, roles_claim="https://pacs.example/roles")
    token = idp.token(**{**GOOD, "https://pacs.example/roles": ["technician"]})
    assert by_url.caller(token).roles == {Role.TECHNICIAN}


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody else"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_token_with_one_thing_wrong_is_not_believed(idp: Provider, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotLoggedIn, match="not taken") as caught:
        oidc(idp).caller(idp.token(**{**GOOD, **wrong}))
    assert caught.value.code == "token-not-valid"


def test_clocks_may_differ_by_a_minute_and_no_more(idp: Provider) -> None:
    oidc(idp).caller(idp.token(**GOOD, lasting=-30))
    with pytest.raises(NotLoggedIn):
        oidc(idp).caller(idp.token(**GOOD, lasting=-90))
    with pytest.raises(NotLoggedIn):
        oidc(idp, leeway=0).caller(idp.token(**GOOD, lasting=-30))


def test_a_token_that_somebody_else_signed_or_nobody_is_not_believed(idp: Provider) -> None:
    asked = oidc(idp)
    token = idp.token(**GOOD)
    head, body, signature = token.split(".")
    asked.caller(token)

    def encoded(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    kid = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    forged = [
        f"{head}.{encoded({**claims, 'roles': ['admin']})}.{signature}",
        f"{encoded({'alg': 'none'})}.{body}.",
        f"{encoded({'alg': 'none', 'kid': kid})}.{body}.{signature}",
        f"{encoded({'alg': 'HS256', 'kid': kid})}.{body}.{signature}",
        f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        f"{head}.{body}",
        "x.y.z",
        "",
        "\u00e9.\u00e9.\u00e9",
        "a" * 20_000,
    ]
    with provider() as other:
        forged.append(other.token(**{**GOOD, "iss": idp.issuer}))
        for one in forged:
            with pytest.raises(NotLoggedIn):
                asked.caller(one)


def test_a_new_key_of_the_provider_is_asked_for_and_an_invented_one_not_again_and_again(
    idp: Provider,
) -> None:
    moment = [0.0]
    asked = Oidc(OidcOptions(issuer=idp.issuer, audience=US), clock=lambda: moment[0])
    asked.caller(idp.token(**GOOD))
    rotated = idp.token(**GOOD, rotate="ES256")
    with pytest.raises(NotLoggedIn):  # it was asked a moment ago
        asked.caller(rotated)
    moment[0] = 11.0
    asked.caller(rotated)


def test_while_the_provider_is_away_its_keys_go_on_being_good() -> None:
    moment = [0.0]
    with provider() as idp:
        asked = Oidc(OidcOptions(issuer=idp.issuer, audience=US), clock=lambda: moment[0])
        token = idp.token(**GOOD)
        asked.caller(token)
        fresh = Oidc(OidcOptions(issuer=idp.issuer, audience=US))
    moment[0] = 3_600.0
    asked.caller(token)
    with pytest.raises(Unavailable, match="does not answer"):
        fresh.caller(token)


def test_while_one_request_waits_for_the_provider_others_whose_key_is_known_go_on(
    idp: Provider,
) -> None:
    moment = [0.0]
    asked = Oidc(OidcOptions(issuer=idp.issuer, audience=US), clock=lambda: moment[0])
    token = idp.token(**GOOD)
    asked.caller(token)
    for passed, first in ((3_600.0, token), (3_700.0, invented(token))):
        moment[0] = passed
        with idp.frozen():
            waiting = threading.Thread(target=refused_or_not, args=(asked, first))
            waiting.start()
            while not asked._questions._asking.locked():
                assert waiting.is_alive()
            assert asked.caller(token).name == "joy"
            assert waiting.is_alive()
        waiting.join(60)
        assert not waiting.is_alive()


def refused_or_not(asked: Oidc, token: str) -> None:
    with contextlib.suppress(NotLoggedIn):
        asked.caller(token)


def invented(token: str) -> str:
    """It names a key that the provider does not have."""
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"invented"}').rstrip(b"=").decode()
    return ".".join([head, *token.split(".")[1:]])


@pytest.mark.parametrize(
    "strange",
    [
        {"kty": "EC", "crv": "BP-256", "x": "AA", "y": "AA", "kid": "brainpool"},
        {"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "cut"},
        {"kty": "RSA", "kid": "nothing of it"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": "AA"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "of tomorrow"},
        "no key",
    ],
    ids=str,
)
def test_a_key_that_nobody_here_reads_takes_no_other_along(idp: Provider, strange: Any) -> None:
    known = httpx2.get(f"{idp.issuer}/jwks", timeout=60, trust_env=False).json()["keys"]

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps({"keys": [strange, *known]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.handle_request).start()
        asked = oidc(idp, jwks_uri=f"http://127.0.0.1:{server.server_port}/keys")
        assert asked.caller(idp.token(**GOOD)).name == "joy"


def test_a_name_is_one_line_and_steers_no_terminal(idp: Provider) -> None:
    for name in (" joy ", "jo\x1b[31my\nroot", "\u202ejoy", "\x00", "joy  \t doe"):
        caller = oidc(idp).caller(idp.token(**{**GOOD, "preferred_username": name}))
        assert caller.name in ("joy", "jo [31my root", "u1", "joy doe"), caller.name


@pytest.mark.parametrize(
    "url", ["http://idp.example", "ftp://idp.example", "idp.example", "https://", "https://[", ""]
)
def test_a_provider_that_anybody_on_the_way_could_be_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="believed"):
        Oidc(OidcOptions(issuer=url, audience=US))
