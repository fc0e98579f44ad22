"""A target that a service keeps open: nothing that it answers, and no error of it, says a secret of the site file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any, cast

from scenario_runner.app.load import Loaded, Surroundings, load_site
from scenario_runner.app.targets import OpenTargets
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.api import Target


@contextmanager
def kept_target(name: str, site: Path | None, around: Surroundings) -> Iterator[Target]:
    """Open a target of a site file for as long as a service is up. Raises UsageError, InvalidInput, TargetError."""
    plugins, loaded = load_site(site, around)
    redactor = Redactor(loaded.secrets)
    with (
        redactor.guarding(),
        OpenTargets(Loaded(plugins, loaded, ()), [name], learned=redactor.learn) as targets,
    ):
        yield cast("Target", _Discreet(targets(name), redactor))


class _Discreet:
    """Stands in for a target; whatever is asked of it, the target is asked."""

    def __init__(self, target: Target, redactor: Redactor) -> None:
        self._target = target
        self._redactor = redactor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        return self._guarded(found) if callable(found) else found

    def _guarded(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any, **named: Any) -> Any:
            with self._redactor.guarding():
                answer = ask(*given, **named)
            if isinstance(answer, type(self._target)):
                return _Discreet(answer, self._redactor)
            return self._each(answer) if isinstance(answer, Iterator) else self._clean(answer)

        return asked

    def _each(self, answers: Iterator[Any]) -> Iterator[Any]:
        """As they come: an error may come behind the first."""
        with self._redactor.guarding():
            for one in answers:
                yield self._clean(one)

    def _clean(self, answer: Any) -> Any:
        plain = isinstance(answer, str | list | dict) or is_dataclass(answer)
        return self._redactor.tree(answer) if plain else answer
