"""Transfer syntaxes as DICOMweb names them, and instances brought into another one (PS3.18 8.7.3)."""

from __future__ import annotations

import contextlib
import io
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.files import decode_meta
from scenario_runner.archive.transcoding import TranscodingError, transcode
from scenario_runner.decoding import can_decode, decompress
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.elements import DamagedDatasetError, Span, find_pixels, inflate
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, IMPLICIT_LE, NATIVE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located

CHUNK: Final = 1 << 20
"""Bytes that are read and sent at a time."""
_META_MAX: Final = 1 << 17

IMAGE_TYPES: Final = {
    syntaxes.JPEG_BASELINE: "image/jpeg",
    syntaxes.JPEG_EXTENDED: "image/jpeg",
    syntaxes.JPEG_LOSSLESS: "image/jpeg",
    syntaxes.JPEG_LOSSLESS_SV1: "image/jpeg",
    syntaxes.JPEG_LS: "image/jls",
    syntaxes.JPEG_LS_NEAR: "image/jls",
    syntaxes.JPEG_2000_LOSSLESS: "image/jp2",
    syntaxes.JPEG_2000: "image/jp2",
    syntaxes.JPEG_2000_PART_2_LOSSLESS: "image/jpx",
    syntaxes.JPEG_2000_PART_2: "image/jpx",
    syntaxes.HTJ2K_LOSSLESS: "image/jphc",
    syntaxes.HTJ2K_LOSSLESS_RPCL: "image/jphc",
    syntaxes.HTJ2K: "image/jphc",
    syntaxes.RLE: "image/dicom-rle",
}
"""The media type of compressed frames by transfer syntax (PS3.18 8.7.3)."""


def stored(archive: Archive, instance: Located) -> Iterator[bytes]:
    """The file of an instance as it lies, in pieces. Raises OSError at the first when it is gone."""
    with archive.files.path(instance.file).open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def converted(archive: Archive, instance: Located, to_uid: str) -> bytes:
    """The instance as a Part 10 file in another transfer syntax.

    Between uncompressed ones by rewriting, from a compressed one by the decoders pydicom finds.
    Raises TranscodingError when there is no way.
    """
    if instance.transfer_syntax_uid in NATIVE:
        data = transcode(archive.data(instance), instance.transfer_syntax_uid, to_uid)
        return file_meta(instance.sop_class_uid, instance.sop_instance_uid, to_uid) + data
    if to_uid not in (EXPLICIT_LE, IMPLICIT_LE):
        raise TranscodingError(f"{instance.transfer_syntax_uid} cannot become {to_uid}")
    return _decompressed(archive.files.path(instance.file), to_uid)


def _decompressed(path: Path, to_uid: str) -> bytes:
    from pydicom import dcmread
    from pydicom.uid import ExplicitVRLittleEndian

    if not can_decode(dcmread(path, specific_tags=[]).file_meta.TransferSyntaxUID):
        raise TranscodingError("no decoder for the compressed pixels is installed here")
    try:
        dataset = dcmread(path)
        decompress(dataset)
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        target = io.BytesIO()
        dataset.save_as(target, enforce_file_format=True)
    except Exception as error:
        # What decoders raise for damaged pixels is not told beforehand.
        raise TranscodingError(f"the pixels cannot be decoded: {error}") from error
    whole = target.getvalue()
    meta = decode_meta(whole[:_META_MAX])
    data = transcode(whole[meta.data_offset :], EXPLICIT_LE, to_uid)
    return file_meta(meta.sop_class_uid, meta.sop_instance_uid, to_uid) + data


@dataclass(frozen=True, slots=True)
class Pixels:
    """An open file and where its pixels lie in it."""

    data: mmap.mmap | bytes
    span: Span


@contextlib.contextmanager
def pixels(archive: Archive, instance: Located) -> Iterator[Pixels | None]:
    """The pixels of an instance, mapped into memory, not read. None when it has none.

    Raises DamagedDatasetError, OSError.
    """
    syntax = instance.transfer_syntax_uid
    if syntax == DEFLATED:
        data = inflate(archive.data(instance))
        span = find_pixels(data, EXPLICIT_LE)
        yield None if span is None else Pixels(data, span)
        return
    with (
        archive.files.path(instance.file).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        offset = decode_meta(mapped[:_META_MAX]).data_offset
        span = find_pixels(mapped, syntax, offset)
        yield None if span is None else Pixels(mapped, span)


__all__ = [
    "CHUNK", "IMAGE_TYPES", "DamagedDatasetError", "Pixels", "TranscodingError", "can_decode",
    "converted", "pixels", "stored",
]  # fmt: skip
