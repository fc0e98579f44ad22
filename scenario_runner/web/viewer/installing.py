"""OHIF made ready to be served below ``/viewer``: what it needs and no more, compressed once, under our addresses.

The package is built for the root of a server. Where it is served from stands in it in four kinds of places: the public
path of webpack's runtime, in the application and in each worker; fonts in its style sheets; links of its page; and a
variable that its page sets. The page is our own (``pages.py``), the others are rewritten here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.web.viewer import package
from scenario_runner.web.viewer.installed import BASE, MANIFEST, SCHEMA
from scenario_runner.web.viewer.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.web.viewer.opening import PackageFile

_PUBLIC_PATH: Final = b'__webpack_require__.p = "/";'
_OURS: Final = f'__webpack_require__.p = "{BASE}";'.encode()
_IN_STYLE: Final = re.compile(rb"url\((['\"]?)/(?!/)")
_SCRIPTS: Final = 8
"""Scripts with a runtime of webpack's in them: the application and its workers."""
_SHRINKS: Final = (".js", ".css", ".json", ".jsonc", ".html", ".svg", ".wasm", ".ico", "LICENSE")


@dataclass(frozen=True, slots=True)
class Installation:
    """What was installed, and how much room it takes."""

    folder: Path
    files: int
    bytes: int


def install(source: Path, home: Path) -> Installation:
    """Make the package ready in a folder of its own below ``home``; one that is there is replaced at the end.

    source: the archive or a folder. Raises UsageError for what is not the pinned version, MachineError.
    """
    files = opened(source)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".part-") as name:
            made = Path(name, package.REVISION)
            made.mkdir()
            count, size = _write(files, made)
            target = home / package.REVISION
            if target.exists():
                target.rename(Path(name, "before"))
            made.rename(target)
            _remove_others(home, target)
    except OSError as error:
        raise of_the_machine(f"'{home}' cannot be written", error) from error
    return Installation(target, count, size)


def removed(home: Path) -> bool:
    """Remove every version below ``home``; whether there was one. Raises MachineError."""
    there = home.is_dir() and any((one / MANIFEST).is_file() for one in home.iterdir())
    if there:
        try:
            shutil.rmtree(home)
        except OSError as error:
            raise of_the_machine(f"'{home}' cannot be removed", error) from error
    return there


def _remove_others(home: Path, kept: Path) -> None:
    for other in home.iterdir():
        if other != kept and other.is_dir() and (other / MANIFEST).is_file():
            shutil.rmtree(other, ignore_errors=True)


def _write(files: Iterable[PackageFile], folder: Path) -> tuple[int, int]:
    """Each file, and the manifest last. Returns how many, and bytes."""
    entries: dict[str, Any] = {}
    rewritten = size = 0
    for file in files:
        name = file.name.removeprefix(package.BUILD)
        content, has_runtime = _rewritten(name, file.content)
        rewritten += has_runtime
        shrinks = name.endswith(_SHRINKS)
        stored = gzip.compress(content, 6, mtime=0) if shrinks else content
        path = folder / f"{name}.gz" if shrinks else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored)
        size += len(stored)
        entries[name] = {
            "size": len(content),
            "compressed": shrinks,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    if rewritten != _SCRIPTS:
        raise UsageError(
            f"{rewritten} scripts of the package say where they are served from, and not {_SCRIPTS}"
        )
    manifest = {
        "schema": SCHEMA,
        "package": package.NAME,
        "version": package.VERSION,
        "revision": package.REVISION,
        "licence": package.LICENCE,
        "files": dict(sorted(entries.items())),
    }
    text = json.dumps(manifest, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return len(entries), size + len(text)


def _rewritten(name: str, content: bytes) -> tuple[bytes, bool]:
    """A file under our address, and whether it is a script that asks for others."""
    if name.endswith(".js"):
        return content.replace(_PUBLIC_PATH, _OURS), _PUBLIC_PATH in content
    if name.endswith(".css"):
        return _IN_STYLE.sub(rb"url(\1" + BASE.encode(), content), False
    return content, False
