"""Text that came back in a character set of the PACS's own: the same words, or told why not."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import named, unencodable
from scenario_runner.dicom.matching import with_anything_between

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence


class Conversion:
    """Compares text whose characters count and whose bytes do not, and keeps what could not be compared."""

    def __init__(self) -> None:
        self._told: Counter[tuple[str, Sequence[str]]] = Counter()

    def fits(self, attribute: str, vr: str, sent: str, came: str, terms: Sequence[str]) -> bool:
        """Whether a value can be what a PACS made of the one that was sent.

        terms: the character sets that it came in. Where they lack a letter, anything may stand instead of it, and
        of a run of such letters; all others have to be there.
        """
        if vr not in vrs.CHARACTER_SET:
            return False
        sent, came = (unicodedata.normalize("NFC", text) for text in (sent, came))
        if sent == came:
            return True
        lacking = unencodable(sent, vr, terms)
        if not lacking or not _pattern(sent, lacking).fullmatch(came):
            return False
        self._told[attribute, tuple(terms)] += 1
        return True

    @property
    def words(self) -> str:
        """Which text could not be compared letter by letter; empty when all was."""
        parts = [
            f"{attribute} ({amount(count, 'value')}) has letters that {named(terms)} cannot hold"
            for (attribute, terms), count in itertools.islice(self._told.items(), _MOST)
        ]
        if len(self._told) > _MOST:
            parts.append(f"and {amount(len(self._told) - _MOST, 'more attribute')}")
        return f"not compared letter by letter: {', '.join(parts)}" if parts else ""


_MOST = 10
"""Attributes that are named in a message."""


def _pattern(text: str, lacking: str) -> re.Pattern[str]:
    parts = [""]
    for lost, run in itertools.groupby(text, key=lambda character: character in lacking):
        if lost:
            parts.append("")
        else:
            parts[-1] = "".join(run)
    return with_anything_between(parts)
