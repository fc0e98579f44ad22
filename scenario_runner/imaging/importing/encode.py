"""A pydicom data set as an Instance, in the transfer syntax it came in (PS3.5 annex A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataelem import RawDataElement
from pydicom.filewriter import correct_ambiguous_vr_element

from scenario_runner.dicom import vrs
from scenario_runner.dicom.datasets import encode_dataset
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.elements import deflate
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import encoding_of
from scenario_runner.imaging.encoding.syntaxes import is_deflated
from scenario_runner.imaging.instance import Buffer, Instance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedImage


def encode(
    dataset: Dataset, transfer_syntax: str, terms: Sequence[str], image: PlannedImage
) -> Instance:
    """Encode without touching pixel data.

    dataset: texts decoded, everything else possibly still raw. terms: of the character set declared.
    """
    encoding = encoding_of(transfer_syntax)
    buffers: list[Buffer]
    if not encoding.little:
        _name_vrs(dataset)
        _swap_words(dataset)
        buffers = [encode_dataset(dataset, encoding, terms)]
    else:
        if PIXEL_DATA in dataset:
            # Encapsulated pixel data has an undefined length, which a raw element does not keep.
            _ = dataset[PIXEL_DATA]
        if not encoding.implicit:
            _name_vrs(dataset)
        buffers = [encode_dataset(dataset, encoding, terms)]
    if is_deflated(transfer_syntax):
        buffers = [deflate(buffers)]
    sop_class, uid = str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)
    return Instance(
        sop_class_uid=sop_class,
        sop_instance_uid=uid,
        transfer_syntax_uid=transfer_syntax,
        meta=file_meta(sop_class, uid, transfer_syntax),
        buffers=buffers,
        image=image,
    )


def _name_vrs(dataset: Dataset) -> None:
    """Find the VRs that an item lacks because it came inside an element of VR UN (PS3.5 6.2.2)."""
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            if element.VR is None:
                correct_ambiguous_vr_element(dataset[tag], dataset, True)
        elif element.VR == "SQ":
            for item in element.value:
                _name_vrs(item)


def _swap_words(dataset: Dataset) -> None:
    """Turn the words of a big endian data set, which pydicom reads as they lie, to little endian."""
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            continue
        if element.VR == "SQ":
            for item in element.value:
                _swap_words(item)
        elif isinstance(element.value, bytes):
            element.value = vrs.swapped(element.value, str(element.VR))
