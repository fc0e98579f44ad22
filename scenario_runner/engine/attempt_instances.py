"""Instances and studies of an attempt: which it works with, and what is noted of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.api import Deadline, SentEarlier, SentInstance, StoreStatus
from scenario_runner.api.sharing import ToShare, pieces_of
from scenario_runner.engine.attempt_files import AttemptFiles
from scenario_runner.engine.passed_over import why_missing
from scenario_runner.errors import UsageError
from scenario_runner.events import Deletion, InstanceSent, StudyCompared

if TYPE_CHECKING:
    from scenario_runner.api.sharing import SharedOut
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

OFFERED_AT_ONCE = 16
"""Instances of which a worker of a cluster notes at a time that they are about to be sent; when it dies, nobody
knows of so many, and of those before them that were under way, whether they were."""
_FIRST_STAYS = ("kept", "refused")
"""What is declared of a PACS that has, of instances that it was sent twice, the first."""


class AttemptInstances(AttemptFiles):
    """The part of ``api.StepContext`` that is about instances."""

    deadline: Deadline

    def instances(
        self, images: Iterator[PlannedImage], target: str | None = None
    ) -> Iterator[Instance]:
        """Build instances lazily, with what ``generate`` was asked to modify; read imported ones."""
        build = self.state.factory_of(self.entry).instance
        ledger = self.ledger
        keeps = target is not None and self.state.target(target).expects.duplicates in _FIRST_STAYS
        for image in images:
            source = ledger.source(image.series)
            if source is not None:
                yield source(image)
            elif keeps and target is not None:
                yield build(image, ledger.modifications_kept(image, target))
            else:
                yield build(image, ledger.modifications(image.series))

    def sent(
        self,
        image: PlannedImage,
        target: str,
        status: StoreStatus,
        *,
        earlier: str | None = None,
    ) -> SentInstance:
        """Note what a target said about an instance, in the ledger and as an event."""
        sent = self._noted(image, target, status, earlier)
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

    def share_out(
        self,
        target: str,
        parameters: Mapping[str, Any],
        contexts: Sequence[tuple[str, str]],
        images: Iterable[PlannedImage],
        associations: int | None = None,
    ) -> SharedOut | None:
        """Others who send these; None where there is nobody, or only this process can make them.

        Nor in ``finally``: what tidies up goes on when the run is to stop, which ends a part of it elsewhere.
        """
        sharing, ledger = self.state.job.sharing, self.ledger
        if sharing is None or ledger.imported or self.entry.section == "finally":
            return None
        if any(ledger.modifications(one) for one in (ledger.generated or {}).values()):
            return None
        work = ToShare(
            step_id=self.step_id,
            entry=self.entry.id,
            attempt=self.attempt,
            target=target,
            parameters=parameters,
            contexts=contexts,
            pieces=pieces_of((image.series.id, image.index) for image in images),
            associations=associations,
        )
        return sharing(work, self.deadline)

    def told(
        self,
        image: PlannedImage,
        target: str,
        status: StoreStatus,
        *,
        earlier: str | None = None,
    ) -> SentInstance:
        """Note what became of an instance that somebody else sent, who has told of it."""
        sent = self._noted(image, target, status, earlier)
        if self._is_shown(image):
            self.preview(next(self.instances(iter([image]))))
        return sent

    def _noted(
        self, image: PlannedImage, target: str, status: StoreStatus, earlier: str | None
    ) -> SentInstance:
        sent = SentInstance(image, target, status, earlier)
        self.ledger.record(sent)
        if not sent.stored:
            self.state.suspects.setdefault(image.id, self.step_id)
        return sent

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
        called = self.entry.called(str(what))
        selection = self._named_selection(called)
        if selection is None:
            raise UsageError(
                f"'{what}' is no selection",
                hint=why_missing(self.state.passed_over, called)
                or "name what an earlier 'generate', 'import' or 'send' saved, 'imported' or 'all'",
            )
        return iter(selection.values())

    def _named_selection(self, names: Sequence[str]) -> Mapping[str, PlannedSeries] | None:
        """What the first of these steps took that took any; of one with turns, what all of these took."""
        known = self.ledger.selections
        for each in map(self.state.id_of, names):
            if each in known:
                return known[each]
            taken = [known[turn] for turn in self.state.turns.get(each, ()) if turn in known]
            if taken:
                return {key: series for one in taken for key, series in one.items()}
        return None
