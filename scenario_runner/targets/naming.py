"""Which target it was: what every kind of target adds to an error of the wire."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def naming(target: str) -> Iterator[None]:
    """Put the target's name into errors that pass."""
    try:
        yield
    except TargetError as error:
        error.target = error.target or target
        raise
