"""The step ``retrieve``: what a PACS has, back into the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.api import (
    Asked,
    Level,
    RetrieveKeys,
    RetrieveRequest,
    RetrieveResult,
    RunFolder,
    Saved,
    Step,
    StepContext,
    StepResult,
    Target,
    TargetName,
    Text,
    status_class,
)
from scenario_runner.api.asked_for import named_in_vain
from scenario_runner.api.get_contexts import Portion, held_by, portions, unknown
from scenario_runner.api.retrieving import RetrievalKeys, keys_of, retrieval_keys
from scenario_runner.api.timing import Timed, operation
from scenario_runner.checks.asked import asked_for, named_by
from scenario_runner.checks.settling import await_stored
from scenario_runner.dicom.levels import UNIQUE_KEY
from scenario_runner.dicom.retrieve_keys import Keys, is_plain, listed
from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES, transfer_syntax_uid
from scenario_runner.errors import Advised
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.language.loads import Load, most_offered
from scenario_runner.planning.plan import PlannedCase
from scenario_runner.steps.as_stored import as_stored
from scenario_runner.steps.fetching import Wanted, fetch, looked_up
from scenario_runner.steps.load.calling import foretold_calls
from scenario_runner.steps.load.retrieving import loaded_retrievals
from scenario_runner.steps.moving import OnTheWay, SentOn, on_the_way
from scenario_runner.steps.of_case import planned_of, series_of
from scenario_runner.steps.retrieve_facts import counts, status_facts
from scenario_runner.steps.retrieve_judging import ToCome, judged
from scenario_runner.steps.retrieved_files import RetrievedFiles

MediaRange = Annotated[Text, Field(min_length=3, max_length=500, pattern=r"^[ -~]+/[ -~]+$")]
FrameNumber = Annotated[int, Field(ge=1)]


class Retrieve(Step):
    """Fetch instances back from a PACS: C-GET, C-MOVE (PS3.4 C.4) or WADO-RS (PS3.18 10.4).

    Without ``match``, what this case sent or moved to that PACS; where nothing was, what it sent anywhere,
    for somebody may have forwarded it. ``save_as`` gives a handle for the checks ``tags``,
    ``pixels`` and ``status``. Fails when a sub-operation failed, when less came than the PACS says
    it sent, and when less came than this case has there, unless a later check looks into what was saved
    (any but ``status``, ``duration`` and ``conformant``) and so decides that. WADO-RS in the same words: each instance is a sub-operation, an HTTP failure is C000.

    ``as`` asks for something else over DICOMweb; then ``save_as`` gives a mapping with ``status``,
    ``class``, ``http`` (the status code), ``media_type``, ``count`` and a list of that name:
    ``metadata`` of ``{KEYWORD: value}``, ``frames`` of ``{sop_instance_uid, frame, media_type,
    bytes, sha256}``, ``rendered`` of the same with ``rows`` and ``columns``. The check ``pixels``
    compares frames with what was sent.
    """

    name: ClassVar[str] = "retrieve"
    measures: ClassVar[frozenset[str] | None] = frozenset(["C-MOVE", "C-GET", "WADO-RS"])
    example: ClassVar[str] = "retrieve: {from: pacs}"

    from_: TargetName = Field(alias="from")
    """The PACS to fetch from."""
    via: Literal["c-get", "c-move", "wado"] | None = Field(
        default=None, json_schema_extra={"x-way": True}
    )
    """How; by default C-GET where the target has a ``dicom`` service, else WADO-RS. ``c-move`` has
    the PACS send to the site's ``receiver``, whose AE title it has to know."""
    destination: Annotated[Text, Field(min_length=1, max_length=16)] | None = Field(
        default=None, json_schema_extra={"x-ae-title": True}
    )
    """With ``via: c-move``, the AE title of somebody else whom the PACS is to send to. Nothing comes
    back into the run; the step passes when the PACS counts every instance as sent, and has each that ``match``
    names by UID or PatientID. When it is the AE
    title of a target of the site, what was moved can be retrieved, compared and deleted there; without
    ``match``, what that target does not take (``expects``) is left out, and told."""
    as_: Literal["instances", "metadata", "frames", "rendered"] = Field(
        default="instances", alias="as"
    )
    """What to fetch; all but instances are asked for over DICOMweb."""
    accept: MediaRange | list[MediaRange] = Field(default=[])
    """Media types for the Accept header, best first; by default instances as they are stored,
    metadata in JSON, frames uncompressed, rendered images as JPEG."""
    frames: Annotated[list[FrameNumber], Field(min_length=1)] | None = None
    """Numbers of the frames, from 1; by default all frames, and the whole instance rendered."""
    match: RetrieveKeys | None = None
    """Which ones: unique keys of the level and those above go straight into the request, a list of UIDs at
    the level, too; any other key, wildcard or range is looked up with queries first, and the report says
    so. A UID has neither wildcard nor range."""
    level: Level = "study"
    """The level of the retrieval, without ``match`` that of what was sent; frames are of an image, and rendered images too unless another
    level is given."""
    transfer_syntax: str | None = None
    """Take instances in this transfer syntax only, by name or UID; by default as sent, or uncompressed;
    over DICOMweb as they are stored. What the PACS has in another one is left out, and told, where the site file says that it
    does not transcode (``expects: {transcodes: false}``)."""
    to: RunFolder | None = None
    """Keep the files in this folder inside the run folder; by default they go with the run."""
    expect: Literal["success", "failure", "any"] = "success"
    """What makes the step pass: all came, all was refused (a negative test), or any answer."""

    load: Load | None = None
    """Retrieve one object after the other when requests arrive, and keep none: ``{answered, failed, unanswered, instances}``."""

    @field_validator("transfer_syntax")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None and "{{" not in value and transfer_syntax_uid(value) is None:
            raise PydanticCustomError(
                "unknown_uid",
                "{message}",
                {
                    "message": f"unknown transfer syntax '{value}'{did_you_mean(value, TRANSFER_SYNTAXES)}",
                    "hint": f"transfer syntaxes are: {', '.join(TRANSFER_SYNTAXES)}",
                },
            )
        return value

    @model_validator(mode="after")
    def _sense(self) -> Retrieve:
        if self.as_ != "instances" and self.via not in (None, "wado"):
            raise Advised(f"'as: {self.as_}' is DICOMweb's", f"'via: {self.via}' gives instances")
        if self.destination is not None and self.via != "c-move":
            raise ValueError("'destination' goes with 'via: c-move'")
        if self.frames is not None and self.as_ not in ("frames", "rendered"):
            raise ValueError("'frames' goes with 'as: frames' or 'as: rendered'")
        if self.as_ == "frames" and "level" in self.model_fields_set and self.level != "image":
            raise ValueError("frames are those of an image: leave 'level' out, or say image")
        if self.accept and self.via not in (None, "wado"):
            raise Advised("'accept' is DICOMweb's", f"'via: {self.via}' has no such header")
        if self.load and (self.as_ != "instances" or self.to):
            raise ValueError("'load' counts instances and keeps none: leave 'as' and 'to' out")
        if self.load and self.via == "c-move" and self.destination is None:
            raise ValueError("our receiver takes one C-MOVE at a time: give 'load' a 'destination'")
        if self.transfer_syntax is not None and (self.accept or self.as_ != "instances"):
            raise Advised("'transfer_syntax' is of instances", "otherwise say it in 'accept' alone")
        return self

    @classmethod
    def will_save(cls, parameters: Any) -> frozenset[Saved] | None:
        """By what it asks for, and whether that comes back into the run, as it may where a template is to say so."""
        from scenario_runner.language.templates import is_template

        given = parameters if isinstance(parameters, Mapping) else {}
        what = given.get("as", "instances")
        if isinstance(given.get("load"), Mapping):
            return frozenset()
        destination = given.get("destination")
        if destination is not None and not is_template(str(destination)):
            return frozenset(["statuses"])
        if what == "instances":
            return frozenset(["instances", "statuses"])
        if what == "frames":
            return frozenset(["frames", "statuses"])
        return frozenset(["statuses"]) if what in ("metadata", "rendered") else None

    def _names_all(self) -> bool:
        """Whether what was asked for can be told without a look at what was sent."""
        return all(
            key in UNIQUE_KEY.values() and is_plain(listed(value))
            for key, value in (self.match or {}).items()
        )

    @property
    def _way(self) -> str | None:
        """What only DICOMweb has is asked for over DICOMweb."""
        return "wado" if self.accept or self.as_ != "instances" else self.via

    def run(self, context: StepContext) -> StepResult:
        """Fetch study by study and count what came, once the PACS had the time that it is declared to take."""
        waited = await_stored(context, self.from_)
        result = self._brought(context)
        return dataclasses.replace(result, message=result.message + waited)

    def _brought(self, context: StepContext) -> StepResult:
        if self.as_ != "instances":
            return self._fetch(context, self.as_)
        target = context.target(self.from_).by(self._way)
        tried = self.expect != "success" or context.is_to_fail or self.destination is not None
        stored = as_stored(context, self.from_, None if tried else self._only)
        if self.load is not None:
            portions = partial(self._requests, context, target)
            every = stored.remaining(self._keys(context, target).requests)
            if stored.left_out and not every:
                return stored.nothing
            of_all = stored.asked(context.ledger.asked(self.from_, self.level, self.match, every))
            to_come = asked_for(context, of_all) if self._names_all() else {}
            return stored.told(
                loaded_retrievals(
                    context, target, self.load, every, portions, to_come, self.destination
                )
            )
        folder = context.scratch() if self.to is None else context.folder(self.to)
        named: list[Mapping[str, Any]] = []
        asked = stored.asked(context.ledger.asked(self.from_, self.level, self.match, named))
        sink = RetrievedFiles(folder, context, asked)
        results: list[RetrieveResult] = []
        moved: list[tuple[Mapping[str, Any], RetrieveResult]] = []
        longest = 1
        context.capture(sink.handle(self.from_))
        which = self._keys(context, target)
        which = dataclasses.replace(which, requests=stored.remaining(which.requests))
        if stored.left_out and not which.requests:
            return stored.nothing
        onward = self._onward(context, which)
        if onward is not None:
            which = RetrievalKeys(list(onward.requests))
        for keys, portion in self._portions(context, target, which.requests, named):
            name = operation(target, *(("c-move",) if self.via == "c-move" else ("c-get", "wado")))
            with Timed(context, name) as timed:
                if self.via == "c-move":
                    result = target.move(
                        portion.request, sink, context.deadline, destination=self.destination
                    )
                else:
                    result = portion.bring(target, sink, context.deadline)
                timed.failed = status_class(result.status) == "failure"
            results.append(result)
            longest = max(longest, portion.listed)
            sink.statuses.append(status_facts(result))
            if self.destination is not None:
                self._note_moved(context, asked, keys, result)
                moved.append((keys, result))
        if self.destination is not None:
            count = len(context.ledger.expected(self.from_)) if self.match is None else None
            # Which keys of other kinds nothing fits is told where they are looked up.
            judge = bool(self.match) and self._names_all() and self.expect == "success"
            without = named_in_vain(target, self.level, moved if judge else (), context.deadline)
            sent_on = SentOn(self.from_, self.destination, self.expect, count, onward, without)
            names = context.targets_called(self.destination)
            value, told = [status_facts(result) for result in results], counts(results)
            return looked_up(sent_on.judged(results, names, value, told), which)
        may_be_less = context.is_judged_later and not context.is_to_fail
        # Keys of other kinds are held against what was sent, which costs its making: only where nobody else does.
        tell = self._names_all() or (not may_be_less and self.expect == "success")
        expected = frozenset(asked_for(context, asked)) if tell else None
        wanted = ToCome(
            on=self.from_,
            match=self.match,
            expect=self.expect,
            uids=expected,
            may_be_less=may_be_less,
            listed=longest,
            without=sink.without(
                self.match or {} if self._names_all() else {},
                context.ledger.ever() if may_be_less else {},
            ),
        )
        return stored.told(looked_up(judged(sink, wanted, results), which))

    @classmethod
    def most_per_second(cls, parameters: Any) -> float:
        """What its load offers."""
        return most_offered(Load, parameters)

    def foretell(self, case: PlannedCase, step_id: str) -> Mapping[str, Any]:
        """The load that will be offered."""
        return foretold_calls(self.load, case, step_id, "retrieval")

    def _onward(self, context: StepContext, which: RetrievalKeys) -> OnTheWay | None:
        """What is sent on to another target, unless the scenario says what, or that it is to fail."""
        if self.destination is None or self.match is not None or self.expect != "success":
            return None
        if context.is_to_fail:
            return None
        names = context.targets_called(self.destination)
        studies = [str(keys["StudyInstanceUID"]) for keys in which.requests]
        return on_the_way(context, self.from_, names, studies)

    def _note_moved(
        self, context: StepContext, asked: Asked, keys: Mapping[str, Any], result: RetrieveResult
    ) -> None:
        """What the PACS was told to send to another target of the site is to be there from now on."""
        moved = named_by(keys, asked.sent)
        told = result.completed + result.warning
        done = result.all_kept and told >= len(moved)
        for name in context.targets_called(str(self.destination)):
            context.ledger.move(self.from_, name, moved.values(), done=done)

    @property
    def _only(self) -> str | None:
        """The UID of the transfer syntax that is taken."""
        return None if self.transfer_syntax is None else transfer_syntax_uid(self.transfer_syntax)

    def _accepted(self) -> list[str]:
        if uid := self._only:
            return [f'multipart/related; type="application/dicom"; transfer-syntax={uid}']
        return [self.accept] if isinstance(self.accept, str) else self.accept

    def _fetch(
        self, context: StepContext, what: Literal["metadata", "frames", "rendered"]
    ) -> StepResult:
        """Fetch what is not instances."""
        level = self.level
        if what != "metadata" and "level" not in self.model_fields_set:
            level = "image"
        wanted = Wanted(
            what=what,
            target=self.from_,
            level="study" if level == "patient" else level,
            match=self.match,
            frames=tuple(self.frames or ()),
            accept=self._accepted(),
            folder=context.scratch() if self.to is None else context.folder(self.to),
            expect=self.expect,
        )
        return fetch(context, context.target(self.from_).by(self._way), wanted)

    def _keys(self, context: StepContext, target: Target) -> RetrievalKeys:
        """The unique keys of one retrieval after the other."""
        if self.match is None:
            ledger = context.ledger
            uids = ledger.study_uids(self.from_) or ledger.all_study_uids(self.from_)
            if self.level == "study" or self.destination is not None or _is_web(target):
                return RetrievalKeys([{"StudyInstanceUID": uid} for uid in uids])
            images = [one.image for one in ledger.expected(self.from_)] or [
                image for series in series_of(context) for image in series.images
            ]
            ours = [one for one in images if one.series.study.uid in set(uids)]
            return keys_of(self.level, ours, uid_lists=target.expects.uid_lists)
        return retrieval_keys(target, self.level, self.match, context.deadline)

    def _portions(
        self,
        context: StepContext,
        target: Target,
        requests: list[Keys],
        named: list[Mapping[str, Any]],
    ) -> Iterator[tuple[Keys, Portion]]:
        """Each request, after what it names was noted."""
        for keys in requests:
            named.append(keys)
            for portion in self._requests(context, target, keys):
                yield keys, portion

    def _requests(self, context: StepContext, target: Target, keys: Keys) -> list[Portion]:
        """What brings one object: a request, or several when it needs several associations.

        What this case planned or imported is known; of anything else the PACS is asked what it holds.
        """
        only = self._only
        level: Level = self.level
        if self.destination is not None and self.match is None:
            level = "study"
        if level in ("patient", "study") and "SeriesInstanceUID" in keys:
            level = "series"
        plain = Portion(
            RetrieveRequest(level=level, keys=keys, contexts=(), accept=self._accepted())
        )
        if _is_web(target):
            return [plain]  # HTTP has no presentation contexts
        held = planned_of(context, keys, only)
        if held is None and (self.via != "c-move" or only):
            held = held_by(target, keys, context.deadline, only)
        if held and self.via == "c-move":  # our receiver can take any number of contexts
            pairs = list(dict.fromkeys(pair for one in held for pair in one.pairs))
            return [Portion(RetrieveRequest(level=level, keys=keys, contexts=pairs))]
        if held:
            return portions(level, keys, held, uid_lists=target.expects.uid_lists)
        if self.via == "c-move" and not only:
            return [plain]  # our receiver takes whatever comes
        planned = dict.fromkeys(series.sop_class_uid for series in series_of(context))
        request = RetrieveRequest(level=level, keys=keys, contexts=unknown(planned, only))
        return [Portion(request)]


def _is_web(target: Target) -> bool:
    """Whether it gives out instances over HTTP alone."""
    return "wado" in target.ways and "c-get" not in target.ways
