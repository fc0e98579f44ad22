"""Objects to take in, and a validator that takes them in without HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scenario_runner.service.validator.events import Event
from scenario_runner.service.validator.folder import StudyFolder, written
from scenario_runner.service.validator.service import ValidatorService, open_validator
from scenario_runner.service.validator.settings import Settings
from tests.conformance import objects
from tests.conformance.objects import Object, put

IN_ORDER = [
    "study.uploaded",
    "validation.request",
    "validation.success",
    "study.validated",
    "metadata.extracted",
    "storage.completed",
    "study.processed",
]


def file(*changes: Callable[[Object], object], index: int = 0) -> bytes:
    """A CT slice that no rule objects to, but for the changes."""
    made = objects.ct(index)
    put(made, "StudyDate", "20240229")
    put(made, "PatientName", "MUSTER^ANNA")
    put(made, "PatientID", "CT-1")
    for change in changes:
        change(made)
    return objects.part10(made)


def settings(**given: Any) -> Settings:
    """The usual settings, but for these."""
    return Settings.model_validate({"schema": "validator/v1", **given})


@contextmanager
def running(data: Path, **given: Any) -> Iterator[ValidatorService]:
    """A validator with all its roles."""
    with open_validator(data, settings(**given)) as service:
        yield service


def sent(service: ValidatorService, content: bytes) -> Event:
    """Take a file in and wait for what becomes of it."""
    incoming = service.gateway.begin()
    incoming.write(content)
    return incoming.finish().outcome.result(60)


def begun(folder: StudyFolder, study: str, content: bytes) -> None:
    """A study as a killed gateway left it: its original is there, and nobody has been told of it."""
    handle = folder.begin(study)
    written(handle, content)
    os.close(handle)


def names(service: ValidatorService, study: str) -> list[str]:
    """The events of a study."""
    return [one["event"] for one in service.gateway.status(study)["events"]]


def described(data: Path, study: str) -> dict[str, Any]:
    """The metadata of a stored study."""
    found = json.loads((data / "studies" / study / "metadata.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found
