"""Decoding in this process, by whatever decoder is installed.

pydicom asks every decoder it finds, GDCM first, and GDCM ends the whole process for some damaged
pixels. So it is asked only for what nothing else here decodes, lossless JPEG and JPEG of 12 bits, and
only about frames whose headers are in order.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from scenario_runner.decoding.stored_bits import (
    has_long_cells,
    in_long_words,
    is_packed,
    is_shifted,
    packed_frames,
    values_of,
)
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.part10 import read_meta

if TYPE_CHECKING:
    import numpy.typing as npt
    from pydicom import Dataset
    from pydicom.pixels.decoders.base import Decoder

_OTHERS_DECODE = (
    syntaxes.JPEG_BASELINE,
    syntaxes.JPEG_LS,
    syntaxes.JPEG_LS_NEAR,
    syntaxes.JPEG_2000_LOSSLESS,
    syntaxes.JPEG_2000,
)
"""JPEG baseline, JPEG-LS and JPEG 2000: transfer syntaxes that GDCM is not needed for."""
_GDCM_DECODES = (syntaxes.JPEG_LOSSLESS, syntaxes.JPEG_LOSSLESS_SV1)
_CHECKED, _MODULE = "gdcm, checked", "scenario_runner.decoding.checked_jpeg"
IN_CELLS = syntaxes.NATIVE | {syntaxes.RLE}
"""Transfer syntaxes of whole pixel cells, with whatever is in the bits that no value is in."""
_SETTLING = Lock()
HEAD = 1 << 16
"""Bytes of a file in which its meta information is."""
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def pixels_of(file: bytes) -> npt.NDArray[Any]:
    """All frames of a file, colour as RGB. For damaged pixels decoders raise what they like."""
    from pydicom import dcmread

    settle()
    dataset = dcmread(BytesIO(file), force=True)
    if dataset.file_meta.get("TransferSyntaxUID") in IN_CELLS:
        return cell_pixels(dataset)
    pixels: npt.NDArray[Any] = dataset.pixel_array
    return pixels


def cell_pixels(dataset: Dataset) -> npt.NDArray[Any]:
    """All frames of whole pixel cells, colour as RGB. Raises what pydicom raises."""
    import numpy as np

    meta = getattr(dataset, "file_meta", None) or {}
    syntax = meta.get("TransferSyntaxUID", "")
    if has_long_cells(syntax, dataset):
        dataset = in_long_words(dataset)
    if is_packed(syntax, dataset):
        count = int(dataset.get("NumberOfFrames") or 1)
        frames = packed_frames(dataset, syntax, 1, count)
        return np.squeeze(frames, 0) if count == 1 else frames
    if not is_shifted(dataset):
        pixels: npt.NDArray[Any] = dataset.pixel_array
        return pixels
    from pydicom.pixels.utils import pixel_array

    return values_of(pixel_array(dataset, correct_unused_bits=False), dataset)


def frame_of(file: str, number: int, *, raw: bool) -> npt.NDArray[Any]:
    """One frame of a file, from 1, colour as RGB or raw as it was encoded. Raises as above."""
    import numpy as np
    from pydicom import Dataset as Header
    from pydicom.pixels.utils import pixel_array

    from scenario_runner.dicom.datasets import open_file

    settle()
    with Path(file).open("rb") as stream:
        meta = read_meta(stream.read(HEAD))
    in_cells = meta.transfer_syntax_uid in IN_CELLS
    # Of a whole file pydicom reads one frame; what it does not read itself is opened for it.
    header = Header() if meta.is_plain else open_file(file)
    if has_long_cells(meta.transfer_syntax_uid, header):
        header = in_long_words(header)
    if is_packed(meta.transfer_syntax_uid, header):
        return np.squeeze(packed_frames(header, meta.transfer_syntax_uid, number, 1), 0)
    try:
        pixels = pixel_array(
            file if meta.is_plain else header,
            ds_out=header if meta.is_plain else None,
            index=number - 1,
            raw=raw,
            correct_unused_bits=not raw and not in_cells,
        )
    except ValueError:
        whole = open_file(file) if meta.is_plain and in_cells else header
        if not is_packed(meta.transfer_syntax_uid, whole):
            raise
        return np.squeeze(packed_frames(whole, meta.transfer_syntax_uid, number, 1), 0)
    return values_of(pixels, header) if in_cells and not raw else pixels


def decompress(file: bytes) -> bytes:
    """The data set of a file with its pixels decoded, in Explicit VR Little Endian. Raises as above."""
    from pydicom import dcmread
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    settle()
    target = DicomBytesIO()
    target.is_little_endian, target.is_implicit_VR = True, False
    dataset = dcmread(BytesIO(file))
    if any(word in dataset for word in PIXELS):
        dataset.decompress(generate_instance_uid=False)
    write_dataset(target, dataset)
    return target.getvalue()


def can_decode(transfer_syntax_uid: str) -> bool:
    """Whether pixels in this transfer syntax can be decoded with what is installed."""
    settle()
    try:
        return bool(_decoder(transfer_syntax_uid).is_available)
    except NotImplementedError:
        return False


def _decoder(transfer_syntax_uid: str) -> Decoder:
    from pydicom.config import IGNORE
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    return get_decoder(UID(transfer_syntax_uid, IGNORE))


def settle() -> None:
    """Let pydicom ask nothing that ends the process."""
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
        decoder.add_plugin(_CHECKED, (_MODULE, "decode_frame"))
    extended = _decoder(syntaxes.JPEG_EXTENDED)
    for name in {"gdcm", "pillow"} & set(extended.available_plugins):
        extended.remove_plugin(name)
    extended.add_plugin(_CHECKED, (_MODULE, "decode_extended"))
