"""The PACS of a run: opened when they are first used, closed when the run is over."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from scenario_runner.api import Target
from scenario_runner.app.load import Loaded
from scenario_runner.errors import UsageError
from scenario_runner.events import TargetFacts
from scenario_runner.targets.open import open_target


class OpenTargets:
    """Targets by name, for all cases together. names: the ones the scenarios use."""

    def __init__(self, loaded: Loaded, names: Sequence[str]) -> None:
        self._scratch = tempfile.TemporaryDirectory(
            prefix="fabricate-pacs-", ignore_cleanup_errors=True
        )
        self._kinds = loaded.plugins.named("fabricate_target_kinds")
        self._site = loaded.site.site
        self._folder = loaded.site.folder
        self._lock = threading.Lock()
        self._open: dict[str, Target] = {}
        for name in names:
            self(name)

    def __call__(self, name: str) -> Target:
        """The target of that name. Raises UsageError, TargetError."""
        with self._lock:
            if name not in self._open:
                if name not in self._site.targets:
                    known = ", ".join(self._site.targets)
                    raise UsageError(f"no target is called '{name}'", hint=f"there are: {known}")
                scratch = Path(self._scratch.name) / f"t{len(self._open)}"
                scratch.mkdir()
                spec = self._site.targets[name]
                self._open[name] = open_target(
                    name, spec, self._site, self._kinds, scratch, self._folder
                )
            return self._open[name]

    def facts(self) -> list[TargetFacts]:
        """What the evidence says about each."""
        return [target.facts for target in self._open.values()]

    def lasting(self, name: str) -> bool:
        """Whether what is stored there is still there when the run is over."""
        return self(name).lasting

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for target in self._open.values():
            target.close()
        self._scratch.cleanup()
