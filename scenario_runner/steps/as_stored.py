"""What is not asked for in another transfer syntax than it is stored in, for the PACS gives out nothing otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.api import StepResult
from scenario_runner.api.accepted import LeftOut, sentence
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.retrieve_keys import Keys, listed
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import Asked, StepContext
    from scenario_runner.planning.plan import PlannedSeries


@dataclass(frozen=True, slots=True)
class AsStored:
    """Series of a case that a PACS has in another transfer syntax than the one that is asked for."""

    left_out: Sequence[LeftOut] = ()
    others: Sequence[PlannedSeries] = ()
    """Those that it has in that one."""

    def remaining(self, requests: Sequence[Keys]) -> list[Keys]:
        """The unique keys of retrievals without those series: a request of some of its series is one for each of them."""
        return [one for keys in requests for one in self._remaining(keys)]

    def _remaining(self, keys: Keys) -> list[Keys]:
        left = [one.series for one in self.left_out if _covers(keys, one.series)]
        if not left:
            return [keys]
        if "SOPInstanceUID" in keys:
            gone = {image.uid for one in left for image in one.images}
            return _without(keys, "SOPInstanceUID", gone)
        if "SeriesInstanceUID" in keys:
            return _without(keys, "SeriesInstanceUID", {one.uid for one in left})
        rest = [one for one in self.others if _covers(keys, one)]
        return [{"StudyInstanceUID": one.study.uid, "SeriesInstanceUID": one.uid} for one in rest]

    def asked(self, asked: Asked) -> Asked:
        """The same retrieval, of which those series are not to come."""
        gone = {one.series.id for one in self.left_out}
        sent = {uid: one for uid, one in asked.sent.items() if one.image.series.id not in gone}
        return dataclasses.replace(asked, sent=sent, held=asked.held & sent.keys())

    @property
    def nothing(self) -> StepResult:
        """What the step comes to when all is left out."""
        facts = {"instances": 0, **self._facts()}
        return StepResult(
            outcome="skipped", message=sentence(self.left_out), facts=facts, absent=True
        )

    def told(self, result: StepResult) -> StepResult:
        """The result with what was left out."""
        if not self.left_out:
            return result
        message = f"{result.message}; {sentence(self.left_out)}"
        return dataclasses.replace(result, message=message, facts={**result.facts, **self._facts()})

    def _facts(self) -> Mapping[str, Any]:
        return {"left_out": [one.plain() for one in self.left_out]}


def as_stored(context: StepContext, name: str, syntax: str | None) -> AsStored:
    """What to leave out when a target is asked for one transfer syntax (UID) alone; of None nothing, as without ``transcodes: false``."""
    if syntax is None or context.target(name).expects.transcodes:
        return AsStored()
    stored: dict[str, tuple[PlannedSeries, str]] = {}
    for one in context.ledger.expected(name):
        series = one.image.series
        stored[series.id] = series, one.status.sent_as or series.transfer_syntax_uid
    left = [
        LeftOut(series, f"'{name}' gives out {uid_name(own)} as it is stored (expects.transcodes)")
        for series, own in stored.values()
        if own != syntax
    ]
    return AsStored(left, [series for series, own in stored.values() if own == syntax])


def _covers(keys: Keys, series: PlannedSeries) -> bool:
    own = {
        "PatientID": [series.study.patient.patient_id],
        "StudyInstanceUID": [series.study.uid],
        "SeriesInstanceUID": [series.uid],
    }
    return all(set(listed(keys.get(key))) & set(mine) for key, mine in own.items() if key in keys)


def _without(keys: Keys, key: str, gone: set[str]) -> list[Keys]:
    rest = [uid for uid in listed(keys[key]) if uid not in gone]
    return [{**keys, key: rest[0] if len(rest) == 1 else rest}] if rest else []
