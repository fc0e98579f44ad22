"""What C libraries print past Python: known words that say nothing are taken out, and all else comes through."""

from __future__ import annotations

import contextlib
import os
from tempfile import TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STANDARD_ERROR: Final = 2
_ONE = Lock()


@contextlib.contextmanager
def without_line(*lines: bytes) -> Iterator[None]:
    """Hold standard error back meanwhile; then it gets what was written, by whoever, but for these lines."""
    with _ONE, contextlib.ExitStack() as stack:
        try:
            kept = os.dup(_STANDARD_ERROR)
        except OSError:  # closed, as that of a service may be
            yield
            return
        stack.callback(os.close, kept)
        held = stack.enter_context(TemporaryFile())
        os.dup2(held.fileno(), _STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            held.seek(0)
            rest = [
                one for one in held.read().splitlines(keepends=True) if one.strip() not in lines
            ]
            if rest:
                os.write(kept, b"".join(rest))
