"""A seeded order of a range of numbers that is never written down.

Random identifiers have to differ from one another; remembering the ones already drawn would take
memory in proportion to the plan and would make the k-th depend on all before it. A bijection gives
both: it maps k to the k-th number of a shuffled range, for a range of any size.
"""

from __future__ import annotations

from hashlib import blake2b
from math import isqrt

_ROUNDS = 6


def shuffled(index: int, size: int, key: str) -> int:
    """The number at ``index`` (0 ≤ index < size) of 0 … size-1 in the order that ``key`` stands for.

    A Feistel network over a square of at least ``size`` cells; a number that falls outside of the
    range is sent through again until it is inside (Black and Rogaway, "Ciphers with Arbitrary
    Finite Domains", 2002). Not secret, only well mixed.
    """
    if not 0 <= index < size:
        raise ValueError(f"{index} is outside of 0 … {size - 1}")
    side = isqrt(size - 1) + 1
    secret = blake2b(key.encode(), digest_size=32).digest()
    number = index
    while True:
        left, right = divmod(number, side)
        for turn in range(_ROUNDS):
            mixed = blake2b(f"{turn} {right}".encode(), key=secret, digest_size=24).digest()
            left, right = right, (left + int.from_bytes(mixed)) % side
        number = left * side + right
        if number < size:
            return number
