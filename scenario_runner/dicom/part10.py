"""What precedes a data set in a file (PS3.10 7.1), written and read, and who we are in DICOM."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from scenario_runner.dicom.element_writing import element
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    HeadReader,
    TruncatedError,
    read_until,
)
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, Encoding
from scenario_runner.dicom.vrs import ALL, pad
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from mmap import mmap

_META_MAX: Final = 1 << 20
"""Bytes of group 0002 that are read."""

IMPLEMENTATION_CLASS_UID: Final = "2.25.305294631622918079176222463595070891101"
"""Identifies this program's way of speaking DICOM (PS3.7 D.3.3.2); never changes."""

IMPLEMENTATION_VERSION_NAME: Final = "FABRICATOR_0"
"""At most 16 characters (PS3.7 D.3.3.2.3)."""


class Storable(Protocol):
    """An encoded SOP instance; ``buffers`` is its data set in pieces, without file meta information."""

    @property
    def sop_class_uid(self) -> str: ...  # noqa: D102
    @property
    def sop_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def transfer_syntax_uid(self) -> str: ...  # noqa: D102
    @property
    def buffers(self) -> Sequence[bytes | bytearray | memoryview]: ...  # noqa: D102


def file_meta(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae_title: str = ""
) -> bytes:
    """Preamble, ``DICM`` and File Meta Information (PS3.10 7.1), explicit little endian.

    source_ae_title: who sent the instance, left out when empty. What a peer said goes in as it is:
    a character that Latin-1 does not have becomes a question mark.
    """
    before, after = _around(sop_class_uid, transfer_syntax_uid, source_ae_title)
    uid = _element(0x0003, "UI", sop_instance_uid)
    length = len(before) + len(uid) + len(after)
    return (
        _PREAMBLE + element(0x00020000, "UL", length.to_bytes(4, "little")) + before + uid + after
    )


def file_of(instance: Storable) -> list[bytes | bytearray | memoryview]:
    """The file of an instance, in pieces: ``file_meta`` and its data set."""
    meta = file_meta(
        instance.sop_class_uid, instance.sop_instance_uid, instance.transfer_syntax_uid
    )
    return [meta, *instance.buffers]


_PREAMBLE: Final = bytes(128) + b"DICM"


@lru_cache(maxsize=64)
def _around(sop_class_uid: str, transfer_syntax_uid: str, source: str) -> tuple[bytes, bytes]:
    """What stands before and after the instance's UID, the same for a whole series."""
    before = _element(0x0001, "OB", "\0\1") + _element(0x0002, "UI", sop_class_uid)
    after = (
        _element(0x0010, "UI", transfer_syntax_uid)
        + _element(0x0012, "UI", IMPLEMENTATION_CLASS_UID)
        + _element(0x0013, "SH", IMPLEMENTATION_VERSION_NAME)
        + _element(0x0016, "AE", source)
    )
    return before, after


def _element(number: int, vr: str, text: str) -> bytes:
    """One element of group 0002; nothing when it has no value."""
    value = text.encode("latin-1", "replace")
    if not value:
        return b""
    return element(0x00020000 | number, vr, pad(value, vr))


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the beginning of a file says. UIDs are empty where it says nothing.

    data_offset: where the data set begins. is_part10: whether there is a preamble and ``DICM``.
    says_syntax: whether the transfer syntax is said, or was guessed.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_offset: int
    is_part10: bool = True
    says_syntax: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether pydicom reads it right: a Part 10 file, neither deflated as a whole nor in Big Endian."""
        odd = (DEFLATED, EXPLICIT_BE)
        return self.is_part10 and self.says_syntax and self.transfer_syntax_uid not in odd


def read_meta(head: bytes | mmap) -> FileMeta:
    """Read File Meta Information (PS3.10 7.1) as the wild has it.

    head: the beginning of a file, at least all of group 0002. Group length, preamble, the whole group
    and each of its elements may be missing, the group may be in Implicit VR; where no transfer syntax
    is said it is the one that the data set's first element looks like. Raises DamagedDatasetError for
    what is no DICOM at all, TruncatedError when the group is cut short.
    """
    is_part10 = head[128:132] == b"DICM"
    start = 132 if is_part10 else 0
    found: dict[int, str] = {}
    at = start
    while head[at : at + 2] == b"\2\0":
        reader = HeadReader(head, Encoding(implicit=not _says_vr(head, at)))
        tag, _, length, inside = reader.head(at)
        at = inside + length
        if at > len(head) or at - start > _META_MAX:
            raise TruncatedError("File Meta Information is cut short")
        if tag in (0x00020002, 0x00020003, 0x00020010):
            found[tag] = bytes(head[inside:at]).decode("latin-1").strip("\0 ")
    syntax = found.get(0x00020010, "")
    if not is_part10 and not _looks_like_data(head, at):
        raise DamagedDatasetError("no DICM after a preamble of 128 bytes: not a DICOM file")
    return FileMeta(
        found.get(0x00020002, ""),
        found.get(0x00020003, ""),
        syntax or guessed_syntax(head, at),
        at,
        is_part10,
        bool(syntax),
    )


def identify(content: bytes | mmap) -> FileMeta:
    """The same with the UIDs of the data set itself, which are what it is (PS3.7 9.1.1).

    content: at least the file to SOP Instance UID. Raises DamagedDatasetError also for a data set
    without SOP Class or Instance UID.
    """
    meta = read_meta(content)
    view = memoryview(content)[meta.data_offset :]
    elements = read_until(bytes(view), meta.transfer_syntax_uid, 0x00080019)
    uids = [
        elements[tag].value.decode("latin-1").strip("\0 ") if tag in elements else ""
        for tag in (0x00080016, 0x00080018)
    ]
    if not all(uids):
        raise DamagedDatasetError("the data set has no SOPClassUID or no SOPInstanceUID")
    return replace(meta, sop_class_uid=uids[0], sop_instance_uid=uids[1])


def _says_vr(head: bytes | mmap, at: int) -> bool:
    return head[at + 4 : at + 6].decode("latin-1") in ALL


def guessed_syntax(head: bytes | mmap, at: int) -> str:
    """The uncompressed transfer syntax that an element there is written in."""
    if not _says_vr(head, at):
        return IMPLICIT_LE
    return EXPLICIT_BE if head[at : at + 1] == b"\0" else EXPLICIT_LE


def _looks_like_data(head: bytes | mmap, at: int) -> bool:
    """Whether a data set may begin there: with an element of group 0008, which all objects have."""
    if head[at : at + 2] not in (b"\x08\0", b"\0\x08"):
        return False
    if _says_vr(head, at):
        return True
    # Implicit VR: a group length, or an element that is not longer than an attribute there can be.
    return head[at : at + 2] == b"\x08\0" and head[at + 6 : at + 8] == b"\0\0"
