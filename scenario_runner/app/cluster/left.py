"""What a run on a cluster left in its ledger when its client ended before it had taken everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.registry.location import DatabaseUrl

if TYPE_CHECKING:
    from scenario_runner.database.location import Location

LEDGER_FILE: Final = "ledger.sqlite3"
"""In the run folder, where no registry on a server is named; it goes when the record is whole."""


def left_in_ledger(folder: Path, run: str, registry: Location | None) -> Iterator[dict[str, Any]]:
    """What workers told of a run's instances, for whoever goes on from it; they send nothing further.

    registry: where the ledger is when it is a server. Raises MachineError.
    """
    places: list[Location] = [(folder / LEDGER_FILE).resolve()]
    if isinstance(registry, DatabaseUrl):
        places.append(registry)
    for place in places:
        if isinstance(place, Path) and not place.exists():
            continue
        # Most runs had no ledger, and a start shall not wait for what reads one.
        from scenario_runner.app.cluster.known import told_in_ledger
        from scenario_runner.app.cluster.ledger import BELOW, CLOSED, RunLedger

        with RunLedger(place, run) as ledger:
            parts = ledger.parts()
            if parts:
                # Workers outlive their client where the cluster is not its own.
                ledger.stop(CLOSED)
            # What a case did behind a send that was shared out, a deletion, undoes what its parts told.
            for case, of_case in groupby(parts, key=lambda part: part.partition(BELOW)[0]):
                yield from told_in_ledger(ledger, list(of_case), case)
