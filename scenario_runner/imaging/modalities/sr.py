"""Basic Text SR and Comprehensive SR IODs (PS3.3 A.35.1, A.35.3) after TID 2000 (PS3.16)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from pydicom.sequence import Sequence

from scenario_runner.imaging.modalities.defaults import COMPREHENSIVE_SR
from scenario_runner.imaging.modules import content, document, references
from scenario_runner.imaging.modules.study import MANUFACTURER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from scenario_runner.imaging.api import FirstFrame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

Code = content.Code
REPORT: Code = ("18748-4", "LN", "Diagnostic imaging report")
HISTORY: tuple[Code, Code] = (("121060", "DCM", "History"), ("121060", "DCM", "History"))
FINDINGS: tuple[Code, Code] = (("121070", "DCM", "Findings"), ("121071", "DCM", "Finding"))
CONCLUSIONS: tuple[Code, Code] = (
    ("121076", "DCM", "Conclusions"),
    ("121077", "DCM", "Conclusion"),
)
"""A section's heading and what its items are called (CID 7001, 7002)."""
ILLUSTRATION: Code = ("121080", "DCM", "Best illustration of finding")
SOURCE: Code = ("121112", "DCM", "Source of Measurement")
"""What an image is referred to for (CID 7003): without it OHIF shows nothing of a report."""
DIAMETER: Code = ("81827009", "SCT", "Diameter")
MILLIMETER: Code = ("mm", "UCUM", "mm")

_SEEN = (
    "No acute abnormality.",
    "No focal lesion. Normal configuration.",
    "Small rounded density, unchanged.",
    "Mild degenerative changes, otherwise unremarkable.",
    "No fracture and no effusion.",
)
_CONCLUDED = (
    "Normal examination.",
    "No change since the previous examination.",
    "Follow-up in 12 months recommended.",
)


class Reports:
    """Reports on the images that stand before them in their study, or on none.

    A Comprehensive SR also measures, and refers to the image that it measured in.
    """

    def __init__(self, series: PlannedSeries) -> None:
        self._series = series
        self._images = references.first_images(references.image_series(series), 1)
        self._measured = series.kind == COMPREHENSIVE_SR.key

    def shared(self) -> Dataset:
        """See Document."""
        dataset = document.head(self._series)
        document.report_series(dataset, self._series)
        dataset.CompletionFlag = "COMPLETE"
        dataset.VerificationFlag = "UNVERIFIED"
        dataset.PerformedProcedureCodeSequence = Sequence()
        if self._images:
            dataset.CurrentRequestedProcedureEvidenceSequence = references.evidence(self._images)
        dataset.update(content.container("", REPORT, (), template="2000"))
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See Document."""
        return {**document.each(image), "ContentSequence": list(self._items(image))}

    def _items(self, image: PlannedImage) -> Iterator[Dataset]:
        series = self._series
        random = Random(f"{series.seed} {image.number}")  # noqa: S311 - findings are no secret
        yield content.english()
        yield from content.observed_by_device(series.frame_of_reference_uid, MANUFACTURER)
        history = f"{document.SYNTHETIC} Report {image.index + 1} of {series.image_count}."
        yield _section(HISTORY, content.text(content.CONTAINS, HISTORY[1], history))
        seen = f"{series.study.description}: {random.choice(_SEEN)}".removeprefix(": ")
        yield _section(
            FINDINGS,
            content.text(content.CONTAINS, FINDINGS[1], seen),
            *(self._measurement(each, random) for each in self._images if self._measured),
            *(content.image(content.CONTAINS, each, ILLUSTRATION) for each in self._images),
        )
        concluded = content.text(content.CONTAINS, CONCLUSIONS[1], random.choice(_CONCLUDED))
        yield _section(CONCLUSIONS, concluded)

    @staticmethod
    def _measurement(image: PlannedImage, random: Random) -> Dataset:
        """TID 300: a diameter, and the image that it was measured in."""
        return content.number(
            content.CONTAINS,
            DIAMETER,
            round(random.uniform(3, 40), 1),
            MILLIMETER,
            [content.image(content.INFERRED, image, SOURCE)],
        )


def _section(named: tuple[Code, Code], *items: Dataset) -> Dataset:
    return content.container(content.CONTAINS, named[0], items)


def open_series(series: PlannedSeries, first_frame: FirstFrame) -> Reports:  # noqa: ARG001
    """See DocumentBuilder."""
    return Reports(series)
