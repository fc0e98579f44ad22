"""The two roles behind the gateway: one judges, one describes and stores. Both may be asked twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from scenario_runner.errors import MachineError
from scenario_runner.service.validator.describing import metadata_of
from scenario_runner.service.validator.events import (
    EXTRACTED,
    KEPT,
    PROCESSED,
    REFUSED,
    SUCCESS,
    VALIDATED,
    Event,
    Role,
)
from scenario_runner.service.validator.folder import LOG, METADATA, ORIGINAL, StudyFolder
from scenario_runner.service.validator.judging import log_of, verdict_on
from scenario_runner.service.validator.opened import Opened
from scenario_runner.service.validator.settings import Settings
from scenario_runner.service.validator.worker import Acted

_SYNCING: Final = 8
"""Files that wait for the disk at once; a file system puts their waits together."""
T = TypeVar("T")


class Validator:
    """Judges a study and writes its log."""

    role: Role = "validator"

    def __init__(self, folder: StudyFolder, settings: Settings, opened: Opened) -> None:
        self._folder = folder
        self._settings = settings
        self._opened = opened

    def act(self, events: Sequence[Event]) -> list[Acted | Exception]:
        """Judge each."""
        return [_tried(self._judged, one) for one in events]

    def _judged(self, request: Event) -> Acted:
        folder, study = self._folder, request.study
        try:
            file, digest = self._opened.read(study, folder.on_its_way(study))
        except FileNotFoundError:
            if folder.stored(study) or folder.rejected(study):
                return Acted(())  # all that follows was said before it went there
            raise
        if digest != request.data.get("sha256"):
            raise MachineError(
                "the original is not what was taken in: the disk has lost some of it"
            )
        verdict = verdict_on(file, self._settings)
        log = folder.write(study, LOG, log_of(request, file, verdict, self._settings))
        counts = {
            kind + "s": sum(one.severity == kind for one in verdict.findings)
            for kind in ("error", "warning")
        }
        if verdict.code:
            data = {"code": verdict.code, "errors": verdict.errors, "found": counts}
            return Acted([request.then(REFUSED, **data)], reject=study, durable=True)
        said = {key: request.data.get(key) for key in ("size", "sha256")}
        return Acted([
            request.then(SUCCESS, found=counts),
            request.then(VALIDATED, **said, found=counts, log=log),
        ])  # fmt: skip

    def finish(self, acted: Acted) -> None:
        """Move a study that was refused out of the way."""
        self._folder.reject(acted.reject, original=self._settings.keep_rejected)


class Descriptor:
    """Describes a valid study and moves it to those that are stored."""

    role: Role = "descriptor"

    def __init__(self, folder: StudyFolder, settings: Settings, opened: Opened) -> None:
        self._folder = folder
        self._settings = settings
        self._opened = opened
        self._disk = ThreadPoolExecutor(_SYNCING, thread_name_prefix="validator-disk")

    def act(self, events: Sequence[Event]) -> list[Acted | Exception]:
        """Describe each, then wait for the disk with all of them together."""
        described = [_tried(self._described, one) for one in events]
        kept = list(self._disk.map(self._kept, events, described))
        try:
            self._folder.sync_stored()
        except OSError as error:
            return [error for _ in events]
        return [
            one if isinstance(one, Exception) else _tried(partial(self._told, one), event)
            for event, one in zip(events, kept, strict=True)
        ]

    def finish(self, acted: Acted) -> None:
        """Nothing is left to do."""

    def _described(self, validated: Event) -> dict[str, Any] | None:
        """Size and SHA-256 of the description; None where the study was stored before."""
        folder, study = self._folder, validated.study
        try:
            file = self._opened.again(study, folder.on_its_way(study))
            return folder.write(
                study, METADATA, metadata_of(validated, file, self._settings.metadata)
            )
        except FileNotFoundError:
            if folder.stored(study):
                return None
            raise

    def _kept(
        self, validated: Event, metadata: dict[str, Any] | Exception | None
    ) -> dict[str, Any] | Exception | None:
        """Its description again, once the study is stored; without one it never is."""
        if isinstance(metadata, Exception):
            return metadata
        failed = _tried(self._folder.keep, validated.study)
        return failed if isinstance(failed, Exception) else metadata

    def _told(self, metadata: dict[str, Any] | None, validated: Event) -> Acted:
        files = {METADATA: metadata, LOG: validated.data.get("log")}
        for name in [name for name, what in files.items() if what is None]:
            files[name] = self._folder.what_is_stored(validated.study, name)
        files[ORIGINAL] = {key: validated.data.get(key) for key in ("size", "sha256")}
        return Acted(
            [
                validated.then(EXTRACTED),
                validated.then(KEPT, files=files),
                validated.then(PROCESSED, found=validated.data.get("found")),
            ],
            durable=True,
        )


def _tried(act: Callable[[Any], T], value: Any) -> T | Exception:
    """What acting gives, or why it cannot: one study never takes others along."""
    try:
        return act(value)
    except Exception as error:  # noqa: BLE001 - a file leads code of others into whatever error
        return error
