"""Which site is meant: a file, a name, or an address that needs no file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from scenario_runner.errors import UsageError
from scenario_runner.language.diagnostic_words import did_you_mean, some_of
from scenario_runner.language.document_kinds import SITE, kind_of
from scenario_runner.resources import resource

FOLDERS = ("sites", "scenarios/sites")
"""Where sites are looked for by their names."""
FILE = "site.yaml"
_ADDRESS = re.compile(r"([^@/\\]{1,16})@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


def site_path(given: str, starts: Iterable[Path]) -> Path:
    """The file of a site that is named; an address stands for itself. Raises UsageError.

    starts: folders in which, and above which, ``sites/NAME/`` and the like are looked for, before those that ship.
    """
    path = Path(given)
    if path.is_file() or path.is_fifo() or is_address(path):
        return path
    if path.is_dir():
        if (found := _in(path)) is not None:
            return found
        raise UsageError(f"'{given}' has no site file", hint=f"a site's folder holds {FILE}")
    names: dict[str, None] = {}
    if len(path.parts) == 1:
        above = (folder for start in starts for folder in (start, *start.absolute().parents))
        for sites in (*(folder / place for folder in above for place in FOLDERS), _shipped()):
            if (found := _called(given, sites)) is not None:
                return found
            names |= dict.fromkeys(_names(sites))
    beside = path.with_name(f"{path.name}.yaml")
    if beside.is_file():  # a file of one's own goes by its name as it stands
        raise UsageError(f"there is no site file '{given}'", hint=f"did you mean {beside}?")
    raise UsageError(
        f"there is no site file '{given}', and no site of that name{did_you_mean(given, names)}",
        hint=f"{f'there are {some_of(names)}; ' if names else ''}sites are looked for in {' and '.join(FOLDERS)}",
    )


def shipped_sites() -> list[str]:
    """The names of the sites that come with the program."""
    return _names(_shipped())


def shipped_site(name: str) -> Path | None:
    """The file of a site that comes with the program."""
    return _called(name, _shipped())


def _shipped() -> Path:
    return resource("scenarios", "sites")


def _called(name: str, sites: Path) -> Path | None:
    """The file of the site of that name in a folder of sites."""
    for candidate in (sites / name, sites / f"{name}.yaml"):
        found = _in(candidate) if candidate.is_dir() else candidate
        if found is not None and found.is_file():
            return found
    return None


def _in(folder: Path) -> Path | None:
    """The site file of a folder: ``site.yaml``, else the only one there is."""
    if (folder / FILE).is_file():
        return folder / FILE
    files = [one for one in sorted(folder.glob("*.yaml")) if kind_of(one) == SITE]
    return files[0] if len(files) == 1 else None


def _names(sites: Path) -> list[str]:
    if not sites.is_dir():
        return []
    folders = [one.name for one in sorted(sites.iterdir()) if one.is_dir() and _in(one)]
    files = [one.stem for one in sorted(sites.glob("*.yaml")) if kind_of(one) == SITE]
    return folders + files


def is_address(path: Path) -> bool:
    """Whether it is ``AE@HOST:PORT`` and no file."""
    return bool(_ADDRESS.fullmatch(str(path))) and not path.exists()


def text_of_address(path: Path | None) -> str | None:
    """The site file that an address stands for; None for a file."""
    if path is None or not is_address(path):
        return None
    match = _ADDRESS.fullmatch(str(path))
    assert match is not None
    dicom = {"host": match[2].strip("[]"), "port": int(match[3]), "ae_title": match[1]}
    site = {
        "schema": SITE,
        "name": match[1].strip() or "address",
        "targets": {"pacs": {"dicom": dicom}},
    }
    return json.dumps(site, ensure_ascii=False, indent=1) + "\n"
