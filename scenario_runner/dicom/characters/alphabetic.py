"""What the first component group of a person name may be written in (PS3.5 6.2.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.characters.sets import ESC
from scenario_runner.dicom.characters.terms import declared
from scenario_runner.dicom.characters.writing import UnencodableError, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST: Final = "\u1fff"
"""The last character of the group in a set of many bytes without code extensions: Unicode, GB 18030, GBK."""


def alphabetic_fault(group: str, terms: Sequence[str]) -> str:
    """What is wrong with the alphabetic group of a name in these character sets, as a clause; empty when nothing is.

    It has the characters of the first set alone, and no escape sequences. What cannot be written at all is not
    said here.
    """
    if group.isascii():
        return ""
    if declared(tuple(terms)).whole:
        beyond = "".join(dict.fromkeys(one for one in group if one > _LAST))
        return f"has {beyond}, beyond U+1FFF" if beyond else ""
    try:
        return "needs escape sequences" if ESC in encode(group, "PN", terms) else ""
    except UnencodableError:
        return ""


def is_right_in_utf8(group: str) -> bool:
    """Whether the alphabetic group of a name is right in UTF-8."""
    return all(one <= _LAST for one in group)
