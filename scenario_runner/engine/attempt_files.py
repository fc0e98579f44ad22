"""Files and folders of an attempt: what it attaches as evidence, what it writes and reads."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scenario_runner.engine.state import LOGS_IN_A_CASE, PREVIEWS_IN_A_CASE, Attempt
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.events import Attached
from scenario_runner.language.scenario import source_of

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage


class AttemptFiles(Attempt):
    """The part of ``api.StepContext`` that is about files."""

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
            raise of_the_machine(f"cannot write '{relative}'", error) from error
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

    def keep_pictures(self) -> None:
        """Attach what its checks found, once it is sure that no further attempt looks again."""
        for one in self.pictures:
            self.attach(
                one.name, one.png, media_type="image/png", title=one.title, subject=one.subject
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
            raise of_the_machine(f"cannot make folder '{name}'", error) from error
        return folder

    def finished(self, path: Path) -> None:
        """Say that a file is as it will stay."""
        self.state.services.finished(path, "")

    def scratch(self) -> Path:
        """A new empty folder that goes when the case is over."""
        return Path(tempfile.mkdtemp(prefix="step-", dir=self.state.scratch))

    def source(self, name: str) -> Path:
        """A file that the scenario names, from the folder it stands in."""
        return source_of(self.entry, name)

    @property
    def _place(self) -> str:
        return "/".join(filter(None, [f"c{self.state.job.number:03}", self.state.folder]))


def _safe(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[:80]
