"""Encapsulated PDF IOD (PS3.3 A.45.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import document
from scenario_runner.imaging.modules.study import code
from scenario_runner.imaging.text import content, page

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import FirstFrame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

TITLE = ("18748-4", "LN", "Diagnostic imaging report")


class PdfDocuments:
    """Documents of one page that says who it would be about, if it were about anybody."""

    def __init__(self, series: PlannedSeries) -> None:
        self._series = series

    def shared(self) -> Dataset:
        """See Document."""
        dataset = document.head(self._series)
        dataset.ConversionType = "SYN"
        dataset.AcquisitionDateTime = ""
        dataset.BurnedInAnnotation = "YES" if self._series.burn_in else "NO"
        dataset.DocumentTitle = self._series.description
        dataset.ConceptNameCodeSequence = Sequence([code(*TITLE)])
        dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See Document."""
        series = self._series
        lines = content.said_of(image, series.burn_in)
        heading = series.description or "Document"
        drawn = page.draw(heading, lines, f"{document.SYNTHETIC}")
        pdf = page.pdf(drawn, title=f"{heading} (synthetic test data)")
        return {
            **document.each(image),
            "EncapsulatedDocument": pdf + b"\0" * (len(pdf) & 1),
            "EncapsulatedDocumentLength": len(pdf),
        }


def open_series(series: PlannedSeries, first_frame: FirstFrame) -> PdfDocuments:  # noqa: ARG001
    """See DocumentBuilder."""
    return PdfDocuments(series)
