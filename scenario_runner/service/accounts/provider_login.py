"""People who log in at their house's OpenID provider: authorization code with PKCE, and a session here afterwards.

OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE, S256), RFC 9700 (what to beware of). What the browser keeps meanwhile is
its own: a state, a nonce and a verifier, which nobody else can know.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.oidc import (
    asked_for_json,
    discovered,
    require_private,
    untrusted,
)
from scenario_runner.service.accounts.questions import Questions
from scenario_runner.service.accounts.secrets import same
from scenario_runner.service.errors import NotAllowed, NotLoggedIn, Unavailable
from scenario_runner.service.permissions import Arrival, Caller

if TYPE_CHECKING:
    from scenario_runner.service.accounts.oidc import Oidc

_FRESH: Final = 600.0
"""Seconds after which the provider is asked again where its endpoints are."""
_LONGEST: Final = 4_096
"""Characters of what a provider sends a browser back with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """client_id, client_secret: as the provider knows us; scope: what is asked for; label: what it is called."""

    client_id: str
    client_secret: str | None = None
    scope: str = "openid profile"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that has begun. url: where the browser goes; kept: what it brings back, secret to others."""

    url: str
    kept: str


class ProviderLogin:
    """The login at one provider. Safe between threads. clock: seconds that only go on."""

    def __init__(
        self, oidc: Oidc, options: LoginOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._oidc = oidc
        self._options = options
        self._clock = clock
        self._questions = Questions(clock)
        self._known: Mapping[str, Any] | None = None
        self._got = float("-inf")

    @property
    def issuer(self) -> str:
        """Its address."""
        return self._oidc.options.issuer

    @property
    def label(self) -> str:
        """What the provider is called where people read it."""
        return self._options.label or urlsplit(self._oidc.options.issuer).hostname or "OpenID"

    def begin(self, redirect_uri: str) -> Begun:
        """Send somebody to the provider. Raises Unavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        hashed = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._options.client_id,
            "redirect_uri": redirect_uri,
            "scope": self._options.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        joined = "&" if "?" in endpoint else "?"
        return Begun(f"{endpoint}{joined}{urlencode(asked)}", f"{state}.{nonce}.{verifier}")

    def finish(self, kept: str, told: Mapping[str, str], redirect_uri: str) -> Caller:
        """Who comes back from the provider. told: what its address says.

        Raises NotLoggedIn where it is no answer to what this browser has begun, or the provider lets nobody in,
        NotAllowed for one without a role, Unavailable.
        """
        state, nonce, verifier = ([*kept.split("."), "", "", ""])[:3]
        if not state or not same(told.get("state", ""), state):
            raise NotLoggedIn(
                "login-not-begun",
                "this login was not begun in this browser, or too long ago",
                hint="begin again at the page to log in",
            )
        code = told.get("code", "")
        if "error" in told or not code or len(code) > _LONGEST:
            why = told.get("error_description") or told.get("error") or "it sends no code"
            raise NotLoggedIn("provider-refuses", f"the provider lets nobody in: {why}"[:300])
        answer = self._exchanged(code, verifier, redirect_uri)
        claims = self._oidc.claims(str(answer.get("id_token", "")), self._options.client_id)
        if not same(str(claims.get("nonce", "")), nonce):
            raise untrusted("it was made for another login")
        self._require_party(claims)
        return self._with_roles(claims, answer.get("access_token"))

    def _require_party(self, claims: Mapping[str, Any]) -> None:
        """Of several audiences the provider says whom it was made for (Core 3.1.3.7, 4 and 5)."""
        party = claims.get("azp")
        is_one = isinstance(claims.get("aud"), str) or len(claims.get("aud", ())) == 1
        if (party is None and not is_one) or party not in (None, self._options.client_id):
            raise untrusted("it was made for another program")

    def _with_roles(self, claims: Mapping[str, Any], access: object) -> Caller:
        """The roles of the identity token; many providers have them in the access token only."""
        caller = self._oidc.caller_of(claims)
        roles = caller.roles
        if not roles and isinstance(access, str) and access.count(".") == 2:
            try:
                roles = self._oidc.caller(access).roles
            except NotLoggedIn:
                roles = frozenset()
        if not roles:
            raise NotAllowed(
                "no-role",
                f"'{caller.name}' has no role here by what the provider says",
                hint="the provider's administrator gives one, or 'oidc.roles' of the settings names it",
            )
        return Caller(caller.name, roles, Arrival.SESSION)

    def _exchanged(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The tokens for a code (RFC 6749 4.1.3)."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._options.client_id,
        }
        headers = {}
        if (secret := self._options.client_secret) is not None:
            # Each is form-encoded before (RFC 6749 2.3.1).
            pair = f"{quote(self._options.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        endpoint = self._endpoint("token_endpoint")
        try:
            return asked_for_json(endpoint, self._oidc.options.tls, asked, headers)
        except MachineError as error:
            raise _unreachable() from error
        except ValueError as error:
            raise NotLoggedIn(
                "provider-refuses", "the provider gives no token for this login"
            ) from error

    def _endpoint(self, name: str) -> str:
        with self._questions.turn(self._is_old, waits=self._known is None) as is_ours:
            if is_ours:
                self._renew()
        if self._known is None:
            raise _unreachable()
        found = str(self._known.get(name, ""))
        try:
            require_private(found)
        except UsageError as error:
            raise _unreachable() from error
        return found

    def _is_old(self) -> bool:
        return self._known is None or self._clock() - self._got >= _FRESH

    def _renew(self) -> None:
        """While the provider does not answer, what it said of itself goes on being good."""
        with suppress(MachineError, ValueError):
            self._known = discovered(self._oidc.options)
            self._got = self._clock()


def _unreachable() -> Unavailable:
    return Unavailable(
        "provider-unreachable",
        "the provider people log in at does not answer just now",
        hint="try again in a moment, or log in with a password",
    )
