"""How long an operation on a target took, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.api.targets import service_of

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target

_NAMES = {"stow": "STOW-RS", "qido": "QIDO-RS", "wado": "WADO-RS"}


def operation(target: Target, *ways: str) -> str:
    """What a target does, in the words of the Standard: by the first of these ways that it has.

    ways: values of ``via`` in order of preference, ``"c-find", "qido"``.
    """
    way = next((one for one in ways if one in target.ways), ways[0])
    return _NAMES.get(way, way.upper())


class Stopwatch:
    """Seconds since it was made, or since the association stood over which the request goes."""

    def __init__(self, way: str) -> None:
        self._over_http = service_of(way.removesuffix("-RS").lower()) == "dicomweb"
        self._began = time.monotonic()

    def opening(
        self, opened: Callable[[Mapping[str, Any]], None] | None
    ) -> Callable[[Mapping[str, Any]], None]:
        """To be told that the association stands; ``opened`` is told, too. A session over HTTP tells so afterwards."""

        def tell(facts: Mapping[str, Any]) -> None:
            if opened is not None:
                opened(facts)
            if not self._over_http:
                self._began = time.monotonic()

        return tell

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began
