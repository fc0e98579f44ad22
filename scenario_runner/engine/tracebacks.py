"""Where code of a plugin or library threw something, as evidence."""

from __future__ import annotations

import traceback
from contextlib import suppress

from scenario_runner.api import StepContext


def keep_traceback(context: StepContext, error: BaseException, title: str) -> None:
    """Attach it, as far as it can be kept."""
    with suppress(BaseException):  # the error's own text is outside code; what counts is said
        text = "".join(traceback.format_exception(error))
        data = text.encode("utf-8", "replace")
        context.attach("traceback.txt", data, media_type="text/plain", title=title)
