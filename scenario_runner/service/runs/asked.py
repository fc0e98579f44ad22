"""What somebody asks a run to be, as it is kept with the run and turned into a command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import TooLarge, Unacceptable

NAMED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a scenario, or a file beside one, may be called: never a path."""
_TEXT: Final = 1 << 20
"""Characters of a scenario and of the files beside it, together."""
_FILES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to run, whatever it is: what ``fabricate run`` takes beside files and folders."""

    set: Mapping[str, str] = field(default_factory=dict)
    """``--set``: text by the name of a variable, or ``matrix.AXIS``."""
    seed: int | None = None
    tag: str | None = None
    workers: int = 1
    fail_fast: bool = False
    keep_patients: bool = False
    log_pdus: bool = False
    allow_production: bool = False

    def manner(self) -> dict[str, Any]:
        """All of it by name."""
        return {name: getattr(self, name) for name in _MANNER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Manner):
    """A run as it was asked for.

    path: of a scenario that is kept elsewhere, read when the run begins; otherwise ``text`` is the scenario, and
    ``files`` by name what lies beside it.
    """

    name: str
    """The scenario's, for a list."""
    title: str = ""
    path: str | None = None
    text: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    site: str | None = None
    """The path of a site file; None for the embedded PACS."""

    def as_json(self) -> str:
        """As it is kept."""
        return json.dumps({name: getattr(self, name) for name in _FIELDS}, ensure_ascii=True)

    def arguments(self, scenario: Path, out: Path) -> list[str]:
        """Of ``fabricate run``. scenario: the file to run; out: the folder of its evidence."""
        options: list[tuple[str, object]] = [
            ("--site", self.site),
            *(("--set", f"{name}={value}") for name, value in self.set.items()),
            ("--tag", self.tag),
            ("--seed", self.seed),
            ("--workers", self.workers if self.workers != 1 else None),
            ("--out", out),
        ]
        flags = {
            "--fail-fast": self.fail_fast,
            "--keep-patients": self.keep_patients,
            "--pdu-log": self.log_pdus,
            "--allow-production": self.allow_production,
        }
        # With an equals sign: what begins with a dash stays a value.
        return [
            "run",
            *(f"{name}={value}" for name, value in options if value is not None),
            *(name for name, is_set in flags.items() if is_set),
            "--",
            str(scenario),
        ]


_MANNER: Final = (
    "set", "seed", "tag", "workers", "fail_fast", "keep_patients", "log_pdus", "allow_production",
)  # fmt: skip
_FIELDS: Final = ("name", "title", "path", "text", "files", "site", *_MANNER)


def asked_from(kept: str) -> Asked:
    """What ``as_json`` wrote."""
    found: dict[str, Any] = json.loads(kept)
    return Asked(**found)


def require_sendable(text: str, files: Mapping[str, str]) -> None:
    """Raises TooLarge, and Unacceptable for a file whose name is none."""
    if len(text) + sum(map(len, files.values())) > _TEXT or len(files) > _FILES:
        raise TooLarge(
            "scenario-too-large",
            f"a scenario and what lies beside it may have {_TEXT} characters and {_FILES} files",
        )
    for name in files:
        if NAMED.fullmatch(name) is None or name.lower() == SCENARIO:
            raise Unacceptable(
                "file-name",
                f"'{name[:80]}' cannot be the name of a file beside a scenario",
                hint="use letters, digits, '_', '.' and '-'",
            )


SCENARIO: Final = "scenario.yaml"
"""The file of a scenario that came as text."""
