"""X-Ray Angiographic and X-Ray RF Image IODs (PS3.3 A.14, A.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset

from scenario_runner.imaging.modules import image, multiframe, study
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the runs of a series have alike; a run is one multi-frame image."""
    dataset = Dataset()
    study.common_head(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", "SINGLE PLANE"])
    dataset.PatientOrientation = ""
    image.image_pixel(dataset, frame)
    if frame.count is not None:
        multiframe.cine(dataset, frame, round(1000 / 15, 3))
    image.voi_lut(dataset, frame)
    xray_image(dataset)
    xray_acquisition(dataset, series)
    positioner(dataset, series)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from run to run: above all the angle it is taken from."""
    values = image.general_image_each(planned, seconds_apart=60)
    if planned.series.modality == "XA":
        values["PositionerPrimaryAngle"] = ds((30, -30, 0, 50, -50)[planned.index % 5])
        values["PositionerSecondaryAngle"] = ds((0, 20, -25)[planned.index % 3])
    return values


def xray_image(dataset: Dataset) -> None:
    """X-Ray Image Module (C.8.7.1): contrast medium is dark."""
    dataset.PixelIntensityRelationship = "LIN"
    dataset.CalibrationImage = "NO"


def xray_acquisition(dataset: Dataset, series: PlannedSeries) -> None:
    """X-Ray Acquisition Module (C.8.7.2): a 20 cm field."""
    dataset.KVP = "80"
    dataset.RadiationSetting = "GR" if series.modality == "XA" else "SC"
    dataset.XRayTubeCurrent = 400
    dataset.ExposureTime = 8
    dataset.Exposure = 3
    dataset.ImagerPixelSpacing = [ds(round(200 / series.rows, 6))] * 2
    dataset.FieldOfViewShape = "RECTANGLE"
    dataset.FieldOfViewDimensions = [200, 200]
    dataset.DistanceSourceToDetector = "1000"


def positioner(dataset: Dataset, series: PlannedSeries) -> None:
    """XA Positioner (C.8.7.5) or XRF Positioner Module (C.8.7.6)."""
    if series.modality == "XA":
        dataset.PositionerMotion = "STATIC"
        dataset.DistanceSourceToPatient = "750"
        dataset.EstimatedRadiographicMagnificationFactor = ds(1000 / 750)
    else:
        dataset.ColumnAngulation = "0"
