"""A scenario with the steps of the lists that it uses in place of each ``use``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.language.document import Document, Node
from scenario_runner.language.entries import SECTIONS
from scenario_runner.language.scenario_base import based
from scenario_runner.language.spelling_out import Expansion
from scenario_runner.language.step_defaults import with_common_defaults, with_defaults
from scenario_runner.language.uses import Branch, Expanded, Origin, Use
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.errors import Diagnostic
    from scenario_runner.hooks import Offered
    from scenario_runner.language.step_lists import StepList, StepLists
    from scenario_runner.origins import Path


def uses_lists(data: Any) -> bool:
    """Whether a scenario uses any step list."""
    return any("use" in entry for _, entry in written_entries(data))


def _is_spelled_out(data: Any) -> bool:
    """Whether every entry is a step that runs."""
    return not any("use" in entry or "parallel" in entry for _, entry in written_entries(data))


def expanded(
    document: Document, plugins: Offered, lists: StepLists
) -> tuple[Document, list[Diagnostic]]:
    """The document with its uses spelled out, and what is wrong with them; a wrong one is left out."""
    began = uses_lists(document.data) or "scenario" in document.data
    if began and (wrong := lists.begin(document)):
        return document, wrong
    document, wrong = based(document, lists)
    document = with_defaults(document, plugins)
    if wrong:
        return document, wrong
    expansion = Expansion(plugins, lists)
    if not _is_spelled_out(document.data) or _is_one_patient(document.data):
        document = _spelled_out(document, expansion)
    return with_common_defaults(document, plugins.steps()), expansion.found


def _is_one_patient(data: Any) -> bool:
    """Whether ``patients`` is one entry that stands without a list around it."""
    return isinstance(data, dict) and isinstance(data.get("patients"), dict)


def _spelled_out(document: Document, expansion: Expansion) -> Expanded:
    data = dict(document.data)
    origins = dict(document.origins) if isinstance(document, Expanded) else {}
    uses: dict[Path, Use] = {}
    branches: dict[Path, Branch] = {}
    if _is_one_patient(data):
        data["patients"] = [data["patients"]]
        origins["patients", 0] = Origin(document, ("patients",), None)
    for section in SECTIONS:
        if not isinstance(data.get(section), list):
            continue
        steps = list(expansion.steps(document, (section,), data[section], None))
        data[section] = [step.tree for step in steps]
        for place, step in enumerate(steps):
            path = (section, place)
            origins[path] = step.origin
            for below, origin in step.put_in.items():
                origins[(*path, *below)] = origin
            if step.use is not None:
                uses[path] = step.use
            if step.branch is not None:
                branches[path] = step.branch
    root = Node(document.root.start, document.root.end, data)
    return Expanded(
        document.file, document.text, root,
        original=document, origins=origins, uses=uses, branches=branches,
        based_on=document.based_on if isinstance(document, Expanded) else None,
    )  # fmt: skip


def expanded_list(
    listed: StepList, plugins: Offered, lists: StepLists
) -> tuple[Document, list[Diagnostic]]:
    """A step list by itself with the lists spelled out that it uses."""
    document = listed.document
    if _is_spelled_out(document.data):
        return document, []
    expansion = Expansion(plugins, lists)
    expansion.begin_in(listed)
    return _spelled_out(document, expansion), expansion.found
