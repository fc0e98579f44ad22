"""The PACS of a run: opened when they are first used, closed when the run is over."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from scenario_runner.api import Target
from scenario_runner.app.load import Loaded
from scenario_runner.errors import (
    Defect,
    FabricatorError,
    MachineError,
    UsageError,
    described,
)
from scenario_runner.events import TargetFacts
from scenario_runner.targets.open import Opening
from scenario_runner.temporary import TemporaryFolder


class OpenTargets:
    """Targets by name, for all cases together.

    names: the ones the scenarios use. log_pdus: have each of them log its associations. learned: told of secrets
    that peers give. hurried: whether somebody waits for the process to end when they are closed.
    """

    def __init__(
        self,
        loaded: Loaded,
        names: Sequence[str],
        *,
        log_pdus: bool = False,
        learned: Callable[[str], object] = lambda _: None,
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._hurried = hurried
        self._scratch = TemporaryFolder()
        self._site = loaded.site.site
        self._opening = Opening(
            site=self._site,
            kinds=loaded.plugins.named("fabricate_target_kinds"),
            folder=loaded.site.folder,
            learned=learned,
        )
        self._log_pdus = log_pdus
        self._lock = threading.Lock()
        self._open: dict[str, Target] = {}
        self._neighbours: dict[str, Callable[[], Any]] = {}
        self._numbers = itertools.count()
        self.troubles: list[str] = []
        """What went wrong when they were closed."""
        for name in names:
            self(name)

    def __call__(self, name: str) -> Target:
        """The target of that name. Raises UsageError, TargetError."""
        with self._lock:
            if name not in self._open:
                if name not in self._site.targets:
                    known = ", ".join(self._site.targets)
                    raise UsageError(f"no target is called '{name}'", hint=f"there are: {known}")
                self._open[name] = self._opened(name, self._neighbours)
            return self._open[name]

    def _opened(self, name: str, neighbours: dict[str, Callable[[], Any]]) -> Target:
        scratch = self._scratch.path / f"t{next(self._numbers)}"
        scratch.mkdir()
        spec = self._site.targets[name]
        try:
            target = self._opening.target(name, spec, scratch, neighbours)
        except (FabricatorError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise Defect(f"target '{name}' cannot be opened: {described(error)}") from error
        target.log_pdus = target.log_pdus or self._log_pdus
        return target

    @contextmanager
    def apart(self) -> Iterator[Callable[[str], Target]]:
        """The targets for one case, those that can be made to misbehave opened for it alone.

        So no other case, before, after or beside it, meets the faults.
        """
        # Those of one case know each other, and those that all cases share.
        neighbours: dict[str, Callable[[], Any]] = {}
        own = {
            name: self._opened(name, neighbours)
            for name, shared in list(self._open.items())
            if "misbehave" in shared.capabilities
        }
        own |= {  # who asks at a port of one of these means the one of this case
            name: self._opened(name, neighbours)
            for name, shared in list(self._open.items())
            if name not in own and not shared.looks_for.isdisjoint(neighbours)
        }
        for title, peer in self._neighbours.items():
            neighbours.setdefault(title, peer)

        def target(name: str) -> Target:
            return own[name] if name in own else self(name)

        try:
            yield target
        finally:
            for one in own.values():
                one.close()

    def facts(self) -> list[TargetFacts]:
        """What the evidence says about each."""
        return [target.facts for target in self._open.values()]

    def lasting(self, name: str) -> bool:
        """Whether what is stored there is still there when the run is over."""
        return self(name).lasting

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name, target in self._open.items():
            try:
                target.close()
            except KeyboardInterrupt:
                self.troubles.append("interrupted")
            except MachineError as trouble:
                self.troubles.append(f"target '{name}': {trouble}")
            except BaseException as trouble:  # noqa: BLE001 - a plugin's target, when all is done
                self.troubles.append(f"target '{name}' could not be closed: {described(trouble)}")
        self._scratch.remove(hurried=self._hurried())

    def require_closed(self) -> None:
        """Raise MachineError when not every target could be closed."""
        if self.troubles:
            raise MachineError("; ".join(self.troubles))
