"""What is looked at alike in patients, studies and series: texts, tags, single values."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.planning.tags import check_tags
from scenario_runner.planning.value_problems import ValueProblem, check_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings


class Told:
    """Looks at values of a spec, and tells ``findings`` what is wrong with them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def note(self, path: Path, problem: ValueProblem | None) -> None:
        """Tell a problem at a value, if there is one."""
        if problem is not None:
            self._findings.add(path, problem)

    def texts(self, spec: Any, path: Path, fields: tuple[tuple[str, str], ...]) -> None:
        """Look at texts of a spec: (name of the field, VR it is written with)."""
        for name, vr in fields:
            text = getattr(spec, name)
            if text is not None:
                self.note((*path, name), check_text(text, vr, f"'{name}'"))

    def tags(self, tags: Mapping[str, Any], path: Path) -> None:
        """Look at the ``tags`` of the spec at ``path``."""
        check_tags(tags, partial(self._tag_problem, (*path, "tags")))

    def _tag_problem(self, path: Path, below: Path, problem: ValueProblem) -> None:
        self._findings.add((*path, *below), problem, key=problem.of_key)
