"""How alike two person names are, part by part, whatever script, accents or order they are written in.

Distances are the restricted Damerau-Levenshtein distances of RapidFuzz: two letters that changed places are
one slip. Other scripts become Latin letters by AnyAscii's tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.registry.folding import fold

ALIKE: Final = 0.8
"""From which on two names may be one written by somebody in a hurry."""
SWAPPED: Final = 0.96
"""What is left of a likeness where family and given name changed places."""
PART: Final = 0.93
"""Of one where one name has a part more: MEYER and MEYER-LANG, ANNA and ANNA MARIA."""
_SPELLINGS: Final = (
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s"), ("sch", "sh"), ("shch", "sh"), ("zh", "j"),
    ("kh", "h"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("tz", "z"), ("cz", "c"), ("dj", "j"),
    ("ou", "o"), ("oo", "u"), ("ei", "e"), ("iy", "i"), ("ij", "i"), ("yi", "i"), ("yu", "u"),
    ("ju", "u"), ("iu", "u"), ("ya", "a"), ("ja", "a"), ("ia", "a"), ("yo", "e"), ("ye", "e"),
    ("ks", "x"), ("w", "v"), ("y", "i"), ("c", "k"), ("q", "k"),
)  # fmt: skip
"""Ways to write one sound in Latin letters; both sides are brought to the second."""
_DOUBLE: Final = re.compile(r"(.)\1+")
_PARTS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """family, given: from 0 to 1. remarks: what was looked past."""

    family: float
    given: float
    remarks: Sequence[str] = ()
    swapped: bool = False
    """Whether family and given name changed places."""

    @property
    def weakest(self) -> float:
        """The part that is least alike."""
        return min(self.family, self.given)


NOTHING: Final = Likeness(0.0, 0.0)


def likeness(one: str, other: str) -> Likeness:
    """Of two PN values: the best of any component group with any of the other's."""
    found = [_of_groups(first, second) for first in _groups(one) for second in _groups(other)]
    return max(found, key=lambda each: each.family + each.given, default=NOTHING)


def _of_groups(one: tuple[str, str], other: tuple[str, str]) -> Likeness:
    straight = Likeness(*_parts(one, other))
    family, given, remarks = _parts(one, (other[1], other[0]))
    if straight.weakest >= ALIKE or min(family, given) < ALIKE:
        return straight
    return Likeness(
        family * SWAPPED,
        given * SWAPPED,
        (*remarks, "family and given name changed places"),
        swapped=True,
    )


def _parts(one: tuple[str, str], other: tuple[str, str]) -> tuple[float, float, tuple[str, ...]]:
    family, first = _alike(one[0], other[0])
    given, second = _alike(one[1], other[1])
    remarks = tuple(
        f"{what} {remark}"
        for what, remark in (("family name", first), ("given name", second))
        if remark and (family if what == "family name" else given) >= ALIKE
    )
    return family, given, remarks


@lru_cache(4096)
def _groups(name: str) -> tuple[tuple[str, str], ...]:
    """Family and given name of each component group, folded; the middle name belongs to the given."""
    found = []
    for group in name.split("="):
        components = (group.replace(",", "^", 1) if "^" not in group else group).split("^")
        family, given, middle = (*components, "", "", "")[:3]
        if not given and " " in family.strip():
            given, _, family = family.strip().rpartition(" ")
        if family.strip() or given.strip():
            found.append((latin_letters(family), latin_letters(f"{given} {middle}")))
    return tuple(found)


@lru_cache(4096)
def latin_letters(text: str) -> str:
    """In small Latin letters, parts apart by a blank."""
    return _PARTS.sub(" ", anyascii(fold(text)).lower()).strip()


def _alike(one: str, other: str) -> tuple[float, str]:
    """How alike two names are, and what was looked past."""
    if not one or not other:
        return 0.0, ""
    if one == other:
        return 1.0, ""
    best, remark = _similarity(one, other), ""
    if best < 1.0:
        best, remark = _best((best, "differs by a slip"), _by_sound(one, other))
    tokens, others = one.split(), other.split()
    if len(tokens) > 1 or len(others) > 1:
        common = _of_tokens(tokens, others)
        best, remark = _best((best, remark), (common, "has a part more"))
    return best, remark


def _by_sound(one: str, other: str) -> tuple[float, str]:
    first, second = spelling(one), spelling(other)
    if first == second:
        return 0.98, "is spelt another way"
    return _similarity(first, second) * 0.98, "is spelt another way"


@lru_cache(4096)
def spelling(name: str) -> str:
    """As it would be if each sound were written in one way."""
    for written, sound in _SPELLINGS:
        name = name.replace(written, sound)
    return _DOUBLE.sub(r"\1", name).replace(" ", "")


def _of_tokens(tokens: Sequence[str], others: Sequence[str]) -> float:
    """Where every part of the shorter name is one of the longer."""
    fewer, more = sorted((tokens, others), key=len)
    if len(fewer) == len(more):
        if sorted(fewer) == sorted(more):
            return 0.97
        return min(_each(fewer, more)) * 0.97
    if max(map(len, fewer)) < 3:
        return 0.0
    return min(_each(fewer, more)) * PART


def _each(fewer: Sequence[str], more: Sequence[str]) -> Iterator[float]:
    for token in fewer:
        yield max(max(_similarity(token, one), _by_sound(token, one)[0]) for one in more)


def slips_between(one: str, other: str, most: int) -> int:
    """How many slips make one of the other; of more than ``most`` one more than that."""
    # A service that matches nothing needs none of its four MB.
    from rapidfuzz.distance import OSA

    return OSA.distance(one, other, score_cutoff=most)


def _similarity(one: str, other: str) -> float:
    """1 minus slips by length; short names bear none, long ones two."""
    longest = max(len(one), len(other))
    slips = slips_between(one, other, 3)
    if slips == 0:
        return 1.0
    if slips > (0 if longest < 4 else 1 if longest < 8 else 2):
        return min(0.6, 1 - slips / longest)
    return 1 - slips / (longest + 4)


def _best(*found: tuple[float, str]) -> tuple[float, str]:
    return max(found, key=lambda each: each[0])
