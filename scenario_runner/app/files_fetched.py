"""What ``fabricate pacs retrieve`` does: objects of a PACS into files of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Literal

from scenario_runner.api import (
    Deadline,
    Level,
    Received,
    RetrieveRequest,
    RetrieveResult,
    Target,
)
from scenario_runner.api.asked_for import is_named, named_in_vain, names_of
from scenario_runner.api.get_contexts import Portion, held_by, portions, unknown
from scenario_runner.api.retrieving import retrieval_keys
from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.dicom.part10 import file_of
from scenario_runner.dicom.retrieve_keys import Keys
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass


@dataclass(slots=True)
class Fetched:
    """What a retrieval gave."""

    files: list[tuple[Path, Received]] = field(default_factory=list)
    """Each file and what it holds, without its data."""
    results: list[RetrieveResult] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    """SOP instance UIDs of what came though it had come, a file of its own each time."""
    foreign: list[str] = field(default_factory=list)
    """Those of what no request named."""
    missing: list[str] = field(default_factory=list)
    """Those that the PACS has by its own answers to C-FIND, and that did not come; of what was sent to somebody else,
    what was named and of which nothing was."""

    @property
    def complete(self) -> bool:
        """Whether something came, all that was to come, once, and nothing besides."""
        told = sum(result.completed + result.warning for result in self.results)
        all_came = bool(self.files) and len(self.files) >= told and self.accepted
        return all_came and not (self.repeated or self.foreign or self.missing)

    @property
    def accepted(self) -> bool:
        """Whether the PACS says that it sent everything."""
        return bool(self.results) and all(one.all_kept for one in self.results)


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

    The folder is made, and has to be empty. What comes again has the number of its place in its name, too. Keys that are not unique ones are looked up first.
    Raises UsageError, MachineError, TargetError.
    """
    fetched = Fetched()
    if request.destination is None:
        _make(request.folder)

    came: set[str] = set()
    keys: list[Keys] = []
    moved: list[tuple[Mapping[str, Any], RetrieveResult]] = []

    def take(received: Received) -> None:
        uid = received.sop_instance_uid
        number = len(fetched.files) + 1
        # Nothing a PACS says is a path, unless it can only be a UID.
        name = uid if can_name_an_instance(uid) else f"{number:06}"
        if uid in came:
            fetched.repeated.append(uid)
            name = f"{name}-{number:06}"
        came.add(uid)
        if not is_named(names_of(received), keys):
            fetched.foreign.append(uid)
        path = request.folder / f"{name}.dcm"
        try:
            with path.open("xb") as file:
                file.writelines(file_of(received))
        except OSError as error:
            raise of_the_machine(f"cannot write '{path}'", error) from error
        fetched.files.append((path, replace(received, data=b"")))

    target = target.by(request.via)
    named = retrieval_keys(target, request.level, request.match, deadline)

    def requests() -> Iterator[Portion]:
        for one in named.requests:
            keys.append(one)
            yield from _requests(target, request, one, deadline)

    for asked in requests():
        if request.via == "c-move":
            result = target.move(asked.request, take, deadline, destination=request.destination)
        else:
            result = asked.bring(target, take, deadline)
            fetched.missing += [one.uid for one in asked.held or () if one.uid not in came]
        fetched.results.append(result)
        moved.append((asked.request.keys, result))
    if request.destination is not None:
        fetched.missing = named_in_vain(target, request.level, moved, deadline)
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
