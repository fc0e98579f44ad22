"""Files on their way to a PACS, and what it says of each."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.answers import StoreStatus, status_class
from scenario_runner.api.operations import StoreOptions
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.part10 import identify
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.homes.home import Kept

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target

SECONDS: Final = 600.0
"""For one exchange with the PACS."""
LISTED_WITHIN: Final = 3.0
"""Seconds after which a PACS lists what it has taken, where the site file does not say that it takes longer."""
_LOOK: Final = 0.2
_HEAD: Final = 1 << 17
"""Bytes in which the File Meta Information is."""


@dataclass(frozen=True, slots=True)
class File:
    """A file's data set, read when it is sent."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int

    @property
    def buffers(self) -> Sequence[bytes]:
        """The data set."""
        return [self.path.read_bytes()[self.offset :]]


def file_at(path: Path) -> File:
    """A file of PS3.10, by what its File Meta Information says. Raises OSError."""
    with path.open("rb") as file:
        meta = identify(file.read(_HEAD))
    return File(
        path, meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid, meta.data_offset
    )


def send(target: Target, files: Sequence[File], said: MutableMapping[str, StoreStatus]) -> None:
    """Store files as they are; ``said`` has by instance what the PACS said, also when it goes away meanwhile.

    Raises TargetError.
    """
    if not files:
        return
    contexts = list(dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in files))
    options = StoreOptions(contexts=contexts, resumes=1, transcode=False)
    for one in target.store(iter(files), options, Deadline(SECONDS)):
        said[one.sop_instance_uid] = one


def kept_by(status: StoreStatus) -> Kept:
    """What became of a file by what the PACS said of it."""
    verdict = status.verdict or (
        status_class(status.status) if status.status is not None else "failure"
    )
    if verdict in ("success", "warning"):
        return Kept("new")
    said = f"status {status.status:04X}" if status.status is not None else "no answer"
    return Kept("failed", f"the archive refused it: {status.comment or said}")


def unlisted(
    taken: set[str], listed: Callable[[], set[str]], within: float = LISTED_WITHIN
) -> set[str]:
    """Those of the SOP Instance UIDs a PACS has said to have stored that it does not list, so many seconds later.

    Its filters and rules may drop what it has acknowledged, and nobody is told. Raises what ``listed`` raises.
    """
    until = time.monotonic() + within
    while (missing := taken - listed()) and time.monotonic() < until:
        time.sleep(_LOOK)
    return missing
