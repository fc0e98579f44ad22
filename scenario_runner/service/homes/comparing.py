"""Whether two files have the same data set, whatever stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.outcomes import Arrived

_PIECE: Final = 1 << 20


def same_end(one: Path, other: Path, size: int) -> bool:
    """Whether the last bytes of two files, which are their data sets, are equal."""
    try:
        with one.open("rb") as first, other.open("rb") as second:
            first.seek(-size, 2)
            second.seek(-size, 2)
            while piece := first.read(_PIECE):
                if piece != second.read(_PIECE):
                    return False
    except OSError:
        return False
    return True


def same_data(one: Arrived, other: Arrived) -> bool:
    """Whether two files that were taken in have the same data set in the same transfer syntax."""
    alike = (one.size, one.meta.transfer_syntax_uid) == (other.size, other.meta.transfer_syntax_uid)
    return alike and same_end(one.written, other.written, one.size)
