"""The step ``send``: C-STORE or STOW-RS, with every instance's status kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    Saved,
    Selection,
    SentInstance,
    Step,
    StepContext,
    StepResult,
    StoreOptions,
    Target,
    TargetName,
    is_of,
)
from scenario_runner.api.accepted import LeftOut, not_taken
from scenario_runner.api.accepted import sentence as left_out_sentence
from scenario_runner.api.statuses import Statuses
from scenario_runner.api.timing import operation
from scenario_runner.errors import FabricatorError
from scenario_runner.language.loads import StudyLoad, most_offered
from scenario_runner.language.quantities import Rate, rate_of
from scenario_runner.planning.arrivals import seed_of
from scenario_runner.planning.plan import PlannedCase, PlannedImage
from scenario_runner.steps.duplicates import Duplicates, duplicates
from scenario_runner.steps.load.offers import foretold
from scenario_runner.steps.load.stored import Stored
from scenario_runner.steps.load.visible import watched
from scenario_runner.steps.problems import in_words, sentence
from scenario_runner.steps.sent import (
    Opened,
    Ordered,
    Repeated,
    ended,
    from_others,
    how_far,
    send_facts,
)
from scenario_runner.steps.streaming import streamed

if TYPE_CHECKING:
    from scenario_runner.api.sharing import SharedOut
    from scenario_runner.steps.load.sending import LoadedSend


class Send(Step):
    """Send instances to a PACS with C-STORE (PS3.4 annex B) or STOW-RS (PS3.18 10.5).

    Every instance's status is kept. Fails unless every instance was stored, or a later check ``errors`` says how many
    need not be; a warning status counts as stored. ``save_as`` gives a list of ``{sop_instance_uid, status, class, comment}``, over
    DICOMweb also ``http`` (the status code) and ``retrieve_url``. STOW-RS gives reasons in the codes
    of C-STORE; an HTTP failure without a reason is 0110, and A700 for 413 and 503.

    A rerun sends only what the run it repeats saw no acknowledgement for; what it did is listed with
    ``earlier``, the run that sent it.

    What it is sent again is to be refused where the site file says so (``expects: {duplicates: refused}``).

    What the site file says the PACS does not take (``expects: {transfer_syntaxes, sop_classes}``) is left out, and
    told series by series; when nothing is left, the step and the case are skipped. With another ``expect`` than
    ``accepted``, ``success`` or ``warning``, or beside ``fails``, everything is tried.
    """

    name: ClassVar[str] = "send"
    selects: ClassVar[bool] = True
    saves: ClassVar[frozenset[Saved] | None] = frozenset(["statuses"])
    measures: ClassVar[frozenset[str] | None] = frozenset(["C-STORE", "STOW-RS"])
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
    load: StudyLoad | None = None
    """When what is sent: arrivals at a rate, or associations that think in between; see the guide on load. Without it,
    one after the other as fast as it goes."""
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

    @model_validator(mode="after")
    def _load_stands_alone(self) -> Send:
        if self.load is not None and {"rate", "associations"} & self.model_fields_set:
            raise ValueError(
                "'load' says the rate and the associations: leave those of the step out"
            )
        return self

    @classmethod
    def most_per_second(cls, parameters: Any) -> float:
        """What its load offers of instances, or its ``rate``."""
        rate = rate_of(parameters.get("rate")) if isinstance(parameters, Mapping) else None
        return most_offered(StudyLoad, parameters) if rate is None else rate

    def foretell(self, case: PlannedCase, step_id: str) -> Mapping[str, Any]:
        """The load that will be offered, where all of the plan is sent."""
        if self.load is None or self.what not in (None, "all", "generated"):
            return {}
        return foretold(self.load, list(case.series()), seed_of(case.seed, case.id, step_id))

    def run(self, context: StepContext) -> StepResult:
        """Stream the instances out and count the answers."""
        target = context.target(self.to).by(self.via)
        images = Ordered(context, self.what, self.order)
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
        statuses = Statuses()
        again = duplicates(context, self.to, self.expect)
        context.capture(statuses)
        repeated = Repeated(context, self.to)
        for acknowledged in repeated.acknowledged(images):
            statuses.append(acknowledged)
        name = operation(target, "c-store", "stow")
        started = monotonic()
        associations = Opened()
        loaded: LoadedSend | None = None
        total = images.total
        if self.load is not None:
            from scenario_runner.steps.load.sending import LoadedSend

            options = self._options(context, images.contexts(), associations.add)
            loaded = LoadedSend(
                context, self.to, target, self.load, images.series, options, repeated.done
            )
            total = loaded.total

        def facts() -> dict[str, Any]:
            facts = send_facts(statuses, total, _since(started, loaded), associations)
            if loaded is not None:
                facts["load"] = loaded.facts()
            if left_out:
                facts["left_out"] = [one.plain() for one in left_out]
            return facts

        visible = watched(context, self.to)
        known, places = len(statuses), list[tuple[int, int]]()
        try:
            if len(statuses) < total:
                source = (
                    self._each(context, repeated, images, associations)
                    if loaded is None
                    else loaded.run()
                )
                with ended(source):
                    for stored in source:
                        sent = stored.sent or repeated.note(stored.image, stored.status)
                        statuses.append(sent)
                        places += images.place_of(stored)
                        context.took(
                            name,
                            sent.status.seconds if sent.status.status is not None else None,
                            failed=not sent.stored,
                            late=stored.late,
                            ago=stored.ago,
                            labels=stored.labels,
                        )
                        visible.note(sent, stored.ago)
                        context.progress(len(statuses), total)
            if places:  # told by others, as it came
                statuses.sort_from(known, places)
            visible.finish()
        except FabricatorError:
            context.capture(statuses, facts(), how_far(facts()))
            raise
        finally:
            visible.stop()
        if loaded is not None:
            total = len(statuses)
            loaded.settle()
        # Where a check says how many may fail, it is the one to judge.
        tolerant = "expect" not in self.model_fields_set and bool(context.judged_by("errors"))
        seconds = _since(started, loaded)
        result = self._judge(statuses, total, seconds, facts(), again, tolerant=tolerant)
        return _told(result, loaded, left_out_sentence(left_out) if left_out else "")

    def _each(
        self, context: StepContext, repeated: Repeated, images: Ordered, opened: Opened
    ) -> Iterator[Stored]:
        """What becomes of each that is left, as fast as it goes or as ``rate`` says; sent by others, where there are any."""
        shared = self._shared(context, repeated, images)
        if shared is not None:
            return from_others(context, self.to, shared, images, opened)
        left = context.offered(repeated.left(images), self.to)
        target = context.target(self.to).by(self.via)
        options = self._options(context, images.contexts(), opened.add)
        return streamed(context, target, left, options)

    def _shared(
        self, context: StepContext, repeated: Repeated, images: Ordered
    ) -> SharedOut | None:
        """Others who send what is left, unless it is this process that has to see the answers."""
        alone = self.what not in (None, "generated", "all") or context.judged_by("until_visible")
        if alone or self.order == "random":
            return None
        apart = {"what", "order", "associations"}
        parameters = self.model_dump(mode="json", exclude_unset=True, exclude=apart)
        most = self.associations if "associations" in self.model_fields_set else None
        return context.share_out(
            self.to, parameters, images.contexts(), repeated.left(images), most
        )

    def send_part(
        self,
        context: StepContext,
        contexts: Sequence[tuple[str, str]],
        images: Iterator[PlannedImage],
        note: Callable[[SentInstance], None],
        opened: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Send some of what another process was to send, and note what became of each; nothing is judged.

        contexts: what is proposed. note: told of each before the record is. opened: told of each association. Raises FabricatorError.
        """
        target = context.target(self.to).by(self.via)
        options = self._options(context, contexts, opened)
        repeated = Repeated(context, self.to)
        left = context.offered(images, self.to)
        source = streamed(context, target, left, options, shown=False)
        with ended(source):
            for stored in source:
                earlier = repeated.since(stored.image, stored.status)
                note(SentInstance(stored.image, self.to, stored.status, earlier))
                context.sent(stored.image, self.to, stored.status, earlier=earlier)

    def _options(
        self,
        context: StepContext,
        contexts: Sequence[tuple[str, str]],
        opened: Callable[[Mapping[str, Any]], None],
    ) -> StoreOptions:
        return StoreOptions(
            contexts=contexts,
            associations=self.associations,
            rate=context.rate(self.rate),
            resumes=self.resumes,
            skips=self.on_abort == "next" or self.expect == "unknown",
            opened=opened,
            transcode=self.transcode,
        )

    def _leave_out(
        self, context: StepContext, target: Target, images: Ordered
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
        self,
        statuses: Statuses,
        total: int,
        seconds: float,
        facts: dict[str, Any],
        again: Duplicates,
        *,
        tolerant: bool,
    ) -> StepResult:
        classes: Counter[str] = Counter()
        for status, count in statuses.kinds():
            classes[status["class"]] += count
        stored = classes["success"] + classes["warning"]
        fitting = sum(count for kind, count in classes.items() if is_of(kind, self.expect))
        fitting += again.fitting(statuses)
        ok = tolerant or self.expect == "any" or fitting == total
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
        message += again.words(statuses)
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


def _since(started: float, loaded: LoadedSend | None) -> float:
    """Seconds since it began to send: what a load sends is made ahead of that."""
    begun = None if loaded is None else loaded.begun
    return max(0.0, monotonic() - (started if begun is None else begun))


def _told(result: StepResult, loaded: LoadedSend | None, left_out: str) -> StepResult:
    """The result with what there is to be said of the load, and of what was left out."""
    words = [result.message, loaded.words() if loaded else "", left_out]
    stopped = loaded.watch.stopped if loaded is not None else ""
    return dataclasses.replace(
        result,
        outcome="failed" if stopped else result.outcome,
        message="; ".join(filter(None, words)),
        reasons=[*result.reasons, stopped] if stopped else result.reasons,
    )
