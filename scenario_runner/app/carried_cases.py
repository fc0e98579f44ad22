"""Cases that a run which repeats only the failed ones takes over as they were, events and evidence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from scenario_runner.app.folder import write_with
from scenario_runner.errors import of_the_machine
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.write import CARRIED, EVENTS


def keep_carried(folder: Path, repeated: Path, run: str, cases: Collection[str]) -> None:
    """Write what a run tells of cases into the folder of the run that repeats the others. Raises MachineError.

    run: its name. Each event says in ``run`` whose it is, which may be a run that was repeated before.
    """
    if not cases:
        return
    events = list(_told(repeated, run, cases))
    lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in events)
    write_with(folder / CARRIED, lambda stream: stream.writelines(lines))
    for event in events:
        if event.get("event") == "attached":
            _take_along(str(event.get("path")), repeated, folder)


def _told(repeated: Path, run: str, cases: Collection[str]) -> Iterator[Mapping[str, Any]]:
    if (repeated / CARRIED).exists():
        yield from (one for one in read_events(repeated / CARRIED) if one.get("case") in cases)
    for event in read_events(repeated / EVENTS):
        if event.get("case") in cases:
            yield {**event, "run": run}


def _take_along(name: str, repeated: Path, folder: Path) -> None:
    """Copy a file of evidence to where it lay; one that is not there, or not below the run, is left out."""
    parts = PurePosixPath(name).parts
    source = repeated.joinpath(*parts)
    if parts[:1] != ("evidence",) or ".." in parts or not source.is_file() or source.is_symlink():
        return
    try:
        folder.joinpath(*parts).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder.joinpath(*parts))
    except OSError as error:
        raise of_the_machine(f"cannot copy '{source}'", error) from error
