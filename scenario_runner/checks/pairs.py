"""Retrieved files beside what was sent, one pair at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.api import Asked, Difference, Differences, Retrieved, SentInstance, StepContext
from scenario_runner.checks.asked import asked_for, chosen
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedImage


@dataclass(frozen=True, slots=True)
class Pair:
    """One instance as it was sent, built again from the plan, and as it came back."""

    image: PlannedImage
    sent: Dataset
    file: Path

    def received(self) -> Dataset:
        """The retrieved file. Raises InvalidDicomError for something that is no DICOM file."""
        from scenario_runner.dicom.datasets import read_file

        return read_file(self.file)


def pairs(
    context: StepContext, retrieved: Retrieved, differences: Differences, what: str | None = None
) -> Iterator[Pair]:
    """Pairs in plan order; what is only on one side goes to ``differences``.

    what: a selection, which alone is compared and has to be there whole; by default what was asked for.
    """
    sent = context.ledger.ever() if retrieved.asked is None else retrieved.asked.sent
    expected = expected_of(context, retrieved.asked, retrieved.files, what, differences)
    for uid, one in expected.items():
        if uid not in retrieved.files:
            differences.append(_difference(one.image.id, "sent", "not retrieved"))
    compared: dict[str, PlannedImage] = {}
    for uid in retrieved.files:
        word = not_to_be_there(sent.get(uid))
        if word:
            subject = sent[uid].image.id if uid in sent else uid
            differences.append(_difference(subject, word, "retrieved"))
        elif what is None or uid in expected:
            compared[uid] = sent[uid].image
    both = (one.image for uid, one in sent.items() if uid in compared)
    for done, instance in enumerate(context.instances(both, retrieved.target), start=1):
        assert instance.image is not None
        context.deadline.check()
        context.progress(done, len(compared))
        yield Pair(instance.image, instance.dataset(), retrieved.files[instance.sop_instance_uid])


def expected_of(
    context: StepContext,
    asked: Asked | None,
    came: Mapping[str, object],
    what: str | None,
    differences: Differences,
) -> dict[str, SentInstance]:
    """What ought to have come; of a selection, what was never sent goes to ``differences``."""
    sent = dict(context.ledger.ever()) if asked is None else asked.sent
    if what is not None:
        wanted = chosen(context, what)
        differences.extend(
            _difference(image.id, "sent", "not stored by anybody")
            for image in wanted.values()
            if not context.ledger.was_stored(image) and not context.ledger.is_left_out(image)
        )
        return {uid: one for uid, one in sent.items() if one.image.uid in wanted and one.stored}
    if asked is not None:
        return asked_for(context, asked)
    studies = {one.image.series.study.uid for uid, one in sent.items() if uid in came}
    return {
        uid: one
        for uid, one in sent.items()
        if one.stored and one.image.series.study.uid in studies
    }


def not_to_be_there(sent: SentInstance | None) -> str:
    """Why nobody should have an instance, in words; empty when this case sent it."""
    if sent is None:
        return "not sent by this case"
    if sent.stored or sent.status.maybe_stored:
        return ""
    return "refused" if sent.status.status is not None else "not sent"


def _difference(subject: str, expected: str, actual: str) -> Difference:
    return Difference(subject=subject, attribute="SOPInstanceUID", expected=expected, actual=actual)
