"""How many instances are sent to a peer, whatever carries them: C-STORE and STOW-RS alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One after the other over one association or connection, as fast as it goes, unless this says otherwise."""

    associations: int = 1
    """How many at once; over HTTP, connections."""
    rate: float | None = None
    """At most so many instances a second, all associations together."""
    resumes: int = 0
    """How many times in a row a broken association is opened again for what was not acknowledged."""
    skips: bool = False
    """Whether an instance at which the peer ends the association is given up and the rest sent on."""
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of each association as it stands, possibly from another thread."""


ONE_BY_ONE: Final = Sending()
