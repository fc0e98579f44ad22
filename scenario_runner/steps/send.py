"""The step ``send``: C-STORE or STOW-RS, with every instance's status kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import (
    Selection,
    SentInstance,
    Step,
    StepContext,
    StepResult,
    StoreOptions,
    StoreStatus,
    Target,
    TargetName,
    is_of,
)
from scenario_runner.api.accepted import LeftOut, not_taken
from scenario_runner.api.accepted import sentence as left_out_sentence
from scenario_runner.api.timing import operation
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.errors import FabricatorError
from scenario_runner.imaging.instance import Instance
from scenario_runner.language.quantities import Rate
from scenario_runner.planning.plan import PlannedImage, PlannedSeries
from scenario_runner.steps.problems import in_words, problems, sentence


class Send(Step):
    """Send instances to a PACS with C-STORE (PS3.4 annex B) or STOW-RS (PS3.18 10.5).

    Every instance's status is kept. Fails unless every instance was stored; a warning status counts
    as stored. ``save_as`` gives a list of ``{sop_instance_uid, status, class, comment}``, over
    DICOMweb also ``http`` (the status code) and ``retrieve_url``. STOW-RS gives reasons in the codes
    of C-STORE; an HTTP failure without a reason is 0110, and A700 for 413 and 503.

    A rerun sends only what the run it repeats saw no acknowledgement for; what it did is listed with
    ``earlier``, the run that sent it.

    What the site file says the PACS does not take (``expects: {transfer_syntaxes, sop_classes}``) is left out, and
    told series by series; when nothing is left, the step and the case are skipped. With another ``expect`` than
    ``accepted``, ``success`` or ``warning``, or beside ``fails``, everything is tried.
    """

    name: ClassVar[str] = "send"
    selects: ClassVar[bool] = True
    example: ClassVar[str] = "send: {to: pacs}"

    to: TargetName
    """The PACS to send to."""
    via: Literal["c-store", "stow"] | None = Field(default=None, json_schema_extra={"x-way": True})
    """How; by default C-STORE where the target has a ``dicom`` service, else STOW-RS."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default everything generated."""
    associations: Annotated[int, Field(ge=1, le=64)] = 1
    """How many associations, or HTTP connections, at once."""
    rate: Rate | None = None
    """At most so many instances a second."""
    resumes: Annotated[int, Field(ge=0, le=100)] = 0
    """How often in a row a broken association is opened again for what was not acknowledged."""
    on_abort: Literal["stop", "next"] = "stop"
    """When the peer ends the association: ``stop``, or give that instance up and send the ``next``."""
    transcode: bool = True
    """Over DIMSE, offer the default transfer syntax (Implicit VR Little Endian) beside the stored one, and send
    what is not lossy compressed in it where it alone was accepted (PS3.5 10.1); the report says so."""
    order: Literal["plan", "reverse", "random"] = "plan"
    """In which order the series are sent; ``random`` is the same again for the same seed."""
    expect: Literal["accepted", "success", "warning", "failure", "unknown", "any"] = "accepted"
    """What every instance has to be answered with, in the words of the check ``status``: ``accepted`` is
    success or a warning, both of which mean that it is stored; ``failure`` an answer that refuses it,
    for a negative test; ``unknown`` no answer at all, also since the association was lost, after which the
    next instance is sent; ``any`` takes whatever comes."""

    def run(self, context: StepContext) -> StepResult:
        """Stream the instances out and count the answers."""
        target = context.target(self.to).by(self.via)
        images = _Ordered(context, self.what, self.order)
        left_out = self._leave_out(context, target, images)
        context.ledger.intend(context.step_id, self.to, images.series)
        if left_out and not images.series:
            return StepResult(
                outcome="skipped",
                message=left_out_sentence(left_out),
                value=[],
                facts={"instances": 0, "left_out": [one.plain() for one in left_out]},
                moot=not context.ledger.held(self.to),
            )
        statuses: list[dict[str, Any]] = []
        context.capture(statuses)
        repeated = _Repeated(context, self.to)
        statuses += map(_plain, repeated.acknowledged(images))
        name = operation(target, "c-store", "stow")
        started = perf_counter()
        under_way: dict[str, list[PlannedImage]] = {}
        associations: list[Mapping[str, Any]] = []
        options = StoreOptions(
            contexts=images.contexts(),
            associations=self.associations,
            rate=context.rate(self.rate),
            resumes=self.resumes,
            skips=self.on_abort == "next" or self.expect == "unknown",
            opened=associations.append,
            transcode=self.transcode,
        )

        def facts() -> dict[str, Any]:
            seconds = perf_counter() - started
            facts = _facts(statuses, images.total, seconds, associations)
            if left_out:
                facts["left_out"] = [one.plain() for one in left_out]
            return facts

        try:
            if len(statuses) < images.total:
                left = context.offered(repeated.left(images), self.to)
                feed = _feed(context, left, under_way)
                for status in target.store(feed, options, context.deadline):
                    image = under_way[status.sop_instance_uid].pop(0)
                    sent = repeated.note(image, status)
                    statuses.append(_plain(sent))
                    context.took(
                        name,
                        status.seconds if status.status is not None else None,
                        failed=not sent.stored,
                        labels={"modality": image.series.modality},
                    )
                    context.progress(len(statuses), images.total)
        except FabricatorError:
            context.capture(statuses, facts(), _how_far(facts()))
            raise
        result = self._judge(statuses, images.total, perf_counter() - started, facts())
        if not left_out:
            return result
        message = f"{result.message}; {left_out_sentence(left_out)}"
        return dataclasses.replace(result, message=message)

    def _leave_out(
        self, context: StepContext, target: Target, images: _Ordered
    ) -> Sequence[LeftOut]:
        """Take out what the PACS is known not to take, unless that is what shall be seen."""
        if context.is_to_fail or self.expect not in ("accepted", "success", "warning"):
            return ()
        transcode = self.transcode and "c-store" in target.ways
        reason = not_taken(self.to, target.expects, transcode=transcode)
        left_out = [
            LeftOut(series, why)
            for series in images.series
            if (why := reason(series.sop_class_uid, series.transfer_syntax_uid))
        ]
        images.leave_out([one.series for one in left_out])
        context.ledger.leave_out(self.to, [one.series for one in left_out])
        for one in left_out[:_TOLD]:
            count = amount(one.series.image_count, "instance")
            context.log(f"left out: {one.series.id} ({count}), {one.reason}")
        return left_out

    def _judge(
        self, statuses: list[dict[str, Any]], total: int, seconds: float, facts: dict[str, Any]
    ) -> StepResult:
        classes = Counter(status["class"] for status in statuses)
        stored = classes["success"] + classes["warning"]
        fitting = sum(count for kind, count in classes.items() if is_of(kind, self.expect))
        ok = self.expect == "any" or fitting == total
        message = f"{stored} of {total} stored in {seconds:.2f} s"
        if earlier := facts.get("acknowledged_earlier"):
            message += ", " + ", ".join(
                f"{count} of them already in {run}" for run, count in earlier["runs"].items()
            )
        if recoded := facts.get("sent_as"):
            message += ", " + ", ".join(f"{n} sent as {name}" for name, n in recoded.items())
            message += ", which alone was accepted"
        if self.expect == "failure" and stored:
            message += ", though none should have been"
        if self.expect not in ("accepted", "any") and not ok:
            others = ", ".join(f"{count} {kind}" for kind, count in sorted(classes.items()))
            message += f"; not every answer is '{self.expect}': {others}"
        if classes["warning"]:
            message += f", {classes['warning']} with a warning"
        message += sentence(facts["problems"])
        return StepResult(
            outcome="passed" if ok and total else "failed",
            message=message if total else "there was nothing to send",
            value=statuses,
            facts=facts,
            reasons=in_words(facts["problems"]),
        )


_TOLD = 100
"""Series that were left out, of which each is told in a line of its own; all are in the facts."""
_STORED = ("success", "warning")
_DUPLICATES = (statuses.DUPLICATE_SOP_INSTANCE, 0xB00E)
"""What a duplicate is refused with, by some STOW-RS servers with the reason 45070."""


def _facts(
    statuses: list[dict[str, Any]],
    total: int,
    seconds: float,
    associations: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What the report says of a send, however it ended."""
    stored = sum(1 for status in statuses if status["class"] in _STORED)
    earlier = [status["earlier"] for status in statuses if status.get("earlier")]
    sent = len(statuses) - len(earlier)
    facts: dict[str, Any] = {
        "instances": total,
        "stored": stored,
        "maybe_stored": sum(1 for status in statuses if status["maybe_stored"]),
        "not_sent": total - sum(1 for s in statuses if s["status"] or s["maybe_stored"]),
        "statuses": dict(Counter(s["status"] or "no answer" for s in statuses)),
        "problems": problems(s for s in statuses if s["class"] not in _STORED),
        "instances_per_second": round(sent / seconds, 1) if seconds and sent else None,
        # All are proposed the same contexts, so one stands for all.
        "association": _shared(associations),
        "associations": len(associations),
    }
    if recoded := Counter(uid_name(s["sent_as"]) for s in statuses if s.get("sent_as")):
        facts["sent_as"] = dict(recoded)
    if earlier:
        facts["acknowledged_earlier"] = {"instances": len(earlier), "runs": dict(Counter(earlier))}
    return facts


def _shared(associations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first association, with what was noted of any of them."""
    if not associations:
        return {}
    noted = dict.fromkeys(note for one in associations for note in one.get("notes", ()))
    return {**associations[0], "notes": list(noted)}


def _how_far(facts: dict[str, Any]) -> str:
    """``4 of 20 stored, 1 perhaps, 15 not sent``; the parts add up."""
    counts = {"perhaps": facts["maybe_stored"], "not sent": facts["not_sent"]}
    refused = facts["instances"] - facts["stored"] - sum(counts.values())
    parts = [f"{count} {what}" for what, count in {"refused": refused, **counts}.items() if count]
    return ", ".join([f"{facts['stored']} of {facts['instances']} stored", *parts])


class _Repeated:
    """What a rerun knows of the run it repeats: what need not be sent, and what may be there.

    In a run that repeats none it knows nothing and everything is sent.
    """

    def __init__(self, context: StepContext, target: str) -> None:
        self._context = context
        self._target = target
        self._done: set[str] = set()

    def acknowledged(self, images: Iterable[PlannedImage]) -> Iterator[SentInstance]:
        """Note and yield what was acknowledged then."""
        for image in images:
            earlier = self._context.sent_earlier(image, self._target)
            if earlier is not None and earlier.stored:
                self._done.add(image.id)
                yield self._context.known(image, self._target, earlier)

    def left(self, images: Iterable[PlannedImage]) -> Iterator[PlannedImage]:
        """What is to be sent now."""
        return (image for image in images if image.id not in self._done)

    def note(self, image: PlannedImage, status: StoreStatus) -> SentInstance:
        """Note the answer; a PACS that has the instance since then, unanswered, may refuse it."""
        if status.status in _DUPLICATES and status.kind == "failure":
            earlier = self._context.sent_earlier(image, self._target)
            if earlier is not None and earlier.doubtful:
                return self._context.sent(image, self._target, status, earlier=earlier.run)
        return self._context.sent(image, self._target, status)


class _Ordered:
    """The selected images, whole series at a time, in the order asked for."""

    def __init__(self, context: StepContext, what: str | None, order: str) -> None:
        self.series = list(context.selection(what))
        if order == "reverse":
            self.series.reverse()
        elif order == "random":
            context.random.shuffle(self.series)
        self.total = sum(series.image_count for series in self.series)

    def leave_out(self, series: Iterable[PlannedSeries]) -> None:
        """Do not send these."""
        gone = {one.id for one in series}
        self.series = [one for one in self.series if one.id not in gone]
        self.total = sum(series.image_count for series in self.series)

    def __iter__(self) -> Iterator[PlannedImage]:
        return (image for series in self.series for image in series.images)

    def contexts(self) -> list[tuple[str, str]]:
        """Each (SOP class, transfer syntax) once."""
        return list(dict.fromkeys((s.sop_class_uid, s.transfer_syntax_uid) for s in self.series))


def _feed(
    context: StepContext, images: Iterator[PlannedImage], under_way: dict[str, list[PlannedImage]]
) -> Iterator[Instance]:
    for instance in context.instances(images):
        assert instance.image is not None
        if instance.image.index == 0:
            context.preview(instance)
        # A list, for a negative test may use one SOP instance UID twice.
        under_way.setdefault(instance.sop_instance_uid, []).append(instance.image)
        yield instance


def _plain(sent: SentInstance) -> dict[str, Any]:
    status = sent.status
    plain: dict[str, Any] = {
        "sop_instance_uid": status.sop_instance_uid,
        "status": None if status.status is None else f"{status.status:04X}",
        "class": status.kind,
        "comment": status.comment,
        "maybe_stored": status.maybe_stored,
    }
    if status.sent_as:
        plain["sent_as"] = status.sent_as
    if status.http is not None:
        plain |= {"http": status.http, "retrieve_url": status.retrieve_url}
    if sent.earlier is not None:
        plain["earlier"] = sent.earlier
        if not status.stored:
            plain["class"] = "warning"
            plain["comment"] = f"it is there from {sent.earlier}, whose answer was lost"
    return plain
