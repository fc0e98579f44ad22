"""Who has to go when more have connected than are let in: never who is being served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Connection = TypeVar("Connection", bound=Hashable)


def longest_of_the_most(
    waiting: Iterable[Connection], address: Mapping[Connection, str]
) -> Connection | None:
    """The connection that has been silent longest, of the address that has most of them.

    waiting: those that ask for nothing, silent longest first; None when there are none.
    """
    silent = list(waiting)
    if not silent:
        return None
    [(most, _)] = Counter(address[one] for one in silent).most_common(1)
    return next(one for one in silent if address[one] == most)
