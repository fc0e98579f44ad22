"""Grayscale Softcopy Presentation State IOD (PS3.3 A.33.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import document, references, study
from scenario_runner.imaging.modules.attribute_values import ds, later, put
from scenario_runner.imaging.text import content

if TYPE_CHECKING:
    from scenario_runner.imaging.api import FirstFrame, Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

LAYER = "IDENTITY"


class PresentationStates:
    """One state for each series with greyscale images that stands before it in the study.

    It shows the whole image under the window its phantom has, and writes on it what burned-in text
    would say: so that text is there without a pixel being changed.
    """

    def __init__(self, series: PlannedSeries, first_frame: FirstFrame) -> None:
        self._series, self._first_frame = series, first_frame
        self._referred = references.required_series(series, greyscale=True)
        self._annotated = bool(content.said_of(series.images[0], series.burn_in))

    def shared(self) -> Dataset:
        """See Document."""
        series = self._series
        dataset = document.head(series)
        shown = self._referred[0]
        if shown.body_part:
            put(dataset, BodyPartExamined=shown.body_part)
        study.laterality(dataset, shown)
        day, time = later(series.date, series.time, 0)
        dataset.PresentationCreationDate, dataset.PresentationCreationTime = day, time
        dataset.ContentLabel = "FABRICATED"
        dataset.ContentDescription = "Synthetic presentation state for tests"
        dataset.ContentCreatorName = ""
        dataset.PresentationLUTShape = "IDENTITY"
        if self._annotated:
            layer = Dataset()
            layer.GraphicLayer = LAYER
            layer.GraphicLayerOrder = 1
            layer.GraphicLayerDescription = "Who and what the image is"
            dataset.GraphicLayerSequence = Sequence([layer])
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See Document."""
        series = self._referred[image.index % len(self._referred)]
        frame = self._first_frame(series)
        images = references.first_images([series])
        identity = document.each(image)
        values: dict[str, Any] = {
            key: identity[key] for key in ("SOPInstanceUID", "InstanceNumber")
        }
        values["ReferencedSeriesSequence"] = references.by_series(images, "ReferencedImageSequence")
        values["DisplayedAreaSelectionSequence"] = [_displayed_area(series)]
        values["SoftcopyVOILUTSequence"] = [_window(frame)]
        if self._annotated:
            values["GraphicAnnotationSequence"] = [self._annotation(each) for each in images]
        # An image whose values are what they are (slope 1, intercept 0) has none to apply.
        slope, intercept = frame.rescale
        values["RescaleIntercept"], values["RescaleSlope"] = ds(intercept), ds(slope)
        values["RescaleType"] = "HU" if series.modality == "CT" else "US"
        return values

    def _annotation(self, image: PlannedImage) -> Dataset:
        """Graphic Annotation Module (C.10.5): the text in the upper left corner of one image."""
        box = Dataset()
        box.BoundingBoxAnnotationUnits = "DISPLAY"
        box.BoundingBoxTopLeftHandCorner = [0.02, 0.02]
        box.BoundingBoxBottomRightHandCorner = [0.98, 0.3]
        box.BoundingBoxTextHorizontalJustification = "LEFT"
        box.UnformattedTextValue = "\r\n".join(content.said_of(image, self._series.burn_in))
        item = Dataset()
        item.ReferencedImageSequence = Sequence([references.sop_reference(image)])
        item.GraphicLayer = LAYER
        item.TextObjectSequence = Sequence([box])
        return item


def _displayed_area(series: PlannedSeries) -> Dataset:
    """Displayed Area Module (C.10.4): the whole image, as large as fits."""
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner = [1, 1]
    area.DisplayedAreaBottomRightHandCorner = [series.columns, series.rows]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelAspectRatio = [1, 1]
    return area


def _window(frame: Frame) -> Dataset:
    """Softcopy VOI LUT Module (C.11.8)."""
    item = Dataset()
    item.WindowCenter, item.WindowWidth = (ds(number) for number in frame.window)
    return item


def open_series(series: PlannedSeries, first_frame: FirstFrame) -> PresentationStates:
    """See DocumentBuilder."""
    return PresentationStates(series, first_frame)
