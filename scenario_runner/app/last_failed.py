"""The cases that did not pass in the last run."""

from __future__ import annotations

import json
from pathlib import Path

from scenario_runner.errors import NothingSelected

_RECORD = "run.json"


def last_failed(runs: Path) -> frozenset[str]:
    """Ids of the cases that failed or ended in an error in the newest run below a folder.

    Raises NothingSelected where there is no run, or where all of them passed.
    """
    folders = [path.parent for path in runs.glob(f"*/{_RECORD}")]
    for folder in sorted(folders, key=lambda path: path.name, reverse=True):
        try:
            cases = json.loads((folder / _RECORD).read_text("utf-8"))["cases"]
            failed = {one["id"] for one in cases if one["outcome"] not in ("passed", "skipped")}
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if not failed:
            raise NothingSelected(f"nothing failed in the last run, {folder}")
        return frozenset(failed)
    raise NothingSelected(f"there is no run in '{runs}'", hint="run without --last-failed first")
