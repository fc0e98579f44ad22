"""What ends a thread of somebody else's code, told in a line: no step waits for it, and Python would print a traceback."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath

from scenario_runner.errors import described

LOGGER = logging.getLogger(__name__)


@contextmanager
def told_in_a_line(clean: Callable[[str], str]) -> Iterator[None]:
    """Within, a thread that ends by an exception is a warning of the log. clean: takes secrets out of it.

    Whoever has a hook of their own, as pytest has, keeps it.
    """
    if threading.excepthook is not threading.__excepthook__:
        yield
        return

    def tell(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is None or isinstance(ended.exc_value, SystemExit):
            return  # as Python has it
        frames = traceback.extract_tb(ended.exc_traceback)
        place = f" ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        said = clean(f"{described(ended.exc_value)}{place}")
        LOGGER.warning("a thread that no step waits for has ended: %s", said)

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = threading.__excepthook__
