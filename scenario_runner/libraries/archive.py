"""``.fablib``: a library in one file, a zip with a manifest of digests; sorted, with fixed times.

The same files give the same bytes. Nothing in an archive is believed: names that lead out of it, links, files
that the manifest does not list, digests that differ and archives that unpack to too much are refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from scenario_runner.errors import Diagnostic, InvalidInput, Where, of_the_machine
from scenario_runner.libraries.content import file_digests, whole_digest
from scenario_runner.libraries.library import Library

SUFFIX = ".fablib"
MANIFEST = "manifest.json"
MOST_FILES = 20_000
MOST_BYTES = 512 * 1024 * 1024
_SCHEMA = "fablib/v1"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can say."""
_CHUNK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What zipfile says of damage by itself, and what it lets through of those that decompress for it."""


def packed(library: Library) -> bytes:
    """The bytes of an archive of a library. Raises MachineError."""
    files = file_digests(library)
    manifest = {
        "schema": _SCHEMA, "name": library.name, "version": str(library.version),
        "sha256": whole_digest(files), "files": files,
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
        for name, path in library.files():
            try:
                _add(archive, str(name), path.read_bytes())
            except OSError as error:
                raise of_the_machine(f"cannot read '{path}'", error) from error
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # the same on every system
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(info, content)


def unpack(path: Path, folder: Path) -> None:
    """Unpack an archive into an empty folder. Raises InvalidInput (FAB613) for one that is not sound."""
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = _manifest(path, archive)
            members = _members(path, archive, wanted)
            for name, info in members.items():
                _extract(path, archive, info, folder / name, wanted[name])
    except (*_DAMAGED, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise _unsound(path, f"this is no archive of a library: {error}") from None
    except RuntimeError as error:  # zipfile's word for an encrypted file
        raise _unsound(path, f"this archive cannot be read: {error}") from None
    except OSError as error:
        raise _unsound(path, f"it cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise _unsound(path, f"this archive cannot be read: {error}") from None


def _unsound(path: Path, message: str, hint: str | None = None) -> InvalidInput:
    what = "get it again from where it came from"
    return InvalidInput([Diagnostic("FAB613", Where(str(path)), message, hint or what)])


def _manifest(path: Path, archive: zipfile.ZipFile) -> Mapping[str, str]:
    names = archive.namelist()
    if names.count(MANIFEST) != 1:
        raise _unsound(path, f"the archive has no {MANIFEST}", "pack it by fabricate library pack")
    info = archive.getinfo(MANIFEST)
    if info.file_size > _CHUNK * 16:
        raise _unsound(path, "its manifest is too large")
    try:
        data: Any = json.loads(archive.read(MANIFEST))
        files = data["files"]
        sound = (
            data["schema"] == _SCHEMA
            and isinstance(files, dict)
            and all(isinstance(digest, str) for digest in files.values())
            and whole_digest(files) == data["sha256"]
        )
    except (ValueError, KeyError, TypeError, UnicodeError, RecursionError):
        sound = False
    if not sound:
        raise _unsound(path, "its manifest is damaged")
    found: Mapping[str, str] = files
    return found


def _members(
    path: Path, archive: zipfile.ZipFile, wanted: Mapping[str, str]
) -> dict[str, zipfile.ZipInfo]:
    """What is to be unpacked, by name."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename == MANIFEST:
            continue
        if problem := _bad_name(info):
            raise _unsound(path, f"the archive has an entry {info.filename!r}, {problem}")
        if info.filename in members:
            raise _unsound(path, f"the archive has '{info.filename}' twice")
        if info.filename not in wanted:
            raise _unsound(
                path, f"the archive has '{info.filename}', which its manifest does not list"
            )
        members[info.filename] = info
    if missing := sorted(wanted.keys() - members.keys()):
        raise _unsound(path, f"the archive lacks '{missing[0]}', which its manifest lists")
    folded = {name.casefold() for name in members}
    if len(folded) != len(members):
        raise _unsound(path, "the archive has names that differ by upper and lower case only")
    if len(members) > MOST_FILES or sum(one.file_size for one in members.values()) > MOST_BYTES:
        raise _unsound(path, f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB")
    return members


def _bad_name(info: zipfile.ZipInfo) -> str | None:
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "which is no file"
    return unsafe_name(info.filename)


def unsafe_name(name: str) -> str | None:
    """Why a name is not one of a file below a folder, on every system."""
    pure, other = PurePosixPath(name), PureWindowsPath(name)
    if pure.is_absolute() or other.drive or other.root or ".." in other.parts or "\\" in name:
        return "which leads out of its folder"
    if not name or name.endswith("/") or str(pure) != name or "\0" in name:
        return "which is no name of a file"
    return None


def _extract(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, to: Path, digest: str
) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    found, size = hashlib.sha256(), 0
    with archive.open(info) as source, to.open("xb") as out:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > info.file_size:
                raise _unsound(path, f"'{info.filename}' is larger than it says")
            found.update(chunk)
            out.write(chunk)
    if found.hexdigest() != digest:
        raise _unsound(path, f"'{info.filename}' is not what the manifest says: its digest differs")
