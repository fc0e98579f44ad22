"""Multi-frame Functional Groups and Multi-frame Dimension (PS3.3 C.7.6.16, C.7.6.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.errors import UsageError
from scenario_runner.imaging.modules import anatomy, image, study
from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.planning.identity import uid_below

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence as Listed

    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_STACK_ID, _IN_STACK, _FRAME_CONTENT = 0x00209056, 0x00209057, 0x00209111
_WHOLE_BODY = BODY_PARTS["WHOLEBODY"]


def functional_group(keyword: str, **values: Any) -> Dataset:
    """A functional group: a sequence of one item, as a data set that can be merged with others."""
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    group = Dataset()
    setattr(group, keyword, Sequence([item]))
    return group


def merged(groups: Iterable[Dataset]) -> Dataset:
    """Functional groups as one item of SharedFunctionalGroupsSequence or of a frame."""
    item = Dataset()
    for group in groups:
        item.update(group)
    return item


def head(dataset: Dataset, series: PlannedSeries, frame: Frame, image_type: Listed[str]) -> None:
    """What enhanced images share: patient to equipment, pixels, dimensions, and what they are.

    Nothing was acquired, so the first value of ImageType is DERIVED: ORIGINAL asks for every setting
    of a scanner that does not exist, and forbids burned-in text.
    """
    study.common_head(dataset, series, image_laterality=True)
    study.frame_of_reference(dataset, series)
    dataset.ImageType = list(image_type)
    dataset.ImageComments = image.NOT_A_PATIENT
    dataset.ContentQualification = "RESEARCH"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = Sequence()
    image.image_pixel(dataset, frame)
    drawn = frame.count or 1
    if drawn != series.frames:
        raise UsageError(
            f"series {series.id}: the phantom '{series.phantom}' draws {drawn} frames, "
            f"and {series.frames} are asked for",
            hint="leave 'phantom' out, or take one that draws frames",
        )
    dataset.NumberOfFrames = drawn
    dimensions(dataset, series)
    image.sop_common(dataset, series)


def dimensions(dataset: Dataset, series: PlannedSeries) -> None:
    """Frames are ordered by stack, then by their place in it."""
    uid = uid_below(None, series.uid, "dimensions")
    organization = Dataset()
    organization.DimensionOrganizationUID = uid
    dataset.DimensionOrganizationSequence = Sequence([organization])
    dataset.DimensionOrganizationType = "3D"
    items = []
    for pointer, label in ((_STACK_ID, "Stack"), (_IN_STACK, "Position in stack")):
        item = Dataset()
        item.DimensionOrganizationUID = uid
        item.DimensionIndexPointer = pointer
        item.FunctionalGroupPointer = _FRAME_CONTENT
        item.DimensionDescriptionLabel = label
        items.append(item)
    dataset.DimensionIndexSequence = Sequence(items)


def volume(dataset: Dataset, image_type: Listed[str], technique: str = "NONE") -> Dataset:
    """What image and frames say of pixels that are a volume (C.8.16.1, C.8.16.2).

    Written into the data set for the whole image, and returned as the item of a frame type macro.
    """
    frame_type = Dataset()
    frame_type.FrameType = list(image_type)
    for item in (dataset, frame_type):
        item.PixelPresentation = "MONOCHROME"
        item.VolumetricProperties = "VOLUME"
        item.VolumeBasedCalculationTechnique = technique
    return frame_type


def group_of(keyword: str, item: Dataset) -> Dataset:
    """A functional group of an item that is there already."""
    group = Dataset()
    setattr(group, keyword, Sequence([item]))
    return group


def frame_anatomy(series: PlannedSeries, side: str | None = None) -> Dataset:
    """Frame Anatomy Macro (C.7.6.16.2.8)."""
    part = anatomy.body_part(series) or _WHOLE_BODY
    return functional_group(
        "FrameAnatomySequence",
        FrameLaterality=side or (anatomy.laterality(series) if part.paired else "U"),
        AnatomicRegionSequence=Sequence([study.code(part.code, "SCT", part.meaning)]),
    )


def window(frame: Frame) -> Dataset:
    """Frame VOI LUT Macro (C.7.6.16.2.10)."""
    center, width = (ds(number) for number in frame.window)
    return functional_group("FrameVOILUTSequence", WindowCenter=center, WindowWidth=width)


def rescale(frame: Frame, kind: str) -> Dataset:
    """Pixel Value Transformation Macro (C.7.6.16.2.9). kind: RescaleType."""
    slope, intercept = (ds(number) for number in frame.rescale)
    return functional_group(
        "PixelValueTransformationSequence",
        RescaleIntercept=intercept,
        RescaleSlope=slope,
        RescaleType=kind,
    )


def measures(pixel_mm: float, thickness_mm: float) -> Dataset:
    """Pixel Measures Macro (C.7.6.16.2.1)."""
    return functional_group(
        "PixelMeasuresSequence",
        PixelSpacing=[ds(pixel_mm), ds(pixel_mm)],
        SliceThickness=ds(thickness_mm),
        SpacingBetweenSlices=ds(thickness_mm),
    )


def orientation(cosines: Listed[float | str]) -> Dataset:
    """Plane Orientation (Patient) Macro (C.7.6.16.2.4)."""
    values = [each if isinstance(each, str) else ds(each) for each in cosines]
    return functional_group("PlaneOrientationSequence", ImageOrientationPatient=values)


def frame_of(number: int, position: Listed[str]) -> Dataset:
    """One frame: its place in the stack (from 1) and in the patient (C.7.6.16.2.2, C.7.6.16.2.3)."""
    content = functional_group(
        "FrameContentSequence",
        StackID="1",
        InStackPositionNumber=number,
        DimensionIndexValues=[1, number],
        FrameComments="Synthetic",
    )
    return merged(
        (content, functional_group("PlanePositionSequence", ImagePositionPatient=list(position)))
    )


def each(planned: PlannedImage, frames: Listed[Dataset]) -> dict[str, Any]:
    """What differs from image to image."""
    return {
        **image.sop_each(planned, seconds_apart=60),
        "PerFrameFunctionalGroupsSequence": frames,
    }
