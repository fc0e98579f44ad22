"""Branches of a ``parallel``: each in a thread of its own, waited for to the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from scenario_runner.dicom.loading import load_data_sets
from scenario_runner.engine.services import Services
from scenario_runner.engine.step import Ending, from_thrown
from scenario_runner.language.entries import StepEntry

_LOOKS = 0.1
"""Seconds between two looks for Ctrl-C."""

Branch = Sequence[StepEntry]
Ended = tuple[Ending, str]
"""How a branch ended, and why the steps after it are skipped, if they are."""


def beside(
    branches: Sequence[Branch], work: Callable[[Branch], Ended], services: Services
) -> list[Ended]:
    """What ``work`` returns for each branch, in their order, when the last of them is over.

    Ctrl-C stops the run, and each branch ends within the grace of its steps. Raises nothing.
    """
    found: list[Ended] = [(Ending("skipped", ""), "")] * len(branches)

    def run(place: int) -> None:
        try:
            found[place] = work(branches[place])
        except BaseException as error:  # noqa: BLE001 - the branches beside it go on
            first = branches[place][0].id
            ending = from_thrown(f"step '{first}'", error, services)
            found[place] = (ending, f"step '{first}' did not pass")

    load_data_sets()
    threads = [
        threading.Thread(target=run, args=(place,), name=f"fabricate-branch-{place + 1}")
        for place in range(len(branches))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join(_LOOKS)
            except KeyboardInterrupt:
                services.bus.interrupt()
    return found
