"""Tokens of a real provider: believed when all is right, and not when one thing is wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

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


@pytest.mark.parametrize(
    "url", ["http://idp.example", "ftp://idp.example", "idp.example", "https://", "https://[", ""]
)
def test_a_provider_that_anybody_on_the_way_could_be_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="believed"):
        Oidc(OidcOptions(issuer=url, audience=US))
