"""What a PACS takes and gives back: transfer syntaxes by instances in them, SOP classes by instances and by negotiation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from scenario_runner.amounts import amount
from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.app.learning.returned import not_returned
from scenario_runner.dicom.dictionary import uid_keyword
from scenario_runner.dicom.sop_classes import SECONDARY_CAPTURE, VL_ENDOSCOPIC, storage_classes
from scenario_runner.dicom.syntaxes import (
    PLAIN,
    RECEIVABLE,
    TRANSFER_SYNTAXES,
    transfer_syntax_name,
)

if TYPE_CHECKING:
    from scenario_runner.app.learning.asking import Asking
    from scenario_runner.planning.plan import PlannedSeries

_PIXELS: Final = (SECONDARY_CAPTURE, VL_ENDOSCOPIC + ".1")
"""SOP classes that transfer syntaxes are proposed for where no instance can be made in them; the second is of videos."""


def learn_taken(asking: Asking) -> Iterator[Finding]:
    """transfer_syntaxes and sop_classes: all that are taken, where any of ours is not."""
    yield _syntaxes(asking)
    yield _classes(asking)


def _syntaxes(asking: Asking) -> Finding:
    series = {
        transfer_syntax_name(one.transfer_syntax_uid): one for one in asking.studies.syntaxes.series
    }
    lost = not_returned(asking, asking.studies.syntaxes, series.values())
    taken = [name for name, one in series.items() if _is_taken(asking, one) and one.uid not in lost]
    evidence = [
        Exchange(f"a secondary capture in {name}", _told(asking, one, lost))
        for name, one in series.items()
    ]
    needless = len(taken) == len(series)
    others = [uid for uid in RECEIVABLE if uid not in TRANSFER_SYNTAXES.values()]
    if taken and not needless:
        accepted, words = asking.proposed([(kind, uid) for uid in others for kind in _PIXELS])
        also = [uid for uid in others if any((kind, uid) in accepted for kind in _PIXELS)]
        taken += [uid_keyword(uid) or uid for uid in also]
        asked = f"{amount(len(others), 'other transfer syntax')} proposed"
        evidence.append(Exchange(asked, words or f"{len(also)} accepted"))
    return Finding(
        subject="transfer_syntaxes",
        value=taken or None,
        evidence=evidence,
        needless=needless,
        asked=[*series, *others],
    )


def _classes(asking: Asking) -> Finding:
    sent: dict[str, PlannedSeries] = {
        series.sop_class_uid: series
        for study in (asking.studies.kinds, asking.studies.latin)
        for series in study.series
    }
    lost = not_returned(asking, asking.studies.kinds, asking.studies.kinds.series)
    evidence = [
        Exchange(f"an instance of {uid_keyword(uid)}", _told(asking, one, lost))
        for uid, one in sent.items()
    ]
    refused = [uid for uid, one in sent.items() if not _is_taken(asking, one) or one.uid in lost]
    if len(refused) == len(sent):
        return Finding(subject="sop_classes", value=None, evidence=evidence)
    others = [uid for uid in storage_classes() if uid not in sent]
    taken = [uid for uid in sent if uid not in refused]
    if refused:
        accepted, words = asking.proposed([(uid, syntax) for uid in others for syntax in PLAIN])
        also = [uid for uid in others if any((uid, syntax) in accepted for syntax in PLAIN)]
        taken += also
        asked = f"{amount(len(others), 'other storage SOP class')} proposed"
        evidence.append(Exchange(asked, words or f"{len(also)} accepted"))
    return Finding(
        subject="sop_classes",
        value=[uid_keyword(uid) or uid for uid in taken],
        evidence=evidence,
        needless=not refused,
        asked=[uid_keyword(uid) or uid for uid in (*sent, *others)],
    )


def _told(asking: Asking, series: PlannedSeries, lost: Mapping[str, str]) -> str:
    """What became of the first image of a series, also afterwards."""
    return ", but ".join(filter(None, (asking.told(series), lost.get(series.uid))))


def _is_taken(asking: Asking, series: PlannedSeries) -> bool:
    status = asking.status(series)
    return status is not None and status.stored
