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
_GAMMA = 0x9E3779B97F4A7C15
_BELOW = 0x6A09E667F3BCC908
"""Sets the seeds of what is below an entity apart from its own dice: bits of the root of two."""
_VERSION_AND_VARIANT = 8 << 76 | 2 << 62
_CLEARED = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)


def _digest(parts: tuple[str | int, ...]) -> bytes:
    # A length before each part: ("ab", "c") and ("a", "bc") must not meet.
    return sha256("".join([f"{len(str(part))}:{part}" for part in parts]).encode()).digest()


def derive_seed(*parts: str | int) -> int:
    """A seed of 63 bits from anything that has a stable text."""
    return int.from_bytes(_digest(parts)[:8]) >> 1


def child_seed(seed: int, place: int) -> int:
    """The seed of the place-th entity (from 0) below one with this seed; 63 bits.

    Costs a fraction of ``derive_seed``, and meets none of the numbers that ``Dice`` of the same
    seed rolls.
    """
    return _mixed((seed ^ _BELOW) + (place + 1) * _GAMMA & _WORD) >> 1


def derive_uid(root: str | None, *parts: str | int) -> str:
    """A UID of at most 64 characters from anything that has a stable text.

    root: an arc the site owns, of at most 30 characters, or None for ``2.25``. Under 2.25 the last
    component is a UUID as a decimal (PS3.5 B.2), of version 8, which RFC 9562 5.8 leaves to those
    who derive UUIDs in a way of their own.
    """
    return _uid(root, _digest(parts)[:16])


def uids_below(root: str | None, uid: str, what: str) -> tuple[str, str]:
    """Two UIDs that follow from another one and a short name for what is below it.

    One hash, of 256 bits, is enough for both.
    """
    digest = sha256(f"{uid} {what}".encode()).digest()
    return _uid(root, digest[:16]), _uid(root, digest[16:])


def uid_below(root: str | None, uid: str, what: str) -> str:
    """The first of ``uids_below``."""
    return _uid(root, sha256(f"{uid} {what}".encode()).digest()[:16])


def _uid(root: str | None, octets: bytes) -> str:
    number = int.from_bytes(octets)
    if root is None:
        return f"2.25.{number & _CLEARED | _VERSION_AND_VARIANT}"
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
        self._state = state = (self._state + _GAMMA) & _WORD
        return low + _mixed(state) % (high - low + 1)

    def bits(self) -> int:
        """64 random bits."""
        self._state = state = (self._state + _GAMMA) & _WORD
        return _mixed(state)


def _mixed(number: int) -> int:
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _WORD
    return number ^ (number >> 31)
