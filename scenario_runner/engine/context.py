"""The context of one attempt of one step: what ``Step.run`` is handed."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.api import (
    CheckResult,
    Deadline,
    Inbox,
    Ledger,
    Retrieved,
    SentEarlier,
    SentInstance,
    SiteRules,
    StoreStatus,
    Target,
    WorklistFolder,
)
from scenario_runner.engine.checking import evaluate_checks, is_judged, judging
from scenario_runner.engine.state import LOGS_IN_A_CASE, PREVIEWS_IN_A_CASE, Attempt, CaseState
from scenario_runner.errors import FabricatorError, MachineError, UsageError, Where
from scenario_runner.events import (
    Attached,
    Deletion,
    InstanceSent,
    Logged,
    PeerSeen,
    Progress,
    StudyCompared,
)
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.named_files import named_file
from scenario_runner.language.templates import evaluate, scalars

if TYPE_CHECKING:
    from scenario_runner.events import Section
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

OFFERED_AT_ONCE = 16
"""Instances of which a worker of a cluster notes at a time that they are about to be sent; when it dies, nobody
knows of so many whether they were."""


class AttemptContext(Attempt):
    """Implements ``api.StepContext``."""

    def __init__(
        self,
        state: CaseState,
        entry: StepEntry,
        step_id: str,
        attempt: int,
        deadline: Deadline,
        names: Mapping[str, Any],
    ) -> None:
        super().__init__(state, entry, step_id, attempt, names)
        self.deadline = deadline
        self.captured: Any = None
        self.captured_facts: Mapping[str, Any] | None = None
        self.captured_message = ""
        self.how_far = ""
        """What a step with a time limit had done when that was over."""
        self.must_stop = False
        seed = f"{state.job.case.seed}/{state.job.case.id}/{step_id}/{attempt}"
        self.random = Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - not a secret

    @property
    def section(self) -> Section:
        """Whether this step stands under ``steps`` or ``finally``."""
        return self.entry.section

    @property
    def is_to_fail(self) -> bool:
        """Whether this step stands beside ``fails``."""
        return self.entry.fails is not None

    @property
    def is_judged_later(self) -> bool:
        """Whether a check after this step names what it saves, and looks at more than how it ended."""
        scenario = self.state.job.scenario
        entries = [*scenario.steps, *scenario.final]
        return is_judged(self.entry, entries, self.state.services.checks)

    def judged_by(self, check: str) -> list[Mapping[str, Any]]:
        """The checks of that name which come after this step and are about it."""
        scenario = self.state.job.scenario
        return judging(self.entry, [*scenario.setup, *scenario.steps, *scenario.final], check)

    @property
    def ledger(self) -> Ledger:
        """What this case has sent so far."""
        return self.state.ledger

    @property
    def inbox(self) -> Inbox:
        """What came in by HL7 v2."""
        inbox = self.state.inbox
        if inbox is None:
            raise UsageError("this step does not say that it receives messages")
        if isinstance(inbox, FabricatorError):
            raise inbox
        return inbox

    @property
    def rules(self) -> SiteRules:
        """The site's, of messages and resources."""
        return self.state.services.rules

    @property
    def notes(self) -> dict[str, Any]:
        """What steps keep for later ones of their kind in this case."""
        return self.state.notes

    def target(self, name: str) -> Target:
        """The PACS of that name, opened on first use."""
        self.outlet.require()
        target = self.state.target(name).watched(partial(self._seen, name))
        if not target.log_pdus:
            return target
        return target.logging(partial(self._keep_log, name))

    def _seen(self, target: str, shown: Mapping[str, Any]) -> None:
        """Tell what an association showed of a target, unless it was told in this case."""
        with self.state.lock:
            told = self.state.seen
            keys = {
                (
                    target,
                    one.get("service") or one["sop_class"],
                    one["outcome"],
                    one["reason"],
                    *one.get("offered", ()),
                    one.get("transfer_syntax"),
                ): one
                for one in shown["contexts"]
            }
            new = [one for key, one in keys.items() if key not in told]
            told.update(keys)
        if new:
            self.outlet.emit(
                PeerSeen(
                    case=self.case.id,
                    id=self.step_id,
                    target=target,
                    implementation_class_uid=shown.get("implementation_class_uid", ""),
                    implementation_version_name=shown.get("implementation_version_name", ""),
                    contexts=new,
                    product=shown.get("product", ""),
                )
            )

    def targets_called(self, ae_title: str) -> list[str]:
        """Names of targets by their AE title."""
        facts = self.state.services.targets.facts()
        return [one.name for one in facts if one.ae_title == ae_title.strip()]

    def _keep_log(self, target: str, title: str, text: str) -> None:
        """Keep the log of an association with a target, as far as there is room for one more."""
        with self.state.lock:
            self.state.logs += 1
            if self.state.logs > LOGS_IN_A_CASE:
                return
        self.attach(
            f"pdus-{target}.txt",
            text.encode("utf-8", "replace"),
            media_type="text/plain; charset=utf-8",
            title=f"PDUs of an association: {title}",
        )

    def instances(self, images: Iterator[PlannedImage]) -> Iterator[Instance]:
        """Build instances lazily, with what ``generate`` was asked to modify; read imported ones."""
        build = self.state.factory_of(self.entry).instance
        modifications = self.ledger.modifications
        for image in images:
            source = self.ledger.source(image.series)
            yield source(image) if source else build(image, modifications(image.series))

    def sent(
        self,
        image: PlannedImage,
        target: str,
        status: StoreStatus,
        *,
        earlier: str | None = None,
    ) -> SentInstance:
        """Note what a target said about an instance, in the ledger and as an event."""
        sent = SentInstance(image, target, status, earlier)
        self.ledger.record(sent)
        if not sent.stored:
            self.state.suspects.setdefault(image.id, self.step_id)
        self.outlet.emit(
            InstanceSent(
                case=self.case.id,
                id=self.step_id,
                target=target,
                image=image.id,
                uid=image.uid,
                status=None if status.status is None else f"{status.status:04X}",
                stored=sent.stored,
                maybe_stored=status.maybe_stored,
                comment=status.comment,
                earlier=earlier,
            )
        )
        return sent

    def known(self, image: PlannedImage, target: str, earlier: SentEarlier) -> SentInstance:
        """Note an instance that is stored already; what this run has told of is not told again."""
        if not earlier.told:
            return self.sent(image, target, earlier.status, earlier=earlier.run)
        sent = SentInstance(image, target, earlier.status)
        self.ledger.record(sent)
        if image.index == 0:  # what was kept of it went with the attempt that sent it
            self.preview(next(self.instances(iter([image]))))
        return sent

    def offered(self, images: Iterable[PlannedImage], target: str) -> Iterator[PlannedImage]:
        """The same images; on a cluster it is noted that they are about to be sent."""
        offering = self.state.job.offering
        if offering is None:
            yield from images
            return
        rest = iter(images)
        while some := list(islice(rest, OFFERED_AT_ONCE)):
            self.outlet.require()
            offering(self.step_id, some, target)
            yield from some

    def rate(self, given: float | None) -> float | None:
        """What this process may use of a rate that the whole run is held to."""
        return None if given is None else given * self.state.services.share

    def sent_earlier(self, image: PlannedImage, target: str) -> SentEarlier | None:
        """What the run that is repeated knew of an instance in this step."""
        earlier = self.state.job.earlier
        return None if earlier is None else earlier(self.step_id, image, target)

    def compared(
        self,
        source: str,
        target: str,
        study: str,
        outcome: Literal["equal", "different", "missing", "extra"],
        instances: int = 0,
        *,
        earlier: str | None = None,
    ) -> None:
        """Note what became of a study of one target beside another's."""
        self.outlet.emit(
            StudyCompared(
                case=self.case.id,
                id=self.step_id,
                source=source,
                target=target,
                study=study,
                outcome=outcome,
                instances=instances,
                earlier=earlier,
            )
        )

    def compared_earlier(self, source: str, target: str, study: str) -> tuple[str, int] | None:
        """What the run that is repeated found equal in this step."""
        compared = self.state.job.compared
        return None if compared is None else compared(self.step_id, source, target, study)

    def deleting(self, target: str, study_uids: Sequence[str], *, done: bool) -> None:
        """Note a deletion before it begins, and in the ledger once it is done."""
        if done:
            self.ledger.forget(target, study_uids)
        self.outlet.emit(
            Deletion(
                case=self.case.id,
                id=self.step_id,
                target=target,
                studies=list(study_uids),
                done=done,
            )
        )

    def selection(self, what: str | None) -> Iterator[PlannedSeries]:
        """The series that ``what`` names."""
        generated, imported = self.ledger.generated, self.ledger.imported
        if what is None and imported:
            return iter([*(generated or {}).values(), *imported.values()])
        if what == "imported" and imported:
            return iter(imported.values())
        if what == "imported":
            raise UsageError(
                "nothing was imported before", hint="put a step 'import' before this one"
            )
        if what in (None, "generated") and generated is not None:
            return iter(generated.values())
        if what in (None, "generated", "all"):
            return self.case.series()
        known = self.ledger.selections
        named = [self.state.saved_by.get(each, each) for each in self.entry.called(str(what))]
        selection = next((known[each] for each in named if each in known), None)
        if selection is None:
            raise UsageError(
                f"'{what}' is no selection",
                hint="name what an earlier 'generate', 'import' or 'send' saved, 'imported' or 'all'",
            )
        return iter(selection.values())

    def saved(self, name: str) -> Any:
        """A value by ``save_as`` name or step id."""
        return self.state.saved(name, self.entry.called(name))

    def capture(
        self, value: Any, facts: Mapping[str, Any] | None = None, message: str = ""
    ) -> None:
        """Keep what is known so far in case the step ends in an error."""
        self.captured, self.captured_facts, self.captured_message = value, facts, message

    def duration_of(self, step_id: str) -> float:
        """Seconds of an earlier step."""
        durations = self.state.durations
        for each in self.state.steps_called(self.entry.called(step_id)):
            if each in durations:
                return durations[each]
        raise UsageError(
            f"no step '{step_id}' has run",
            hint=f"steps so far: {', '.join(durations) or 'none'}",
        )

    def evaluate(self, expression: str | bool, names: Mapping[str, Any]) -> Any:
        """Evaluate a deferred expression."""
        if isinstance(expression, bool):
            return expression
        return evaluate(expression, {**self.names, **names}, self._where(expression))

    def _where(self, expression: str) -> Where:
        """Where a deferred expression stands: the parameter of this step that holds it."""
        origins = self.entry.origins
        path = self.entry.parameters_path
        for below in self.state.services.steps[self.entry.step].deferred:
            value: Any = self.entry.parameters
            for key in below:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value == expression:
                return origins.where((*path, *below))
        return origins.where(path)

    def checks(self, entries: Any) -> list[CheckResult]:
        """Evaluate a list of checks, each reported as an event."""
        results, self.must_stop = evaluate_checks(self, self, entries)
        return results

    def keep_pictures(self) -> None:
        """Attach what its checks found, once it is sure that no further attempt looks again."""
        for one in self.pictures:
            self.attach(
                one.name, one.png, media_type="image/png", title=one.title, subject=one.subject
            )

    def validator(self, name: str) -> Any:
        """A registered validator."""
        validators = self.state.services.validators
        if name not in validators:
            raise UsageError(
                f"no validator is called '{name}'", hint=f"there are: {', '.join(validators)}"
            )
        return validators[name]

    def now(self) -> dt.datetime:
        """The time, UTC."""
        return self.state.services.clock()

    def log(self, message: str, level: Literal["info", "warning"] = "info") -> None:
        """Say something to the reader of the report."""
        self.outlet.emit(Logged(case=self.case.id, id=self.step_id, level=level, message=message))

    def progress(self, done: int, total: int | None = None, unit: str = "instances") -> None:
        """Say how far the step has come."""
        self.how_far = f"{done}{f' of {total}' if total else ''} {unit}"
        self.outlet.emit(
            Progress(case=self.case.id, id=self.step_id, done=done, total=total, unit=unit)
        )

    def folder(self, name: str) -> Path:
        """A folder inside the run folder, apart for each case when there are several."""
        pure = PurePosixPath(name.replace("\\", "/"))
        if pure.is_absolute() or ".." in pure.parts or ":" in name or not pure.parts:
            raise UsageError(f"'{name}' is not a folder inside the run folder")
        if pure.parts[0] in ("inputs", "evidence"):
            raise UsageError(f"'{pure.parts[0]}' is the run's own folder; choose another name")
        base = self.state.services.folder.joinpath(*pure.parts)
        folder = base / self._place if self.state.services.cases > 1 else base
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MachineError(f"cannot make folder '{name}': {error.strerror}") from error
        return folder

    def worklist(self, folder: Path) -> WorklistFolder:
        """The folder of a worklist server."""
        from scenario_runner.orders.worklist_folder import SharedFolder

        return SharedFolder(folder, str(self.names["site"]["ae_title"]), self.deadline)

    def source(self, name: str) -> Path:
        """A file that the scenario names, from the folder it stands in."""
        entry = self.entry
        written = next((path for path, text in scalars(entry.parameters) if text == name), ())
        return named_file(entry.origins.where((*entry.parameters_path, *written)).file, name)

    def scratch(self) -> Path:
        """A new empty folder that goes when the case is over."""
        return Path(tempfile.mkdtemp(prefix="step-", dir=self.state.scratch))

    def attach(
        self,
        name: str,
        data: bytes,
        *,
        media_type: str,
        title: str,
        subject: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a file under ``evidence/``; texts are redacted."""
        with self.state.lock:  # logs of associations come from the threads that had them
            self.state.attachments += 1
            number = self.state.attachments
        relative = f"evidence/{self._place}/{number:03}-{_safe(name)}"
        if not media_type.startswith(("image/", "application/dicom")):
            data = self.state.services.redactor.data(data)
        path = self.state.services.folder / relative
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise MachineError(f"cannot write '{relative}': {error.strerror}") from error
        self.outlet.emit(
            Attached(
                case=self.case.id,
                id=self.step_id,
                path=relative,
                media_type=media_type,
                title=title,
                subject=dict(subject or {}),
            )
        )

    def preview(self, instance: Instance) -> None:
        """Keep a small picture, once for each image, of as many of a series as the run wants."""
        image, seen = instance.image, self.state.previewed
        if image is None or image.series.id in self.ledger.hidden:
            return
        if not self._is_shown(image):
            return
        with self.state.lock:  # a step beside this one may send the same
            if image.id in seen or len(seen) >= PREVIEWS_IN_A_CASE * self.state.previews:
                return
            seen.add(image.id)
        series = image.series
        self.attach(
            f"{image.id}.png",
            self.state.services.preview(instance),
            media_type="image/png",
            title=f"{series.modality} {series.description}".strip(),
            subject={
                "image": image.id,
                "series": series.id,
                "study": series.study.id,
                "patient": series.study.patient.id,
                "accession": series.study.accession,
                "number": image.number,
                "of": series.image_count,
                "shows_nobody": series.shows_nobody,
            },
        )

    def _is_shown(self, image: PlannedImage) -> bool:
        """Whether it is one of those that are spread over its series, the first one among them."""
        count, share = image.series.image_count, self.state.previews
        return count <= share or (image.index * share) % count < share

    def retrieved(self, of: Any) -> Retrieved:
        """The handle that ``of`` is or names."""
        value = self.saved(of) if isinstance(of, str) else of
        if not isinstance(value, Retrieved):
            raise UsageError(
                f"'{of}' holds no instances that a 'retrieve' step saved",
                hint="name a retrieve of instances; 'as: metadata' and the like bring none",
            )
        return value

    @property
    def _place(self) -> str:
        return f"c{self.state.job.number:03}"


def _safe(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[:80]
