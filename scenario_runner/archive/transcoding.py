"""From one transfer syntax to an uncompressed one, without touching a value's meaning (PS3.5 A).

A peer that takes only Explicit VR gets what was stored in Implicit VR, and the other way round; big
endian, deflated and compressed data sets can be given in little endian. Nothing is compressed here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner import decoding
from scenario_runner.decoding import UndecodableError, decompress, here
from scenario_runner.dicom.elements import MOST_INFLATED, DamagedDatasetError, inflate
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.rewriting import rewritten
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, NATIVE, PLAIN, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_HEAD: Final = 1 << 16
_AS_LARGE: Final = 16
"""How many times as large as it was stored a compressed object is expected to get."""


class TranscodingError(ValueError):
    """There is no way from the one transfer syntax to the other."""


def transcode(
    data: bytes, from_uid: str, to_uid: str, decompress: Callable[[bytes], bytes] = decompress
) -> bytes:
    """The same data set in another transfer syntax, from any that can be decoded here to one of PLAIN.

    decompress: what decodes the pixels of a file, by default in another process. Raises TranscodingError, and DamagedDatasetError when the data set cannot be read to its end.
    """
    if from_uid == to_uid:
        return data
    if to_uid not in PLAIN:
        raise TranscodingError(f"{from_uid} cannot be sent as {to_uid}")
    if from_uid not in NATIVE:
        data, from_uid = _decompressed(data, from_uid, decompress), EXPLICIT_LE
        if to_uid == EXPLICIT_LE:
            return data
    if from_uid == DEFLATED:
        data = inflate(data)
        if to_uid == EXPLICIT_LE:
            return data
    return rewritten(data, encoding_of(from_uid), encoding_of(to_uid))


def transcode_into(file: Path, to_uid: str, into: BinaryIO, *, pixels: int = 0) -> None:
    """The data set of a file in another transfer syntax, written somewhere: made in another process.

    pixels: bytes of its pixels when they are decoded, if known. Raises TranscodingError, DamagedDatasetError; some of it may be written then.
    """
    with file.open("rb") as stream:
        from_uid = read_meta(stream.read(_HEAD)).transfer_syntax_uid
    size = file.stat().st_size
    expected = size if from_uid in NATIVE else size + (pixels or _AS_LARGE * size)
    if from_uid == DEFLATED:
        expected = MOST_INFLATED
    try:
        said, _ = decoding.elsewhere(
            f"{__name__}:answer", expected=expected, into=into, file=str(file), to=to_uid
        )
    except UndecodableError as error:
        raise TranscodingError(f"it cannot be converted: {error}") from error
    if "damaged" in said:
        raise DamagedDatasetError(said["damaged"])
    if "refused" in said:
        raise TranscodingError(said["refused"])


def answer(head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
    """The same within the process that decodes."""
    content = Path(head["file"]).read_bytes()
    meta = read_meta(content[:_HEAD])
    data = content[meta.data_offset :]
    del content
    try:
        return {}, transcode(data, meta.transfer_syntax_uid, head["to"], here.decompress)
    except TranscodingError as error:
        return {"refused": str(error)}, b""
    except DamagedDatasetError as error:
        return {"damaged": str(error)}, b""


def _decompressed(data: bytes, from_uid: str, decompress: Callable[[bytes], bytes]) -> bytes:
    """A data set with its pixels decoded, in Explicit VR Little Endian. Raises TranscodingError."""
    try:
        return decompress(file_meta("1.2", "1.2", from_uid) + data)
    except UndecodableError as error:
        raise TranscodingError(f"the pixels cannot be decoded: {error}") from error
