"""Failed logins: counted by who they were meant for and where they came from, and slowed down.

Nobody is shut out for good, and nobody can have others shut out: a browser that has logged in to an account
before carries a secret of its own, and is counted by that alone (OWASP, device cookies). Somebody who guesses
from elsewhere slows down elsewhere.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.accounts import found_by_name
from scenario_runner.service.accounts.clock import Clock, now
from scenario_runner.service.accounts.secrets import DEVICE, digest, fresh
from scenario_runner.service.accounts.tables import login_failure

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FORGOTTEN: Final = dt.timedelta(hours=24)
"""Without another failure, one is forgotten after this."""
DEVICE_KEPT: Final = dt.timedelta(days=90)
"""A browser that was not used to log in for so long is a stranger again."""

_OF_STRANGERS: Final = secrets.token_bytes(32)
"""Key of the digest by which a name that nobody has is counted: it may be a password in the wrong field, which without
the key cannot be guessed from the database. Two such names share no count, which would tell both from those of accounts."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many failures are free, and how long the wait after the next ones may become.

    Each further failure doubles a wait that begins with a second.
    """

    free: int
    longest: dt.timedelta

    def wait(self, failures: int) -> dt.timedelta:
        """After so many."""
        if failures < self.free:
            return dt.timedelta(0)
        doubled = 2.0 ** min(failures - self.free, 20)
        return min(dt.timedelta(seconds=doubled), self.longest)


BOUNDS: Final = {
    "device": Bound(5, dt.timedelta(minutes=15)),
    "pair": Bound(5, dt.timedelta(minutes=15)),
    "name": Bound(50, dt.timedelta(minutes=1)),
    "address": Bound(30, dt.timedelta(minutes=5)),
    "provider": Bound(30, dt.timedelta(minutes=5)),
}
"""By whom it counts: a known browser, an account from an address, an account from anywhere, an address,
and an address from which people came back refused by a provider: these wait to be noted."""


class Attempts:
    """Counts failures in the caller's transaction."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock

    def subjects(
        self, connection: Connection, name: str, address: str, device: str | None
    ) -> Sequence[str]:
        """What an attempt is counted by."""
        folded = name.lower()
        if device is not None and self._knows(connection, folded, device):
            return (f"device:{folded}:{digest(device)}",)
        if found_by_name(connection, name) is None:
            keyed = hmac.new(_OF_STRANGERS, folded.encode("utf-8", "replace"), "sha256")
            folded = f"?{keyed.hexdigest()}"
        place = place_of(address)
        return (f"pair:{folded}:{place}", f"name:{folded}", f"address:{place}")

    def wait(self, connection: Connection, subjects: Sequence[str]) -> dt.timedelta:
        """How long it takes until another attempt is looked at; zero for at once."""
        moment, longest = self._clock(), dt.timedelta(0)
        for row in connection.execute(
            select(login_failure).where(login_failure.c.subject.in_(subjects))
        ):
            bound = BOUNDS[row.subject.partition(":")[0]]
            longest = max(longest, row.last + bound.wait(row.failures) - moment)
        return longest

    def failed(self, connection: Connection, subjects: Sequence[str]) -> None:
        """Count one more."""
        moment = self._clock()
        connection.execute(
            delete(login_failure).where(
                ~login_failure.c.subject.startswith("known:"),
                login_failure.c.last <= moment - _FORGOTTEN,
            )
        )
        for subject in sorted(subjects):
            same = login_failure.c.subject == subject
            more = update(login_failure).where(same)
            more = more.values(failures=login_failure.c.failures + 1, last=moment)
            if not connection.execute(more).rowcount:
                row = {"subject": subject, "failures": 1, "last": moment}
                connection.execute(insert(login_failure).values(row))

    def taken_back(self, connection: Connection, subjects: Sequence[str]) -> None:
        """One that was counted beforehand was none."""
        connection.execute(
            update(login_failure)
            .where(login_failure.c.subject.in_(subjects), login_failure.c.failures > 0)
            .values(failures=login_failure.c.failures - 1)
        )

    def succeeded(
        self, connection: Connection, subjects: Sequence[str], name: str, device: str | None
    ) -> str:
        """Forget what was counted for this account here; returns the secret by which the browser is known.

        An address goes on being counted: else one good account would be enough to guess others.
        """
        moment, folded = self._clock(), name.lower()
        kept = [one for one in subjects if not one.startswith(("address:", "name:"))]
        connection.execute(delete(login_failure).where(login_failure.c.subject.in_(kept)))
        connection.execute(
            delete(login_failure).where(
                login_failure.c.subject.startswith("known:"),
                login_failure.c.last <= moment - DEVICE_KEPT,
            )
        )
        known = device if device is not None and self._knows(connection, folded, device) else None
        secret = known or fresh(DEVICE)
        subject = _known(folded, secret)
        if known:
            same = login_failure.c.subject == subject
            connection.execute(update(login_failure).where(same).values(last=moment))
        else:
            row = {"subject": subject, "failures": 0, "last": moment}
            connection.execute(insert(login_failure).values(row))
        return secret

    def _knows(self, connection: Connection, name: str, device: str) -> bool:
        subject = _known(name, device)
        found = connection.execute(
            select(login_failure.c.last).where(login_failure.c.subject == subject)
        ).scalar_one_or_none()
        return found is not None and found > self._clock() - DEVICE_KEPT


def _known(name: str, device: str) -> str:
    return f"known:{name}:{digest(device)}"


def place_of(address: str) -> str:
    """An address; of IPv6 the network that one customer has whole (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:80]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
