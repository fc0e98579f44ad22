"""Key Object Selection Document IOD (PS3.3 A.35.4) after TID 2010 (PS3.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.imaging.modules import content, document, references
from scenario_runner.imaging.modules.study import MANUFACTURER

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import FirstFrame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

EACH_SERIES = 3
"""Images of each series that are key images: the first ones."""
OF_INTEREST: content.Code = ("113000", "DCM", "Of Interest")
DESCRIPTION: content.Code = ("113012", "DCM", "Key Object Description")
SOURCE: content.Code = ("260753009", "SCT", "Source")
"""What an image is called whose purpose of reference no template names (PS3.3 C.17.3.2)."""


class KeyObjects:
    """Selections of the first images of each series that stands before theirs in the study."""

    def __init__(self, series: PlannedSeries) -> None:
        self._series = series
        self._images = references.first_images(references.required_series(series), EACH_SERIES)

    def shared(self) -> Dataset:
        """See Document."""
        dataset = document.head(self._series)
        document.report_series(dataset, self._series)
        dataset.CurrentRequestedProcedureEvidenceSequence = references.evidence(self._images)
        dataset.update(content.container("", OF_INTEREST, (), template="2010"))
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See Document."""
        of = f"selection {image.index + 1} of {self._series.image_count}: {amount(len(self._images), 'image')}"
        items = [
            *content.observed_by_device(self._series.frame_of_reference_uid, MANUFACTURER),
            content.text(content.CONTAINS, DESCRIPTION, f"{document.SYNTHETIC} {of}"),
            *(content.image(content.CONTAINS, each, SOURCE) for each in self._images),
        ]
        return {**document.each(image), "ContentSequence": items}


def open_series(series: PlannedSeries, first_frame: FirstFrame) -> KeyObjects:  # noqa: ARG001
    """See DocumentBuilder."""
    return KeyObjects(series)
