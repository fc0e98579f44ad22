"""What a retrieve brings, instance by instance: a file of its own, and whether anybody asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scenario_runner.api import Asked, Received, Retrieved, StepContext
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.elements import DamagedDatasetError, read_until
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.part10 import file_of
from scenario_runner.dicom.retrieve_keys import listed
from scenario_runner.errors import of_the_machine

_TAGS: Final = {keyword: tag_of(keyword) for keyword in UIDS}
_AFTER_UIDS: Final = max(_TAGS.values()) + 1


class RetrievedFiles:
    """Writes each received instance to a file of a name of ours; nothing a PACS says is a path."""

    def __init__(self, folder: Path, context: StepContext, asked: Asked) -> None:
        self._folder = folder
        self._asked = asked
        self._context = context
        self._files: dict[str, Path] = {}
        self.foreign: list[str] = []
        """SOP instance UIDs of what no request named."""
        self.statuses: list[dict[str, Any]] = []
        self.count = 0
        self.bytes = 0

    def handle(self, target: str) -> Retrieved:
        """A live view of what has come."""
        return Retrieved(target, self._folder, self._files, self.statuses, self._asked)

    def __call__(self, received: Received) -> None:
        """Write down what came. Raises MachineError."""
        self.count += 1
        path = self._folder / f"{self.count:06}.dcm"
        try:
            with path.open("xb") as file:
                file.writelines(file_of(received))
        except OSError as error:
            raise of_the_machine("cannot write a retrieved instance", error) from error
        self._files[received.sop_instance_uid] = path
        if not _is_named(received, self._asked.keys):
            self.foreign.append(received.sop_instance_uid)
        self.bytes += len(received.data)
        self._context.progress(self.count)


def _is_named(received: Received, requests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a request named the study, series and instance that came, as far as it says which it is."""
    try:
        elements = read_until(bytes(received.data), received.transfer_syntax_uid, _AFTER_UIDS)
    except DamagedDatasetError:
        return True  # which is another fault, and told by whoever reads the file
    found = {key: elements.get(tag) for key, tag in _TAGS.items()}
    uids = {
        key: one.value.decode("latin-1").strip(" \0")
        for key, one in found.items()
        if one and one.value
    }
    return not requests or any(
        all(uid in wanted for key, uid in uids.items() if (wanted := listed(keys.get(key))))
        for keys in requests
    )
