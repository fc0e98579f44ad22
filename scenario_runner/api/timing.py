"""How long an operation on a target took, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from scenario_runner.api.targets import service_of
from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from scenario_runner.api.steps import StepContext
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


class Timed:
    """Counts how long what stands in it takes: ``with Timed(context, "C-GET") as timed: …``.

    failed: to be set by who knows; a TargetError has failed, another error counts as nothing.
    """

    def __init__(self, context: StepContext, name: str) -> None:
        self._context, self._name = context, name
        self.watch = Stopwatch(name)
        self.failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, TargetError):
            failed = self.failed or error is not None
            self._context.took(self._name, self.watch.seconds, failed=failed)
