"""Planned images on their way to a PACS, one after the other, each with what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.steps.load.stored import Stored
from scenario_runner.steps.sent import ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.api import StepContext, StoreOptions, Target
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage


def streamed(
    context: StepContext,
    target: Target,
    images: Iterator[PlannedImage],
    options: StoreOptions,
    *,
    shown: bool = True,
) -> Iterator[Stored]:
    """Send one after the other as fast as it goes, or as ``rate`` says. shown: whether pictures are kept here."""
    under_way: dict[str, list[PlannedImage]] = {}
    feed = _feed(context, images, under_way, shown=shown)
    answers = target.store(feed, options, context.deadline)
    with ended(answers):
        for status in answers:
            uid = status.sop_instance_uid
            image = under_way[uid].pop(0)
            if not under_way[uid]:  # there may be a million
                del under_way[uid]
            yield Stored(image, status, {"modality": image.series.modality})


def _feed(
    context: StepContext,
    images: Iterator[PlannedImage],
    under_way: dict[str, list[PlannedImage]],
    *,
    shown: bool,
) -> Iterator[Instance]:
    for instance in context.instances(images):
        assert instance.image is not None
        if shown:
            context.preview(instance)
        # A list, for a negative test may use one SOP instance UID twice.
        under_way.setdefault(instance.sop_instance_uid, []).append(instance.image)
        yield instance
