"""Decoded pixels: the one door to decoders of other makers, for pixels from anywhere.

pydicom asks every decoder it finds, GDCM first, and GDCM ends the whole process for some damaged
pixels. So it is asked only for what nothing else here decodes, lossless JPEG, and only about frames
whose headers are in order.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.part10 import read_meta

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from pydicom import Dataset
    from pydicom.pixels.decoders.base import Decoder

_OTHERS_DECODE = (
    syntaxes.JPEG_BASELINE,
    syntaxes.JPEG_EXTENDED,
    syntaxes.JPEG_LS,
    syntaxes.JPEG_LS_NEAR,
    syntaxes.JPEG_2000_LOSSLESS,
    syntaxes.JPEG_2000,
)
"""JPEG of 8 bits, JPEG-LS and JPEG 2000: transfer syntaxes that GDCM is not needed for."""
_GDCM_DECODES = (syntaxes.JPEG_LOSSLESS, syntaxes.JPEG_LOSSLESS_SV1)
_SETTLING = Lock()
_HEAD = 1 << 16


def pixels_of(dataset: Dataset) -> npt.NDArray[Any]:
    """All frames, colour as RGB. For damaged pixels decoders raise what they like."""
    meta = getattr(dataset, "file_meta", None)
    if meta is None or meta.get("TransferSyntaxUID") not in syntaxes.NATIVE:
        _settle()
    pixels: npt.NDArray[Any] = dataset.pixel_array
    return pixels


def frame_of(file: Path, number: int, *, raw: bool = False) -> npt.NDArray[Any]:
    """One frame of a file, from 1, colour as RGB or raw as it was encoded. Raises as above."""
    from pydicom.pixels.utils import pixel_array

    from scenario_runner.dicom.datasets import open_file

    _settle()
    with file.open("rb") as stream:
        meta = read_meta(stream.read(_HEAD))
    # Of a whole file pydicom reads one frame; what it does not read itself is opened for it.
    return pixel_array(file if meta.is_plain else open_file(file), index=number - 1, raw=raw)


def decompress(dataset: Dataset) -> None:
    """Replace compressed pixels by what they decode to. Raises as above."""
    _settle()
    dataset.decompress(generate_instance_uid=False)


def can_decode(transfer_syntax_uid: str) -> bool:
    """Whether pixels in this transfer syntax can be decoded with what is installed."""
    _settle()
    try:
        return bool(_decoder(transfer_syntax_uid).is_available)
    except NotImplementedError:
        return False


def _decoder(transfer_syntax_uid: str) -> Decoder:
    from pydicom.config import IGNORE
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    return get_decoder(UID(transfer_syntax_uid, IGNORE))


def _settle() -> None:
    with _SETTLING:
        _keep_gdcm_from_damage()


@cache
def _keep_gdcm_from_damage() -> None:
    for uid in _OTHERS_DECODE:
        decoder = _decoder(uid)
        if set(decoder.available_plugins) > {"gdcm"}:
            decoder.remove_plugin("gdcm")
    for uid in _GDCM_DECODES:
        decoder = _decoder(uid)
        decoder.remove_plugin("gdcm")
        decoder.add_plugin(
            "gdcm, checked", ("scenario_runner.decoding.lossless_jpeg", "decode_frame")
        )
