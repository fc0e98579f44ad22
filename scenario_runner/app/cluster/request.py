"""What a worker plans from: what the run folder keeps for a rerun, packed, and how the run is to go about it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.folder import OURS
from scenario_runner.app.kept_inputs import REQUEST, Kept, load_kept, read_request
from scenario_runner.app.load import Loaded, Surroundings
from scenario_runner.app.plans import Plans, digest_of, replay_all
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from scenario_runner.engine.services import Job

_SETTINGS: Final = "settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How workers go about it. share: which part of each rate a case may use. slots: cases at once."""

    folder: str
    """What relative paths start from."""
    reserved: Mapping[str, Mapping[str, Any]]
    log_pdus: bool = False
    handover: str = ""
    """A folder of the client's, where workers beside it leave many files; empty where each goes through the ledger."""
    share: float = 1.0
    slots: int = 1
    version: str = __version__


def packed(folder: Path, settings: Settings) -> bytes:
    """A run folder's ``inputs/`` without the plan, which workers make themselves. Raises MachineError."""
    packet = io.BytesIO()
    inputs = folder / "inputs"
    left_out = {inputs / name for name in OURS if not REQUEST.endswith(f"/{name}")}
    try:
        with zipfile.ZipFile(packet, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(inputs.rglob("*")):
                if path.is_file() and path not in left_out:
                    archive.write(path, path.relative_to(folder).as_posix())
            told = {name: getattr(settings, name) for name in Settings.__slots__}
            archive.writestr(_SETTINGS, json.dumps(told))
    except OSError as error:
        raise of_the_machine(f"cannot read '{inputs}'", error) from error
    return packet.getvalue()


class Replayed:
    """A run as a worker has planned it again.

    folder: where its inputs are unpacked. Raises UsageError for another version of the program, or a
    site or plugin that is not there as it was.
    """

    def __init__(self, packet: bytes, folder: Path) -> None:
        self.folder = folder
        with zipfile.ZipFile(io.BytesIO(packet)) as archive:
            archive.extractall(folder)
        self.settings = Settings(**json.loads((folder / _SETTINGS).read_text("utf-8")))
        if self.settings.version != __version__:
            raise UsageError(
                f"this worker has version {__version__} of the program, and the run was started by "
                f"{self.settings.version}",
                hint="install the same version on every machine",
            )
        self.kept: Kept = read_request(folder)
        around = Surroundings(os.environ, Path(self.settings.folder))
        self.loaded: Loaded = load_kept(folder, self.kept, around)
        self.loaded.plugins.require_all()
        plans = replay_all(
            self.loaded, self.loaded.scenarios, self.kept.moment, self.settings.reserved
        )
        self.plans: Plans = plans.only(lambda job: job.case.id in self.kept.plan)
        self._jobs = {job.case.id: job for job in self.plans.jobs}
        self._same: set[str] = set()

    def job(self, case: str) -> Job:
        """A case, with the identities it had. Raises UsageError when it would have others."""
        job = self._jobs.get(case)
        if job is not None and case not in self._same:
            if digest_of(job) == self.kept.plan[case]:
                self._same.add(case)
            else:
                job = None
        if job is None:
            raise UsageError(
                f"'{case}' would not have the identities and pictures here that it has in the plan",
                hint="a worker needs the files that the scenario names, and the same plugins",
            )
        return job


def key_of(run: str, packet: bytes) -> str:
    """What tells one packed run from any other."""
    return f"{run} {hashlib.sha256(packet).hexdigest()}"
