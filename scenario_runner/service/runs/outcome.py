"""How a run ended, from the end of its event log, which is short to read however long the run was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from scenario_runner.service.runs.job_folder import LastWord

LOG: Final = "events.ndjson"
_LAST: Final = 1 << 16
"""Bytes in which the last event is found."""


def outcome_of(folder: Path, word: LastWord) -> tuple[str, str]:
    """The outcome that the record says and no message; or what kept it from getting so far, with its reason.

    folder: the run folder, which may not be there.
    """
    said = " ".join(part for part in (word.message, f"({word.hint})" if word.hint else "") if part)
    log = folder / LOG
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _LAST))
            lines = stream.read().splitlines()
    except OSError:
        return "refused", said or f"it ended with exit code {word.exit_code} before it began"
    for line in reversed(lines):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("event") == "run_finished":
            return str(event.get("outcome", "error")), said
        break
    return "error", said or f"it ended with exit code {word.exit_code} before all was done"
