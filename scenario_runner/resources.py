"""Where the files that ship beside the code lie: schemas, report templates, scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from scenario_runner.errors import MachineError


def resource(folder: Literal["schemas", "reports", "scenarios", "docs"], name: str = "") -> Path:
    """The path of a shipped file, or of the whole folder when name is empty.

    A wheel has them under ``scenario_runner/_shipped``; a clone at the top of the repository.
    Raises MachineError when the file is in neither place, which means a broken installation.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_shipped", package.parent):
        path = root / folder / name
        if path.exists():
            return path
    raise MachineError(
        f"'{folder}/{name}' is missing from this installation of DICOM Fabricator",
        hint="install the package again",
    )
