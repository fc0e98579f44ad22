"""What the console's editor asks while somebody writes a scenario: completion and hover, as the language server has them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from scenario_runner.app.editing import Editing
from scenario_runner.app.served_runs import Wish

if TYPE_CHECKING:
    from scenario_runner.app.served_runs import ServedRuns
    from scenario_runner.language.editing.offering import Completions, Hover

_EXAMPLE = Wish(text="schema: scenario/v1\n")


class ServedEditing:
    """One for a server. What lies around a scenario is read when it is first asked for, and when the site file changes."""

    def __init__(self, served: ServedRuns) -> None:
        self._served = served
        self._lock = threading.Lock()
        self._editing: Editing | None = None
        self._stamp: tuple[int, int] | None = None

    def complete(self, text: str, offset: int) -> Completions:
        """What can stand at an offset of a text, in characters."""
        with self._lock:
            return self._now().complete(text, min(offset, len(text)))

    def hover(self, text: str, offset: int) -> Hover | None:
        """What is to be known of what stands there; None for nothing."""
        with self._lock:
            return self._now().hover(text, min(offset, len(text)))

    def _now(self) -> Editing:
        draft, stamp = self._served.draft(_EXAMPLE), None
        if draft.site is not None:
            try:
                found = draft.site.stat()
                stamp = (found.st_mtime_ns, found.st_size)
            except OSError:
                pass  # its trouble is told with the findings
        if self._editing is None or stamp != self._stamp:
            self._editing = Editing(draft.file, draft.around, draft.site)
            self._stamp = stamp
        return self._editing
