"""One study as two PACS have it: which series and instances, their attributes, their pixels."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scenario_runner.api import Difference, Received, RetrieveRequest
from scenario_runner.api.get_contexts import Held, held_by, portions
from scenario_runner.checks.attributes import Unseen, differing
from scenario_runner.checks.pixels_beside import differing_pixels
from scenario_runner.dicom.part10 import file_of
from scenario_runner.errors import OperationFailed, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from scenario_runner.api import Deadline, Target
    from scenario_runner.checks.converted import Conversion

What = Literal["counts", "attributes", "pixels"]
Instances = dict[str, list[Held]]
"""By SOP instance UID, of which some servers hold several: under two patients, or in two series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared, and where the instances of one study at a time may lie."""

    source: Target
    target: Target
    what: AbstractSet[What]
    only: AbstractSet[str]
    unseen: Unseen
    """Told what there is of ``only``."""
    ignored: AbstractSet[str]
    conversion: Conversion | None
    """Where one of the two converts character sets."""
    scratch: Callable[[], Path]
    deadline: Deadline

    def study(self, uid: str) -> Generator[Difference, None, int]:
        """Everything in which the two differ; returns how many instances both have (``yield from``)."""
        ours, theirs = (self._held(side, uid) for side in (self.source, self.target))
        yield from self._listed(ours, theirs)
        both = ours.keys() & theirs.keys()
        if both and self.what - {"counts"}:
            yield from self._instances(uid, ours, theirs, both)
        return len(both)

    def _held(self, side: Target, uid: str) -> Instances:
        held = held_by(side, {"StudyInstanceUID": uid}, self.deadline)
        if held is None:
            raise OperationFailed("its instances cannot be listed", target=side.name)
        found: Instances = {}
        for one in held:
            found.setdefault(one.uid, []).append(one)
        return found

    def _listed(self, ours: Instances, theirs: Instances) -> Iterator[Difference]:
        """Series and instances that one of them alone has, has in another series or has more often."""
        sides = ((ours, theirs, self.target, "missing"), (theirs, ours, self.source, "extra"))
        for one, other, lacking, kind in sides:
            series = {held.series for held in _each(other)}
            for uid in dict.fromkeys(held.series for held in _each(one)):
                if uid not in series:
                    yield _lacks(uid, "SeriesInstanceUID", lacking.name, f"series {kind}")
            for uid, places in one.items():
                if uid not in other and any(held.series in series for held in places):
                    yield _lacks(uid, "SOPInstanceUID", lacking.name, f"instance {kind}")
        for uid in sorted(ours.keys() & theirs.keys()):
            if len(ours[uid]) != len(theirs[uid]):
                yield Difference(
                    subject=uid,
                    attribute="SOPInstanceUID",
                    expected=f"{times(len(ours[uid]))} on '{self.source.name}'",
                    actual=f"{times(len(theirs[uid]))} on '{self.target.name}'",
                    kind="instance repeated",
                )
            before, after = (sorted({one.series for one in side[uid]}) for side in (ours, theirs))
            if not set(before) & set(after):
                yield Difference(
                    subject=uid,
                    attribute="SeriesInstanceUID",
                    expected=", ".join(before),
                    actual=", ".join(after),
                )

    def _instances(
        self, study: str, ours: Instances, theirs: Instances, both: AbstractSet[str]
    ) -> Iterator[Difference]:
        folder = self.scratch()
        try:
            before = self._fetched(self.source, study, list(_each(ours)), folder / "1")
            after = self._fetched(self.target, study, list(_each(theirs)), folder / "2")
            for uid in sorted(both):
                self.deadline.check()
                for files, side in ((before, self.source), (after, self.target)):
                    if uid not in files:
                        yield Difference(
                            subject=uid,
                            attribute="SOPInstanceUID",
                            expected="retrieved",
                            actual=f"not given out by '{side.name}'",
                            kind="not retrieved",
                        )
                if uid in before and uid in after:
                    yield from self._instance(uid, before[uid], after[uid])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fetched(
        self, side: Target, study: str, held: Sequence[Held], folder: Path
    ) -> dict[str, Path]:
        """Every instance in a file of a name of ours."""
        folder.mkdir()
        files: dict[str, Path] = {}

        def keep(received: Received) -> None:
            path = folder / f"{len(files) + 1:06}.dcm"
            try:
                with path.open("wb") as file:
                    file.writelines(file_of(received))
            except OSError as error:
                raise of_the_machine("cannot write a retrieved instance", error) from error
            files.setdefault(received.sop_instance_uid, path)

        keys = {"StudyInstanceUID": study}
        plain = RetrieveRequest(level="study", keys=keys, contexts=())
        if "c-get" in side.ways:
            for portion in portions("study", dict(keys), held, uid_lists=side.expects.uid_lists):
                portion.bring(side, keep, self.deadline)
        elif "c-move" in side.ways:
            side.move(plain, keep, self.deadline)
        else:
            side.retrieve(plain, keep, self.deadline)
        return files

    def _instance(self, uid: str, before: Path, after: Path) -> Iterator[Difference]:
        from scenario_runner.dicom.datasets import read_file

        pixels = "pixels" in self.what
        ours, theirs = (read_file(file, stop_before_pixels=not pixels) for file in (before, after))
        if "attributes" in self.what:
            self.unseen.look(ours, theirs)
            for attribute, expected, actual in differing(
                ours, theirs, set(self.only), set(self.ignored), conversion=self.conversion
            ):
                yield Difference(subject=uid, attribute=attribute, expected=expected, actual=actual)
        if pixels and (why := differing_pixels(ours, theirs)):
            yield Difference(
                subject=uid,
                attribute="PixelData",
                expected=f"as on '{self.source.name}'",
                actual=str(why),
                kind=why.kind,
            )


def _each(instances: Instances) -> Iterator[Held]:
    return (one for places in instances.values() for one in places)


def times(count: int) -> str:
    """How often something is there, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _lacks(uid: str, attribute: str, lacking: str, kind: str) -> Difference:
    return Difference(
        subject=uid,
        attribute=attribute,
        expected="on both",
        actual=f"not on '{lacking}'",
        kind=kind,
    )
