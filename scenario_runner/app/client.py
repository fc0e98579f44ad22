"""What ``fabricate pacs send|query|retrieve`` do: files to a PACS, questions, and files back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from scenario_runner.api import (
    Deadline,
    FindRequest,
    Level,
    QueryLevel,
    Received,
    RetrieveRequest,
    RetrieveResult,
    StoreOptions,
    StoreStatus,
    Target,
    asking,
)
from scenario_runner.api.asking import Answers
from scenario_runner.api.get_contexts import Portion, held_by, portions, unknown
from scenario_runner.api.retrieving import retrieval_keys
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError, TruncatedError
from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.dicom.part10 import FileMeta, file_of, identify
from scenario_runner.dicom.private_names import one_spelling
from scenario_runner.dicom.retrieve_keys import Keys
from scenario_runner.errors import NothingSelected, UsageError, of_the_machine
from scenario_runner.language.attributes import attribute_problem
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.steps.undeclared import Undeclared
from scenario_runner.steps.worklist import worklist_request

_HEAD = 1 << 17
_HEX = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class Sent:
    """One file and what became of it; status is None also for a file that could not be read."""

    file: Path
    status: StoreStatus


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    meta: FileMeta


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file's data set, as it lies there."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    buffers: Sequence[memoryview]


def send_files(
    target: Target,
    paths: Iterable[Path],
    deadline: Deadline,
    *,
    associations: int = 1,
    counted: Callable[[int], None] = lambda _: None,
    passed_over: Callable[[Path], None] = lambda _: None,
) -> Iterator[Sent]:
    """Send DICOM files as they are, in the transfer syntax they have, and yield each one's status.

    paths: files and folders. What cannot be sent is told with its reason, and the others go. A file is held in
    memory only while it is sent. counted: told how many files are going to be sent. passed_over: told of each
    file in a folder that is no DICOM. Raises NothingSelected, TargetError.
    """
    found: list[_Found] = []
    for path, named in _walk(paths):
        try:
            found.append(_Found(path, _meta(path)))
        except (DamagedDatasetError, OSError) as error:
            if named or isinstance(error, OSError) or _says_dicom(path):
                yield _unsent(path, error)
            else:
                passed_over(path)
    if not found:
        raise NothingSelected("there is no DICOM file to send")
    pairs = dict.fromkeys((one.meta.sop_class_uid, one.meta.transfer_syntax_uid) for one in found)
    waiting: dict[str, list[Path]] = {}

    gone: list[Sent] = []

    def feed() -> Iterator[_Stored]:
        for one in found:
            try:
                stored = _stored(one)
            except OSError as error:  # it went since, or the disk has a bad place
                gone.append(_unsent(one.path, error))
                continue
            waiting.setdefault(one.meta.sop_instance_uid, []).append(one.path)
            yield stored

    counted(len(found))
    options = StoreOptions(contexts=list(pairs), associations=associations)
    for status in target.store(feed(), options, deadline):
        yield Sent(waiting[status.sop_instance_uid].pop(0), status)
    yield from gone


def _unsent(path: Path, error: Exception) -> Sent:
    why = getattr(error, "strerror", None) or str(error)
    comment = f"not sent: {why}"
    return Sent(
        path, StoreStatus(sop_instance_uid="", sop_class_uid="", status=None, comment=comment)
    )


def _says_dicom(path: Path) -> bool:
    """Whether a file has the prefix of DICOM files, whatever else is wrong with it (PS3.10 7.1)."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
    return True


def _walk(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Files in order, and whether each was named itself."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - false for what is no name
            yield from ((file, False) for file in sorted(path.rglob("*")) if file.is_file())
        else:
            yield path, True


def _meta(path: Path) -> FileMeta:
    """What the data set is, whatever the file around it says of it (PS3.7 9.1.1)."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        try:
            return identify(head)
        except TruncatedError:
            return identify(head + file.read())


def _stored(found: _Found) -> _Stored:
    data = found.path.read_bytes()
    meta = found.meta
    return _Stored(
        meta.sop_class_uid,
        meta.sop_instance_uid,
        meta.transfer_syntax_uid,
        (memoryview(data)[meta.data_offset :],),
    )


def keys(texts: Iterable[str]) -> dict[str, Any]:
    """``KEYWORD=VALUE`` as typed; for the attribute see ``keyword_of``.

    A backslash separates values. Raises UsageError for what names no attribute.
    """
    found: dict[str, Any] = {}
    for text in texts:
        keyword, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"'{text}' is not KEYWORD=VALUE")
        several = value.split("\\")
        found[keyword_of(keyword)] = several if len(several) > 1 else value
    return found


def keyword_of(text: str) -> str:
    """The name of an attribute as a person types it, in the spelling of the language.

    A keyword in any case, eight hexadecimal digits, or a private attribute as ``(0009,xx01) CREATOR``. Raises UsageError for
    anything else.
    """
    from pydicom.datadict import keyword_dict

    if text.startswith("("):
        if (problem := attribute_problem(text)) is not None:
            raise UsageError(problem[0], hint=problem[1])
        return one_spelling(text)
    if text in keyword_dict or _HEX.fullmatch(text):
        return text
    by_folded = {keyword.casefold(): keyword for keyword in keyword_dict}
    if text.casefold() in by_folded:
        return by_folded[text.casefold()]
    near = get_close_matches(text.casefold(), by_folded, 1)
    raise UsageError(
        f"'{text}' is no DICOM keyword",
        hint=f"did you mean '{by_folded[near[0]]}'?"
        if near
        else "write PatientName, 00100010, or '(0009,xx01) CREATOR' for a private one",
    )


def ask(
    target: Target,
    level: QueryLevel,
    match: Mapping[str, Any],
    returned: Sequence[str],
    limit: int | None,
    deadline: Deadline,
    undeclared: Undeclared | None = None,
) -> Answers:
    """The answers to one query. A worklist item's scheduled step stands beside the item's own keys.

    undeclared: notes of which text the answers did not say the character set.
    """
    noted = undeclared or Undeclared()
    if level != "worklist":
        request = FindRequest(level=level, match=match, returned=returned, limit=limit)
        return asking.ask(target, noted.noting(request), deadline)
    request = worklist_request(match, returned, limit)
    answers = asking.ask(target, noted.noting(request), deadline)
    for item in answers.matches:
        steps = item.pop("ScheduledProcedureStepSequence", None) or [{}]
        item.update(steps[0])
    return answers


@dataclass(slots=True)
class Fetched:
    """What a retrieval gave."""

    files: list[tuple[Path, Received]] = field(default_factory=list)
    """Each file and what it holds, without its data."""
    results: list[RetrieveResult] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether something came, and all that was to come."""
        told = sum(result.completed + result.warning for result in self.results)
        return bool(self.files) and len(self.files) >= told and self.accepted

    @property
    def accepted(self) -> bool:
        """Whether the PACS says that it sent everything."""
        return bool(self.results) and all(
            r.status == statuses.SUCCESS and not r.failed for r in self.results
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What to retrieve, how and whereto. destination: of C-MOVE, another AE title than ours."""

    level: Level
    match: Mapping[str, Any]
    folder: Path
    via: Literal["c-get", "c-move", "wado"] | None = None
    destination: str | None = None


def fetch(target: Target, request: FetchRequest, deadline: Deadline) -> Fetched:
    """Retrieve what matches into a folder, a file for each instance, named by its UID.

    The folder is made, and has to be empty. Keys that are not unique ones are looked up first.
    Raises UsageError, MachineError, TargetError.
    """
    fetched = Fetched()
    if request.destination is None:
        _make(request.folder)

    def take(received: Received) -> None:
        uid = received.sop_instance_uid
        number = len(fetched.files) + 1
        # Nothing a PACS says is a path, unless it can only be a UID.
        name = uid if can_name_an_instance(uid) else f"{number:06}"
        path = request.folder / f"{name}.dcm"
        try:
            with path.open("xb") as file:
                file.writelines(file_of(received))
        except OSError as error:
            raise of_the_machine(f"cannot write '{path}'", error) from error
        fetched.files.append((path, replace(received, data=b"")))

    target = target.by(request.via)
    named = retrieval_keys(target, request.level, request.match, deadline)
    for asked in (
        one for keys in named.requests for one in _requests(target, request, keys, deadline)
    ):
        if request.via == "c-move":
            result = target.move(asked.request, take, deadline, destination=request.destination)
        else:
            result = asked.bring(target, take, deadline)
        fetched.results.append(result)
    return fetched


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"'{folder}' is not empty", hint="give a folder that is not there yet")
    except OSError as error:
        raise of_the_machine(f"cannot make '{folder}'", error) from error


def _requests(
    target: Target, request: FetchRequest, keys_of_one: Keys, deadline: Deadline
) -> list[Portion]:
    """What brings one object: as it is stored, in as many associations as that takes.

    C-GET has 128 presentation contexts, too few for all SOP classes in all transfer syntaxes; so the PACS
    is asked first what it has. A receiver of C-MOVE takes whatever comes, HTTP has no contexts.
    """
    if request.via == "c-move" or "c-get" not in target.ways:
        return [Portion(RetrieveRequest(level=request.level, keys=keys_of_one, contexts=()))]
    held = held_by(target, keys_of_one, deadline)
    if held:
        return portions(request.level, keys_of_one, held, uid_lists=target.expects.uid_lists)
    asked = RetrieveRequest(level=request.level, keys=keys_of_one, contexts=unknown(()))
    return [Portion(asked)]
