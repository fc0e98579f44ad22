"""Retrieved files beside what was sent, one pair at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.api import Difference, Retrieved, StepContext

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
    context: StepContext, retrieved: Retrieved, differences: list[Difference]
) -> Iterator[Pair]:
    """Pairs in plan order; what is only on one side goes to ``differences``."""
    sent = {
        item.status.sop_instance_uid: item.image
        for item in context.ledger.sent(retrieved.target)
        if item.stored
    }
    studies = {image.series.study.uid for uid, image in sent.items() if uid in retrieved.files}
    for uid, image in sent.items():
        # A retrieval of one study is not expected to bring the others.
        if uid not in retrieved.files and image.series.study.uid in studies:
            differences.append(_missing(image.id, "sent", "not retrieved"))
    differences += [
        _missing(uid, "not sent by this case", "retrieved")
        for uid in retrieved.files
        if uid not in sent
    ]
    both = (image for uid, image in sent.items() if uid in retrieved.files)
    for done, instance in enumerate(context.instances(both), start=1):
        assert instance.image is not None
        context.deadline.check()
        context.progress(done, len(retrieved))
        yield Pair(instance.image, instance.dataset(), retrieved.files[instance.sop_instance_uid])


def _missing(subject: str, expected: str, actual: str) -> Difference:
    return Difference(subject=subject, attribute="SOPInstanceUID", expected=expected, actual=actual)
