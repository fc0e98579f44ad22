"""Which target it was: what every kind of target adds to an error of the wire."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from scenario_runner.errors import NoAcceptedContext, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def naming(target: str, not_offered: Callable[[], str] = str) -> Iterator[None]:
    """Put the target's name into errors that pass.

    not_offered: what to do where the peer does not offer what is asked of it.
    """
    try:
        yield
    except TargetError as error:
        error.target = error.target or target
        if isinstance(error, NoAcceptedContext):
            error.hint = error.hint or not_offered() or None
        raise
