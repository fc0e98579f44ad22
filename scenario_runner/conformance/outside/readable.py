"""What dicom3tools can read: a file as it is, a copy that says the same, or nothing."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.conformance.dicom_file import DicomFile
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.element_heads import HEADS
from scenario_runner.dicom.elements import inflate as inflated
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

_KNOWN: Final = frozenset(
    (
        *(syntaxes.IMPLICIT_LE, syntaxes.EXPLICIT_LE, syntaxes.EXPLICIT_BE, syntaxes.RLE),
        *(
            f"{syntaxes.ARC}.4.{n}"
            for n in (*range(50, 67), 70, 80, 81, *range(90, 96), *range(100, 107))
        ),
    )
)
"""Transfer syntaxes that dicom3tools of 2022-06-18 reads."""
_STAND_IN: Final = syntaxes.JPEG_2000_LOSSLESS
"""JPEG 2000, lossless: fragments of which dciodvfy asks nothing, for those of a younger syntax."""
_MOST_BITS: Final = 16
_PREAMBLE: Final = 132
_GROUP_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Readable:
    """path: what to give the program, None for nothing. note: what was changed, or why nothing is."""

    path: Path | None
    note: str = ""


@contextmanager
def readable(path: Path, file: DicomFile) -> Iterator[Readable]:
    """What to give the program instead of a file; a copy is gone afterwards.

    file: the same file as it was read. Raises OSError.
    """
    syntax = file.transfer_syntax
    bits = file.data.number("BitsAllocated") or 0
    pixels = file.data.get("PixelData")
    if pixels is not None and pixels.fragments is None and bits > _MOST_BITS:
        yield Readable(
            None,
            f"was not judged: the program ends at native pixels of {bits} bits, which there can be",
        )
        return
    if not file.whole or syntax in _KNOWN or not syntax.startswith(syntaxes.ARC):
        yield Readable(path)
        return
    deflated = syntax == syntaxes.DEFLATED
    fragments = pixels is not None and pixels.fragments is not None
    other = _STAND_IN if fragments else syntaxes.EXPLICIT_LE
    done = "inflated" if deflated else f"labelled {uid_name(other)}"
    with TemporaryFolder() as folder:
        copy = folder / "copy.dcm"
        copy.write_bytes(_relabelled(path.read_bytes(), file, other, inflate=deflated))
        yield Readable(
            copy, f"was judged by a copy, {done}: the program does not read {uid_name(syntax)}"
        )


def _relabelled(raw: bytes, file: DicomFile, syntax: str, *, inflate: bool) -> bytes:
    """The file with another transfer syntax in its meta information."""
    has_length = 0x00020000 in file.meta.elements
    begin = _PREAMBLE + (_GROUP_LENGTH if has_length else 0)
    end = begin + file.meta_length
    meta, data = raw[begin:end], raw[end:]
    old = _uid_element(file.meta.elements[0x00020010].value)
    text = syntax.encode()
    meta = meta.replace(old, _uid_element(text + b"\0" * (len(text) % 2)), 1)
    head = raw[:begin]
    if has_length:
        head = head[:-4] + HEADS[True].length.pack(len(meta))
    if inflate:
        data = inflated(data)
    return head + meta + data


def _uid_element(value: bytes) -> bytes:
    return HEADS[True].short.pack(0x0002, 0x0010, b"UI", len(value)) + value
