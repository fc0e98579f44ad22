"""Whether a PACS gives back what it says it has stored: some take an instance that they cannot read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from scenario_runner.app.learning.asking import Back
from scenario_runner.dicom.datasets import text_of
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.dicom.unreadable import UnreadableError, readable

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.app.learning.asking import Asking
    from scenario_runner.planning.plan import PlannedSeries, PlannedStudy

_COMPARED: Final = ("SOPClassUID", "StudyInstanceUID", "PatientID", "Rows")
"""What says that it was read, whatever an archive may rightly change: one of each level."""


def not_returned(
    asking: Asking, study: PlannedStudy, among: Iterable[PlannedSeries]
) -> dict[str, str]:
    """Why series of a study that were acknowledged do not come back as they were, by their UIDs.

    Nothing of a PACS that gives none of them back, or cannot be asked to: that says nothing of one of them.
    """
    stored = [one for one in among if (status := asking.status(one)) and status.stored]
    together = asking.bring(study, _syntaxes(stored)) if stored else Back((), ())
    lost: dict[str, str] = {}
    for one in stored:
        # Alone, too: over another instance a retrieval may end before this one came.
        if _why_not(asking, one, together) and (
            why := _why_not(asking, one, asking.bring(study, _syntaxes([one]), one))
        ):
            lost[one.uid] = why
    return lost if len(lost) < len(stored) else {}


def _syntaxes(series: Iterable[PlannedSeries]) -> list[str]:
    return list(dict.fromkeys((*(one.transfer_syntax_uid for one in series), *PLAIN)))


def _why_not(asking: Asking, series: PlannedSeries, back: Back) -> str:
    if not back.datasets:
        return f"does not come back: {back.trouble or 'no instance'}"
    [image, *_] = series.images
    sent = asking.studies.one(image).dataset()
    try:
        with readable():
            return _differs(sent, back.datasets, image.uid)
    except UnreadableError as error:
        return f"comes back so that it cannot be read: {error}"


def _differs(sent: Dataset, came: Sequence[Dataset], uid: str) -> str:
    found = next((one for one in came if one.get("SOPInstanceUID") == uid), None)
    if found is None:
        return "does not come back: another instance does"
    changed = [name for name in _COMPARED if _text(found, name) != _text(sent, name)]
    if "PixelData" in sent and not found.get("PixelData"):
        changed.append("PixelData")
    return f"comes back without its {' and '.join(changed)}" if changed else ""


def _text(dataset: Dataset, name: str) -> str:
    return text_of(dataset.get(name)).strip()
