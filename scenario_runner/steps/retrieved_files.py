"""What a retrieve brings, instance by instance: a file of its own, and whether anybody asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Asked, Received, Retrieved, StepContext
from scenario_runner.api.asked_for import is_named, names_of
from scenario_runner.dicom.levels import UNIQUE_KEY
from scenario_runner.dicom.part10 import file_of
from scenario_runner.dicom.retrieve_keys import is_plain, listed
from scenario_runner.errors import of_the_machine

if TYPE_CHECKING:
    from scenario_runner.api.sent import SentInstance


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
        self._came: set[str] = set()
        self._unread = False

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
        names = names_of(received)
        self._came.update(names.values())
        self._unread = self._unread or not names
        if not is_named(names, self._asked.keys):
            self.foreign.append(received.sop_instance_uid)
        self.bytes += len(received.data)
        self._context.progress(self.count)

    def without(
        self, match: Mapping[str, Any], judged_later: Mapping[str, SentInstance]
    ) -> list[str]:
        """What a match names by UID or PatientID and of which nothing came: a list of them brings what there is.

        judged_later: what this case sent, where a check will miss that.
        """
        named = [
            value
            for key in UNIQUE_KEY.values()
            if is_plain(values := listed(match.get(key)))
            for value in values
            if value.strip() not in self._came
        ]
        if self._unread:
            return []
        if not named or not judged_later:
            return named
        ours = {
            uid
            for sop_instance_uid, one in judged_later.items()
            for uid in (sop_instance_uid, *_names_in_plan(one))
        }
        return [value for value in named if value not in ours]


def _names_in_plan(one: SentInstance) -> tuple[str, str, str]:
    series = one.image.series
    return series.uid, series.study.uid, series.study.patient.patient_id
