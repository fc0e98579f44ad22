"""What else a PACS serves: commitment, worklist and MPPS; and when what it stores can be found."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Final

from scenario_runner.answers import DELIVERIES
from scenario_runner.app.learning.asking import short
from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.dicom.sop_classes import MODALITY_WORKLIST, MPPS
from scenario_runner.dicom.syntaxes import IMPLICIT_LE
from scenario_runner.errors import NoAcceptedContext, TargetError

if TYPE_CHECKING:
    from scenario_runner.app.learning.asking import Asking

_PATIENCE: Final = 15.0
"""Seconds that a report of storage commitment may take."""
_MARGIN: Final = 3
"""So many times what a few small studies took is what is declared: real ones are larger."""
_SERVICES: Final = {"worklist": MODALITY_WORKLIST, "mpps": MPPS}


def learn_services(asking: Asking) -> Iterator[Finding]:
    """stored_within, commitment, worklist and mpps."""
    yield _stored(asking)
    if "commit" in asking.target.capabilities:
        yield _commitment(asking)
    if "mpps" in asking.target.capabilities:
        yield from _offered(asking)


def _stored(asking: Asking) -> Finding:
    after = asking.stored_after
    words = "not all after the time there was" if after is None else f"after {after:.1f} s"
    exchange = Exchange("whether all that was acknowledged is found", words)
    if after is None or asking.stored_at_once:
        note = "" if after is None else "at once"
        return Finding(subject="stored_within", value=None, note=note, evidence=[exchange])
    value = f"{ceil(after * _MARGIN)}s"
    return Finding(subject="stored_within", value=value, evidence=[exchange], at_least=True)


def _commitment(asking: Asking) -> Finding:
    image = asking.studies.latin.series[0].images[0]
    asked = "commitment of one image that is stored there"
    try:
        result = asking.target.commit(
            [(image.series.sop_class_uid, image.uid)], asking.deadline, patience=_PATIENCE
        )
    except TargetError as error:
        # One that takes the request and whose report we do not see has it, and may not know our receiver.
        value = "none" if isinstance(error, NoAcceptedContext) else None
        return Finding(subject="commitment", value=value, evidence=[Exchange(asked, short(error))])
    words = f"{len(result.committed)} committed, {len(result.failed)} failed, reported on {result.delivery}"
    value = next(name for name, one in DELIVERIES.items() if one == result.delivery)
    return Finding(
        subject="commitment", value=value, evidence=[Exchange(asked, words)], needless=True
    )


def _offered(asking: Asking) -> Iterator[Finding]:
    """By negotiation alone: nothing is put on a worklist, and no procedure step is told of."""
    pairs = {name: (uid, IMPLICIT_LE) for name, uid in _SERVICES.items()}
    accepted, trouble = asking.proposed(list(pairs.values()))
    for name, pair in pairs.items():
        outcome = asking.reasons.get(pair, trouble or "not answered")
        value = None
        if pair in asking.reasons:
            value = pair in accepted
        exchange = Exchange(f"{name} proposed, and nothing sent over it", outcome)
        yield Finding(subject=name, value=value, evidence=[exchange])
