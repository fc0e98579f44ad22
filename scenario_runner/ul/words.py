"""What a peer says, in words: text made safe to show, UIDs with their names, results of contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import uid_name

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULTS: Final = {
    0: "accepted",
    1: "refused by the user",
    2: "refused without a reason",
    3: "abstract syntax (SOP class) not supported",
    4: "transfer syntaxes not supported",
}
"""Results of a presentation context (PS3.8 9.3.3.2)."""


def printable(text: str) -> str:
    """Text of a peer, short and printable."""
    shown = text if text.isprintable() else "".join(filter(str.isprintable, text))
    return shown.strip()[:64]


def name_of(uid: str) -> str:
    """What PS3.6 calls a UID; one it does not know is its own name."""
    return uid_name(printable(uid))


def named(uid: str) -> str:
    """A UID with its name: ``CT Image Storage (1.2.840.10008.5.1.4.1.1.2)``."""
    text, name = printable(uid), name_of(uid)
    return text if name == text else f"{name} ({text})"


def either(uids: Iterable[str]) -> str:
    """Names of alternatives: ``Explicit VR Little Endian or Implicit VR Little Endian``."""
    return " or ".join(name_of(uid) for uid in uids)
