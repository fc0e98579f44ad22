"""The gate: whoever asks becomes a caller, or is turned away."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING, Final

import anyio.to_thread

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.address import client_of
from scenario_runner.pacs.options import WebOptions
from scenario_runner.service.accounts.accounts import Accounts
from scenario_runner.service.accounts.attempts import place_of
from scenario_runner.service.accounts.keys import Keys
from scenario_runner.service.accounts.logins import Logins
from scenario_runner.service.accounts.provider_login import ProviderLogin
from scenario_runner.service.accounts.secrets import csrf_of, same
from scenario_runner.service.accounts.session_times import SessionTimes
from scenario_runner.service.accounts.sessions import Sessions
from scenario_runner.service.accounts.viewer_tokens import ViewerTokens
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.errors import NotAllowed, NotLoggedIn
from scenario_runner.service.permissions import LOCAL, Caller, Permission, require
from scenario_runner.service.rates import Rate, Rates
from scenario_runner.web.auth.proofs import (
    CSRF_HEADER,
    Kind,
    Proof,
    asks_alone,
    is_proxied,
    proof_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from scenario_runner.database.engine import Database

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110 9.2.1)."""
_ASKED_AGAIN: Final = 1.0
"""Seconds after which it is looked again whether there are accounts meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """How the gate is kept. loopback: only this machine reaches the port."""

    loopback: bool = True
    web: WebOptions = field(default_factory=WebOptions)
    sessions: SessionTimes = field(default_factory=SessionTimes)
    bearer: Callable[[str], Caller] | None = None
    """Whose token of an OpenID provider it is; raises NotLoggedIn. None where none are taken."""
    provider: ProviderLogin | None = None
    """Where people log in besides."""
    account_rate: Rate | None = None
    address_rate: Rate | None = None
    """How often an account, or whoever is at an address, may ask; None for as often as they like."""


class Gate:
    """Knows callers by what their requests show. One for each server; safe between threads."""

    def __init__(self, database: Database, options: GateOptions | None = None) -> None:
        self.options = options or GateOptions()
        self.accounts = Accounts(database)
        self.keys = Keys(database)
        self.sessions = Sessions(database, self.options.sessions)
        self.logins = Logins(database, self.sessions)
        self.viewer_tokens = ViewerTokens(database)
        self.trail = Trail(database)
        self._by_account = Rates(self.options.account_rate)
        self._by_address = Rates(self.options.address_rate)
        self._accounts_at = (float("-inf"), False)

    async def admit(
        self, request: Request, permission: Permission, study_uid: str | None = None
    ) -> Caller:
        """The caller, who may do that; of others it is written down that they tried.

        Raises NotLoggedIn, NotAllowed or TooOften.
        """
        caller = await self.caller(request)
        try:
            require(caller, permission, study_uid)
        except NotAllowed as error:
            await anyio.to_thread.run_sync(self._note_refusal, request, caller, study_uid, error)
            raise
        return caller

    async def caller(self, request: Request) -> Caller:
        """Who asks. Raises NotLoggedIn when nobody is known to, TooOften."""
        known: Caller | None = request.scope.setdefault("state", {}).get("caller")
        if known is not None:
            return known
        proof = proof_of(request)
        if proof.kind is not Kind.VIEWER_TOKEN and await self._nobody_logs_in(request):
            caller = LOCAL
        else:
            caller = await anyio.to_thread.run_sync(self._known, proof, not asks_alone(request))
            if proof.kind is Kind.SESSION and request.method not in SAFE:
                _require_csrf(request, proof)
        self._by_account.count(caller.name)
        request.scope["state"]["caller"] = caller
        return caller

    async def is_still_admitted(self, request: Request, permission: Permission) -> bool:
        """Whether whoever began a long answer may go on reading it: not after a log-out, nor without the permission.

        A session ends while nobody does anything but watch.
        """
        proof = proof_of(request)
        if proof.kind is not Kind.VIEWER_TOKEN and await self._nobody_logs_in(request):
            return True
        try:
            caller = await anyio.to_thread.run_sync(self._known, proof, False)
        except NotLoggedIn:
            return False
        return permission in caller.permissions

    def count(self, request: Request) -> None:
        """One more request from an address. Raises TooOften."""
        if self.options.address_rate is not None:
            self._by_address.count(place_of(self.came_from(request)))

    def came_from(self, request: Request) -> str:
        """The address of whoever asks."""
        return client_of(request, self.options.web)

    async def _nobody_logs_in(self, request: Request) -> bool:
        if not self.options.loopback:
            return False
        at, exist = self._accounts_at
        if time.monotonic() - at >= _ASKED_AGAIN:
            exist = await anyio.to_thread.run_sync(self.accounts.exist)
            self._accounts_at = (time.monotonic(), exist)
        if exist:
            return False
        if is_proxied(request):
            raise NotLoggedIn(
                "accounts-needed",
                "this request came by way of a proxy, from who knows where, and nobody has an account",
                hint="make an administrator: fabricate user add NAME --role admin",
            )
        return True

    def _known(self, proof: Proof, used: bool) -> Caller:
        caller: Caller | None = None
        match proof.kind:
            case Kind.NONE:
                raise NotLoggedIn(
                    "login-needed",
                    "it is not known who asks",
                    hint="log in at /api/v1/auth/login, or send an API key as a bearer token",
                )
            case Kind.API_KEY:
                caller = self.keys.caller(proof.secret)
            case Kind.VIEWER_TOKEN:
                caller = self.viewer_tokens.caller(proof.secret)
            case Kind.SESSION:
                caller = self.sessions.caller(proof.secret, used=used)
            case Kind.BEARER:
                if self.options.bearer is not None:
                    return self.options.bearer(proof.secret)
        if caller is None:
            raise NotLoggedIn(
                "login-over",
                f"this {proof.kind.value} is none, or it has ended",
                hint="log in again",
            )
        return caller

    def _note_refusal(
        self, request: Request, caller: Caller, study_uid: str | None, error: NotAllowed
    ) -> None:
        route = request.scope.get("route")
        asked = f"{request.method} {getattr(route, 'path', request.url.path)}"
        detail = {"asked": asked, "why": error.message}
        where = self.came_from(request)
        self.trail.record(caller, Activity.REFUSED, study_uid, where, Outcome.DENIED, detail)


def _require_csrf(request: Request, proof: Proof) -> None:
    """A stranger's page may make a browser send its cookie, and cannot know this."""
    if not same(request.headers.get(CSRF_HEADER, ""), csrf_of(proof.secret)):
        raise NotAllowed(
            "csrf-token-needed",
            f"a change by a session needs its token in the header {CSRF_HEADER}",
            hint="GET /api/v1/auth/session tells it",
        )
