"""One study as two PACS have it: which series and instances, their attributes, their pixels."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.api import Difference, Received, RetrieveRequest
from scenario_runner.api.get_contexts import Held, held_by, portions
from scenario_runner.checks.attributes import differing
from scenario_runner.checks.pixel_difference import pixel_difference
from scenario_runner.decoding import UndecodableError, pixels_of
from scenario_runner.dicom.part10 import file_of
from scenario_runner.errors import OperationFailed, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from pydicom import Dataset

    from scenario_runner.api import Deadline, Target
    from scenario_runner.checks.converted import Conversion

What = Literal["counts", "attributes", "pixels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared, and where the instances of one study at a time may lie."""

    source: Target
    target: Target
    what: AbstractSet[What]
    only: AbstractSet[str]
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

    def _held(self, side: Target, uid: str) -> dict[str, Held]:
        held = held_by(side, {"StudyInstanceUID": uid}, self.deadline)
        if held is None:
            raise OperationFailed("its instances cannot be listed", target=side.name)
        return {one.uid: one for one in held}

    def _listed(self, ours: dict[str, Held], theirs: dict[str, Held]) -> Iterator[Difference]:
        """Series and instances that one of them alone has, and those in another series."""
        sides = ((ours, theirs, self.target, "missing"), (theirs, ours, self.source, "extra"))
        for one, other, lacking, kind in sides:
            series = {held.series for held in other.values()}
            for uid in dict.fromkeys(held.series for held in one.values()):
                if uid not in series:
                    yield _lacks(uid, "SeriesInstanceUID", lacking.name, f"series {kind}")
            for uid, held in one.items():
                if held.series in series and uid not in other:
                    yield _lacks(uid, "SOPInstanceUID", lacking.name, f"instance {kind}")
        for uid in ours.keys() & theirs.keys():
            before, after = ours[uid].series, theirs[uid].series
            if before != after:
                yield Difference(
                    subject=uid, attribute="SeriesInstanceUID", expected=before, actual=after
                )

    def _instances(
        self, study: str, ours: dict[str, Held], theirs: dict[str, Held], both: AbstractSet[str]
    ) -> Iterator[Difference]:
        folder = self.scratch()
        try:
            before = self._fetched(self.source, study, list(ours.values()), folder / "1")
            after = self._fetched(self.target, study, list(theirs.values()), folder / "2")
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
            for attribute, expected, actual in differing(
                ours, theirs, set(self.only), set(self.ignored), conversion=self.conversion
            ):
                yield Difference(subject=uid, attribute=attribute, expected=expected, actual=actual)
        if pixels and (why := _pixels(ours, theirs)):
            yield Difference(
                subject=uid,
                attribute="PixelData",
                expected=f"as on '{self.source.name}'",
                actual=why[0],
                kind=why[1],
            )


def _pixels(ours: Dataset, theirs: Dataset) -> tuple[str, str] | None:
    """In which way pixels differ, and its kind; those that are the same bytes need not be decoded."""
    has = ["PixelData" in one for one in (ours, theirs)]
    if not any(has):
        return None
    if not all(has):
        return "no PixelData", "pixels on one side alone"
    syntaxes = {one.file_meta.TransferSyntaxUID for one in (ours, theirs)}
    if len(syntaxes) == 1 and ours.PixelData == theirs.PixelData:
        return None
    try:
        both = pixels_of(ours), pixels_of(theirs)
    except UndecodableError as error:
        return f"cannot be decoded: {error}", "cannot be decoded"
    found: Any = pixel_difference(*both, ours.get("SamplesPerPixel", 1))
    return None if found is None else (str(found), found.kind)


def _lacks(uid: str, attribute: str, lacking: str, kind: str) -> Difference:
    return Difference(
        subject=uid,
        attribute=attribute,
        expected="on both",
        actual=f"not on '{lacking}'",
        kind=kind,
    )
