"""Transfer syntaxes as DICOMweb names them, and instances brought into another one (PS3.18 8.7.3)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.transcoding import TranscodingError, transcode
from scenario_runner.decoding import can_decode
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.pixel_places import Span
from scenario_runner.dicom.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, NATIVE
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.dicomweb.desk import WebDesk

CHUNK: Final = 1 << 20
"""Bytes that are read and sent at a time."""

NOT_OF_THE_WEB: Final = (IMPLICIT_LE, EXPLICIT_BE)
"""Never used by web services, whatever an instance came in (PS3.18 8.7.3)."""

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


def syntax_for(instance: Located, wanted: str | None) -> str | None:
    """The transfer syntax an instance is sent in; None when it cannot be had in the one wanted.

    wanted: None stands for the default, Explicit VR Little Endian; ``*`` for whatever there is,
    which is as stored unless web services never use it (PS3.18 8.7.3.5.2).
    """
    stored = instance.transfer_syntax_uid
    if wanted == "*":
        return EXPLICIT_LE if stored in NOT_OF_THE_WEB else stored
    wanted = wanted or EXPLICIT_LE
    if wanted in NOT_OF_THE_WEB:
        return None
    if wanted == stored:
        return stored
    if wanted != EXPLICIT_LE:
        return None
    return wanted if not is_decoded(stored) or can_decode(stored) else None


def is_decoded(transfer_syntax_uid: str) -> bool:
    """Whether pixels in this transfer syntax have to be decoded to be sent uncompressed."""
    return transfer_syntax_uid not in NATIVE


def stored(archive: Archive, instance: Located) -> Iterator[bytes]:
    """The file of an instance as it lies, in pieces. Raises OSError at the first when it is gone."""
    with archive.files.path(instance.file).open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def converted(archive: Archive, instance: Located, to_uid: str) -> bytes:
    """The data set of an instance in another transfer syntax, without File Meta Information.

    Between uncompressed ones by rewriting, from a compressed one by the decoders pydicom finds.
    Raises TranscodingError when there is no way.
    """
    return transcode(archive.data(instance), instance.transfer_syntax_uid, to_uid)


def meta_of(instance: Located, transfer_syntax_uid: str) -> bytes:
    """What precedes the data set of an instance in a file."""
    return file_meta(instance.sop_class_uid, instance.sop_instance_uid, transfer_syntax_uid)


@dataclass(frozen=True, slots=True)
class Pixels:
    """An open file and where its pixels lie in it."""

    data: mmap.mmap
    span: Span


@contextlib.contextmanager
def pixels(desk: WebDesk, instance: Located) -> Iterator[Pixels | None]:
    """The pixels of an instance, mapped into memory, not read. None when it has none.

    Raises DamagedDatasetError, OSError.
    """
    span = desk.opened(instance).span
    if span is None:
        yield None
        return
    with desk.shelf.mapped(desk.archive, instance) as (data, _):
        yield Pixels(data, span)


__all__ = [
    "CHUNK", "IMAGE_TYPES", "NOT_OF_THE_WEB", "DamagedDatasetError", "Pixels", "TranscodingError",
    "can_decode", "converted", "is_decoded", "meta_of", "pixels", "stored", "syntax_for",
]  # fmt: skip
