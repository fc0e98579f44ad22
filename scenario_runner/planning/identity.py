"""Seeds and UIDs, derived by hashing: the same for the same seed and path, on every machine.

A UID also depends on the patient ID and the accession number of its study. So a seed that is run
again against the same registry makes new studies beside the old ones, and against a fresh registry
makes the same ones again.
"""

from __future__ import annotations

from hashlib import sha256

_ROOT_LENGTH = 64
"""Characters of a UID at most (PS3.5 9.1)."""
_WORD = 2**64 - 1
_VERSION = 8 << 76
_VARIANT = 2 << 62
_CLEARED = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)


def _digest(parts: tuple[str | int, ...]) -> bytes:
    # A length before each part: ("ab", "c") and ("a", "bc") must not meet.
    return sha256("".join([f"{len(str(part))}:{part}" for part in parts]).encode()).digest()


def derive_seed(*parts: str | int) -> int:
    """A seed of 63 bits from anything that has a stable text."""
    return int.from_bytes(_digest(parts)[:8]) >> 1


def derive_uid(root: str | None, *parts: str | int) -> str:
    """A UID of at most 64 characters from anything that has a stable text.

    root: an arc the site owns, of at most 30 characters, or None for ``2.25``. Under 2.25 the last
    component is a UUID as a decimal (PS3.5 B.2), of version 8, which RFC 9562 5.8 leaves to those
    who derive UUIDs in a way of their own.
    """
    number = int.from_bytes(_digest(parts)[:16])
    if root is None:
        return f"2.25.{number & _CLEARED | _VERSION | _VARIANT}"
    return f"{root}.{number % 10 ** (_ROOT_LENGTH - len(root) - 1)}"


class Dice:
    """Numbers from a seed for a few small choices, where making a Random would cost the most.

    SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed

    def randint(self, low: int, high: int) -> int:
        """A number from low to high, both included; the range is far below 2**64."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _WORD
        mixed = self._state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _WORD
        return low + (mixed ^ (mixed >> 31)) % (high - low + 1)
