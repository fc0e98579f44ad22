"""Where the registry lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scenario_runner.database.location import DatabaseUrl, Location, location_of

__all__ = ["VARIABLE", "DatabaseUrl", "Location", "registry_location"]

VARIABLE = "FABRICATE_REGISTRY"
"""Environment variable that names another registry than the default."""


def registry_location(given: str | Path | None, environ: Mapping[str, str]) -> Location:
    """The registry: ``given``, else what FABRICATE_REGISTRY says, else the user's own.

    A file, or a PostgreSQL database as ``postgresql://user@host/name``. The user's own is
    ``registry.sqlite3`` in the data folder that the system has for the user
    (``~/.local/share/dicom-fabricator`` on Linux). ``:memory:`` stands for a registry that is
    forgotten with the run and starts from the configured numbers. Raises UsageError.
    """
    chosen = given or environ.get(VARIABLE)
    if chosen is None or not str(chosen):
        from platformdirs import user_data_path

        return user_data_path("dicom-fabricator", appauthor=False) / "registry.sqlite3"
    return chosen if isinstance(chosen, Path) else location_of(chosen)
