"""A study of a FHIR server of the site file on its way to a PACS that no site file has beside it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.app.load import load_site
from scenario_runner.app.served_runs import EMBEDDED
from scenario_runner.service.errors import Unacceptable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.app.served_runs import ServedRuns
    from scenario_runner.service.runs.runs import Runs

TARGET: Final = "pacs"
_FILES: Final = ("ca", "certificate", "key")
_FOLDERS: Final = ("plugins", "libraries")
_BEGINS: Final = "fhir-"
_ENDS: Final = ".site.yaml"
_YOUNG: Final = 3600.0


def site_between(served: ServedRuns, server: str, to: Literal["embedded", "archive"]) -> Path:
    """A site file with the FHIR server of the site and, as ``pacs``, the server's archive or an embedded PACS.

    to: ``archive`` or ``embedded``. All else is as in the site file: what orders are read by, zone, counters. Only the
    owner may read it, as secrets may stand in it. Raises Unacceptable, Conflicting, InvalidInput, OSError.
    """
    _, loaded = load_site(served.site, served.around)
    if loaded.document is None:
        raise _no_server(server)
    folder = Path(loaded.document.file).parent
    site = between(loaded.document.data, folder, server, _target(served, to))
    text = json.dumps(site, ensure_ascii=False, indent=1, default=str) + "\n"
    # By what it says: a run that waits, or is repeated, finds the very file it was asked with.
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return _written(served.library.folder.with_name(f"{_BEGINS}{name}{_ENDS}"), text)


def clear_up(data: Path, runs: Runs) -> None:
    """Remove the site files of picked studies that no run and no schedule names: secrets may stand in them.

    data: the server's folder. One that is younger than an hour may be that of a run which is just being asked for.
    """
    for file in data.glob(f"*{_BEGINS}*{_ENDS}*"):
        with suppress(OSError):
            if file.stat().st_mtime < time.time() - _YOUNG and not runs.names(file.name):
                file.unlink()


def between(
    site: Mapping[str, Any], folder: Path, server: str, pacs: Mapping[str, Any]
) -> dict[str, Any]:
    """A site with one target of a site file that is a FHIR server, and with ``pacs`` as that. Raises Unacceptable.

    folder: of the site file, where its relative paths start; those of the result start nowhere.
    """
    found = site["targets"].get(server)
    if not isinstance(found, dict) or "fhir" not in found:
        raise _no_server(server)
    asked = {key: found[key] for key in ("environment", "fhir") if key in found}
    targets = _anchored({server: asked}, folder)
    return {
        **_anchored({key: value for key, value in site.items() if key != "targets"}, folder),
        **{key: _places(site[key], folder) for key in _FOLDERS if key in site},
        "targets": targets | {TARGET: {**targets.get(TARGET, {}), **pacs}},
    }


def _no_server(name: str) -> Unacceptable:
    return Unacceptable("no-fhir-server", f"'{name[:80]}' is no FHIR server")


def _target(served: ServedRuns, to: Literal["embedded", "archive"]) -> Any:
    if to == EMBEDDED:
        return {"embedded": {}}
    _, own = load_site(served.site_of(to), served.around)
    assert own.document is not None
    return own.document.data["targets"][TARGET]


def _anchored(node: Any, folder: Path) -> Any:
    """With the paths of certificates made absolute, wherever they stand."""
    if isinstance(node, list):
        return [_anchored(one, folder) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _anchored(value, folder) for key, value in node.items()}
    if isinstance(tls := made.get("tls"), dict):
        made["tls"] = tls | {name: _place(tls[name], folder) for name in _FILES if name in tls}
    return made


def _places(given: Any, folder: Path) -> Any:
    return (
        [_place(one, folder) for one in given] if isinstance(given, list) else _place(given, folder)
    )


def _place(text: Any, folder: Path) -> Any:
    """A path from the folder of a site file; repositories and templates are no such paths."""
    if not isinstance(text, str) or "{{" in text or text.startswith("git+"):
        return text
    return str((folder / text).resolve())


def _written(file: Path, text: str) -> Path:
    """The file with that text; of several who ask for it at once each writes one of its own, and the last stays."""
    with suppress(FileNotFoundError):
        os.utime(file)  # as young as the run that is to be asked for
        return file
    handle, half = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:  # which nobody else may read
            written.write(text)
        Path(half).replace(file)
    finally:
        with suppress(OSError):
            Path(half).unlink(missing_ok=True)
    return file
