"""What answering a request takes, whatever the request is: the desk, and words all services share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.association import Served
from scenario_runner.ul.messages import Message

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.pacs.merged_patients import MergedPatients
    from scenario_runner.pacs.misbehaviour import Misbehaviour
    from scenario_runner.pacs.options import PacsOptions
    from scenario_runner.pacs.performed_steps import PerformedSteps
    from scenario_runner.pacs.reports import Reports
    from scenario_runner.ul.contexts import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What answering takes besides the association."""

    archive: Archive
    options: PacsOptions
    ae_title: str
    worklist: Path
    """The folder of worklist items."""
    ordered: Callable[[], Mapping[str, bytes | None]]
    """Items of that folder whose files are not as they should be yet, by name; None for one that is to go."""
    steps: PerformedSteps
    misbehaviour: Misbehaviour
    merged: MergedPatients
    """Patients that were merged into others by message."""
    reports: Reports
    """Storage commitments that are to be told on a later association."""
    stopping: threading.Event
    """Set when the PACS stops."""
    later: Callable[[Callable[[], None]], None]
    """Does something in a thread of its own, which the PACS waits for when it stops."""


Handler = Callable[[Desk, Served, Message], None]


def is_relational(desk: Desk, context: Context) -> bool:
    """Whether unique keys above the level may be left out (PS3.4 C.5.1.1)."""
    return desk.options.relational_queries or any(context.extended[:1])


def has_periods(context: Context) -> bool:
    """Whether a range of dates and one of times are one period: only when negotiated (PS3.4 C.5.1.1)."""
    return any(context.extended[1:2])


def comment(problem: object) -> str:
    """An Error Comment (LO, 64 characters of ASCII)."""
    return " ".join(str(problem).split()).encode("ascii", "replace").decode("ascii")[:64]
