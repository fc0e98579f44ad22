"""A question to a PACS as a person types it, and the answers as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scenario_runner.api import Deadline, FindRequest, QueryLevel
from scenario_runner.app.peers import Peer
from scenario_runner.app.typed_queries import ask, keys, keyword_of
from scenario_runner.checks.told_in_part import told_in_part
from scenario_runner.dicom.private_names import PrivateName, private_name, tags_in
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.steps.undeclared import Undeclared

USUAL: Final[Mapping[QueryLevel, tuple[str, ...]]] = {
    "patient": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "study": (
        "StudyDate", "AccessionNumber", "PatientID", "PatientName", "ModalitiesInStudy",
        "StudyDescription", "StudyInstanceUID",
    ),
    "series": ("SeriesNumber", "Modality", "SeriesDescription", "SeriesInstanceUID"),
    "image": ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
    "worklist": ("AccessionNumber", "PatientID", "PatientName", "ScheduledProcedureStepStartDate",
                 "ScheduledStationAETitle", "Modality"),
}  # fmt: skip
"""What is asked for when nobody says."""
_UNASKED: Final = frozenset({"QueryRetrieveLevel", "SpecificCharacterSet", "RetrieveAETitle"})
"""What answers carry for themselves: shown only where it was asked for."""
_BETWEEN: Final = re.compile(r",(?![^(]*\))")
"""A comma between two names, and not within the tag of a private one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """keys: ``KEYWORD=VALUE`` each; returned: names to ask for, too, several with commas between; via: ``c-find``, ``qido``, or what there is.

    always_usual: ask for what is usual at the level also where keys or ``returned`` say something.
    """

    level: QueryLevel
    keys: Sequence[str] = ()
    returned: Sequence[str] = ()
    limit: int | None = None
    via: str | None = None
    always_usual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows by keyword, without secrets; columns in the order to show. problem: what is wrong with the answers."""

    rows: list[dict[str, Any]]
    columns: list[str]
    problem: str
    notes: tuple[str, ...]
    more: bool


def table(peer: Peer, question: Question, deadline: Deadline) -> Table:
    """Ask. Raises UsageError for what is no key, TargetError for what the PACS cannot or does not answer."""
    match = keys(question.keys)
    wanted = [keyword_of(name) for text in question.returned for name in _BETWEEN.split(text)]
    says_something = bool(question.keys or question.returned) and not question.always_usual
    usual = () if says_something else USUAL[question.level]
    undeclared = Undeclared()
    target = peer.target.by(question.via)
    request = FindRequest(
        level=question.level, match=match, returned=(*wanted, *usual), limit=question.limit
    )
    answers = ask(target, request, deadline, undeclared)
    in_part = told_in_part(answers, target, request, deadline)
    private = [name for key in (*match, *wanted) if (name := private_name(key)) is not None]
    rows = peer.clean([_by_name(answer, private) for answer in answers.matches])
    columns = dict.fromkeys([*match, *wanted, *usual, *(key for row in rows for key in row)])
    hidden = _UNASKED - {*match, *wanted}
    unsaid = undeclared.words(peer.target).removeprefix("; ")
    return Table(
        rows=rows,
        columns=[name for name in columns if name not in hidden],
        problem=peer.clean(answers.problem or in_part),
        notes=tuple(peer.clean(words) for words in (answers.note, unsaid) if words),
        more=answers.more,
    )


def _by_name(answer: Mapping[str, Any], private: Sequence[PrivateName]) -> dict[str, Any]:
    """An answer in which what was asked for by a private name has it, instead of its tag and its creator's."""
    named = {tag: str(name) for name in private for tag in tags_in(answer, name)}
    creators = {f"{tag[:4]}00{tag[4:6]}" for tag in named}
    return {named.get(tag, tag): value for tag, value in answer.items() if tag not in creators}
