"""UIDs that ``tags`` give: each names one thing, and where it is what the plan works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import forms
from scenario_runner.planning.tagged_fields import is_raw, text_of
from scenario_runner.planning.value_problems import ValueProblem, check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenario_runner.language.model import SeriesSpec
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings

_NAMES = {
    "StudyInstanceUID": "study",
    "SeriesInstanceUID": "series",
    "SOPInstanceUID": "image",
}
_ON_PURPOSE = "to send it more than once on purpose, write {raw: …}"


class GivenUids:
    """Counts what each given UID would name. One that is raw or null is wrong on purpose."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._uses: dict[tuple[str, str], int] = {}

    def begin_case(self) -> None:
        """UIDs have to differ within a case; the cases of a matrix may send the same ones."""
        self._uses.clear()

    def take(
        self, keyword: str, levels: Iterable[tuple[Path, Mapping[str, Any]]], count: int
    ) -> None:
        """Note that ``count`` things have the UID that tags give, if they give one.

        levels: (path, tags) from the nearest on; the first that has the keyword decides.
        """
        found = next(((path, tags[keyword]) for path, tags in levels if keyword in tags), None)
        if found is None or found[1] is None or is_raw(found[1]):
            return
        path, value = found
        self._take(keyword, text_of(value) or "", (*path, "tags", keyword), count)

    def _take(self, keyword: str, uid: str, at: Path, count: int) -> None:
        total = self._uses[keyword, uid] = self._uses.get((keyword, uid), 0) + count
        if total > 1:
            problem = ValueProblem(
                "FAB304",
                f"{keyword} '{uid}' would name more than one {_NAMES[keyword]}",
                f"leave it out where there are several, and each gets its own; {_ON_PURPOSE}",
            )
            self._findings.add(at, problem)

    def listed(self, path: Path, spec: SeriesSpec, series: int) -> None:
        """Note the UIDs of images that are listed one by one. series: how many have this list."""
        if "SOPInstanceUID" in spec.tags:
            twice = ValueProblem(
                "FAB304",
                "'instances' and 'tags' both give SOPInstanceUID",
                "give it in one of them",
            )
            self._findings.add((*path, "tags", "SOPInstanceUID"), twice, key=True)
        for place, one in enumerate(spec.instances or ()):
            if one.uid is None:
                continue
            at = (*path, "instances", place, "uid")
            problem = check_text(one.uid, "UI", "the UID")
            if fault := forms.uid_fault(one.uid):
                problem = ValueProblem("FAB305", f"'{one.uid}' {fault}", "PS3.5 9.1")
            if problem is not None:
                self._findings.add(at, problem)
            self._take("SOPInstanceUID", one.uid, at, series)

    def not_below_its_study(self, path: Path, tags: Mapping[str, Any]) -> None:
        """Refuse a StudyInstanceUID on one series: it would be in another study than planned."""
        value = tags.get("StudyInstanceUID")
        if value is None or is_raw(value):
            return
        problem = ValueProblem(
            "FAB311",
            "StudyInstanceUID belongs to the study, and this is one series of it",
            "write it under the tags of the study; to contradict it on purpose, write {raw: …}",
        )
        self._findings.add((*path, "tags", "StudyInstanceUID"), problem, key=True)
