"""The step ``send``: C-STORE, with every instance's status kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from scenario_runner.api import (
    Selection,
    SentInstance,
    Step,
    StepContext,
    StepResult,
    StoreOptions,
    StoreStatus,
    TargetName,
    status_class,
)
from scenario_runner.imaging.instance import Instance
from scenario_runner.planning.plan import PlannedImage


class Send(Step):
    """Send instances to a PACS with C-STORE (PS3.4 annex B) and keep each one's status.

    Fails unless every instance was stored; a warning status counts as stored. ``save_as`` gives a
    list of ``{sop_instance_uid, status, class, comment}``.
    """

    name: ClassVar[str] = "send"
    example: ClassVar[str] = "send: {to: pacs}"

    to: TargetName
    """The PACS to send to."""
    via: Literal["c-store"] | None = None
    """How; C-STORE is the only way so far."""
    what: Selection | None = None
    """A selection saved by ``generate``; by default everything generated."""
    associations: Annotated[int, Field(ge=1, le=64)] = 1
    """How many associations at once."""
    rate: Annotated[float, Field(gt=0)] | None = None
    """At most so many instances a second."""
    order: Literal["plan", "reverse", "random"] = "plan"
    """In which order the series are sent; ``random`` is the same again for the same seed."""
    expect: Literal["success", "failure", "any"] = "success"
    """What makes the step pass: all stored, none stored (a negative test), or any answer."""

    def run(self, context: StepContext) -> StepResult:
        """Stream the instances out and count the answers."""
        target = context.target(self.to)
        images = _Ordered(context, self.what, self.order)
        statuses: list[dict[str, Any]] = []
        context.capture(statuses)
        started = perf_counter()
        under_way: dict[str, list[PlannedImage]] = {}
        options = StoreOptions(
            contexts=images.contexts(), associations=self.associations, rate=self.rate
        )
        feed = _feed(context, images, under_way)
        for status in target.store(feed, options, context.deadline):
            image = under_way[status.sop_instance_uid].pop(0)
            context.ledger.record(SentInstance(image, self.to, status))
            statuses.append(_plain(status))
            context.progress(len(statuses), images.total)
        seconds = perf_counter() - started
        return self._judge(statuses, images.total, seconds)

    def _judge(self, statuses: list[dict[str, Any]], total: int, seconds: float) -> StepResult:
        classes = Counter(status["class"] for status in statuses)
        stored = classes["success"] + classes["warning"]
        ok = {"success": stored == total, "failure": stored == 0, "any": True}[self.expect]
        message = f"{stored} of {total} stored in {seconds:.2f} s"
        if self.expect == "failure" and not ok:
            message += ", though none should have been"
        if classes["warning"]:
            message += f", {classes['warning']} with a warning"
        if stored < total and (
            bad := next((s for s in statuses if s["class"] not in _STORED), None)
        ):
            message += f"; first problem: {bad['status'] or 'no answer'} {bad['comment']}".rstrip()
        return StepResult(
            outcome="passed" if ok and total else "failed",
            message=message if total else "there was nothing to send",
            value=statuses,
            facts={
                "instances": total,
                "stored": stored,
                "statuses": dict(Counter(s["status"] or "no answer" for s in statuses)),
                "problems": [s for s in statuses if s["class"] not in _STORED][:20],
                "instances_per_second": round(total / seconds, 1) if seconds else None,
            },
        )


_STORED = ("success", "warning")


class _Ordered:
    """The selected images, whole series at a time, in the order asked for."""

    def __init__(self, context: StepContext, what: str | None, order: str) -> None:
        self._series = list(context.selection(what))
        if order == "reverse":
            self._series.reverse()
        elif order == "random":
            context.random.shuffle(self._series)
        self.total = sum(series.image_count for series in self._series)

    def __iter__(self) -> Iterator[PlannedImage]:
        return (image for series in self._series for image in series.images)

    def contexts(self) -> list[tuple[str, str]]:
        """Each (SOP class, transfer syntax) once."""
        return list(dict.fromkeys((s.sop_class_uid, s.transfer_syntax_uid) for s in self._series))


def _feed(
    context: StepContext, images: _Ordered, under_way: dict[str, list[PlannedImage]]
) -> Iterator[Instance]:
    for instance in context.instances(iter(images)):
        assert instance.image is not None
        if instance.image.number == 1:
            context.preview(instance)
        # A list, for a negative test may use one SOP instance UID twice.
        under_way.setdefault(instance.sop_instance_uid, []).append(instance.image)
        yield instance


def _plain(status: StoreStatus) -> dict[str, Any]:
    return {
        "sop_instance_uid": status.sop_instance_uid,
        "status": None if status.status is None else f"{status.status:04X}",
        "class": status_class(status.status),
        "comment": status.comment,
        "maybe_stored": status.maybe_stored,
    }
