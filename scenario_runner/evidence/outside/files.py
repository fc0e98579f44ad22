"""Which files of evidence leave the house with a redacted report."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from scenario_runner.evidence.files import inside

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.evidence.outside.identities import People
    from scenario_runner.evidence.record import AttachmentRecord, RunRecord

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DRAWN: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_WIRE_LOG: Final = "pdus-"


def taken_along(record: RunRecord, folder: Path, people: People) -> dict[str, bytes]:
    """Path to content of what shows nobody; whatever else there is stays behind, and leaves the record.

    That is: pictures of which it is known that no text is burned into them, without their texts beside the
    pixels, and logs of associations with pseudonyms. Raises OSError.
    """
    kept: dict[str, bytes] = {}
    for case in record.cases:
        for step in case.steps:
            stays = []
            for one in step.attachments:
                data = _content(one, folder, people)
                if data is not None:
                    kept[people.pseudonyms.text(one.path)] = data
                    stays.append(one)
            step.attachments = stays
    return kept


def _content(attachment: AttachmentRecord, folder: Path, people: People) -> bytes | None:
    file = inside(folder, attachment.path)
    if file is None or not file.is_file():
        return None
    if attachment.media_type == "image/png" and attachment.subject.get("shows_nobody") is True:
        return _pixels_alone(file.read_bytes())
    if _WIRE_LOG in file.name and attachment.media_type.startswith("text/plain"):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(map(people.pseudonyms.text, lines)).encode() + b"\n"
    return None


def _pixels_alone(data: bytes) -> bytes | None:
    """A PNG without its texts, times and profiles (PNG 11.3.3); None for what is none."""
    if not data.startswith(_PNG):
        return None
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if data[at + 4 : at + 8] in _DRAWN:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
