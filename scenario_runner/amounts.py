"""Counts in words: ``1 study``, ``3 studies``, ``1 series``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def amount(count: int, noun: str) -> str:
    """A count with its noun, which is given in the singular."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def with_article(noun: str) -> str:
    """One of what a noun says, as it is spoken: ``an accession number``, ``a 'dicom'``, ``an 'hl7'``."""
    vowel = noun.lstrip("'").startswith((*"aeiou", "hl7"))
    return f"{'an' if vowel else 'a'} {noun}"


def some(names: Sequence[str], most: int = 3) -> str:
    """The first of many, and how many more there are: ``1.2, 1.3, 1.4 and 47 more``."""
    text = ", ".join(names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most:,} more"


def plural(noun: str) -> str:
    """The plural of a noun as English forms it; a series has none of its own."""
    if noun.endswith("series"):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("ch", "sh", "s", "x")) else f"{noun}s"
