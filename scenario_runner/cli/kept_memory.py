"""Memory that a command asks the system for once and not for every picture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""Numbers of glibc's ``mallopt``."""
_BLOCKS: Final = (1 << 28, 1 << 25)
"""Bytes up to which a block is kept: the first that is taken, for an older glibc takes no more than 32 MiB (mallopt(3))."""
_KEPT: Final = 1 << 29
"""Bytes that stay free at the end of the heap."""


def keep_memory() -> None:
    """What is freed stays with the process, for all its threads; nothing where the C library is another one.

    A radiograph is twenty megabytes that are made several times over on its way, by threads of which each would have
    a heap of its own: the system would clear new pages each time, which took a tenth of the processor of a small run.
    For commands that end, not for servers.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        set_options(mallopt)


def set_options(mallopt: Callable[[int, int], int]) -> None:
    """Tell the C library. mallopt: of an option and its value, gives 0 for what it does not take."""
    # To set the other threshold alone would hold this one to its 128 KiB, where it grows by itself.
    if any(mallopt(_M_MMAP_THRESHOLD, size) for size in _BLOCKS):
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
    mallopt(_M_ARENA_MAX, 1)
