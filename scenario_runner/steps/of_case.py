"""What a case itself knows of what a retrieval asks for: nobody need be asked for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.api.get_contexts import Held, known
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.retrieve_keys import Keys, listed

if TYPE_CHECKING:
    from scenario_runner.api import StepContext
    from scenario_runner.planning.plan import PlannedSeries


def planned_of(context: StepContext, keys: Keys, only: str | None) -> list[Held] | None:
    """What this case has of the studies named; None unless it has all of them."""
    studies, series, images = (set(listed(keys.get(key))) for key in UIDS)
    of_them = [one for one in series_of(context) if one.study.uid in studies]
    if not studies or studies != {one.study.uid for one in of_them}:
        return None
    return [
        Held(one.study.uid, one.uid, image.uid, pairs, one.transfer_syntax_uid)
        for one in of_them
        if not series or one.uid in series
        for pairs in [known(one.sop_class_uid, one.transfer_syntax_uid, only)]
        for image in one.images
        if not images or image.uid in images
    ]


def series_of(context: StepContext) -> list[PlannedSeries]:
    """All that the case planned or imported."""
    return [*context.case.series(), *context.ledger.imported.values()]
