"""Text as it is searched: without case, accents and what separates the parts of a name."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

_NOT_DECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
"""Letters that are no base letter with a mark, after case is gone."""
_SEPARATORS = re.compile(r"[\s^=,;]+")
_NO_DIGITS = re.compile(r"\D+")


def fold(text: str) -> str:
    """As it is compared: ``MÜLLER^Anne-Zoë`` becomes ``muller anne-zoe``."""
    if text.isascii():
        folded = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_NOT_DECOMPOSED)
        folded = "".join(c for c in decomposed if not unicodedata.combining(c))
        # Letters of Hangul were taken apart as accents were.
        folded = unicodedata.normalize("NFC", folded)
    return _SEPARATORS.sub(" ", folded).strip()


def words(text: str) -> list[str]:
    """What is looked for, each anywhere in a patient."""
    return fold(text).split()


def searched(
    *,
    ids: Iterable[str],
    name: str,
    birth_date: dt.date,
    phone: str,
    address: str,
) -> str:
    """All of a patient that ``search`` looks in, folded. ids: the own one and others.

    Two blanks end it, so that each of its letters begins a part of three.
    """
    digits = _NO_DIGITS.sub("", phone)
    day = birth_date.isoformat()
    parts = (*ids, name, day, day.replace("-", ""), phone, digits, address)
    return fold(" ".join(parts)) + "  "
