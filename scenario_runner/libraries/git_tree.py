"""The files of a commit, written out as they are stored: no filter, attribute or line ending of a machine counts.

So the same commit has the same digests everywhere. Links and submodules are no files and are left out, as in a
folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scenario_runner.libraries.archive import MOST_BYTES, MOST_FILES, unsafe_name
from scenario_runner.libraries.git_command import Git, GitProblem


class _File(NamedTuple):
    id: str
    size: int
    name: str


_FILES = ("100644", "100755")
_SUBMODULE = b"160000 "
_AT_ONCE = 16 * 1024 * 1024
"""Bytes of files that are held in memory, beside one that is larger."""


def write_tree(git: Git, repository: Path, commit: str, within: str, folder: Path) -> None:
    """Write the files of a commit below a folder of it. folder: where to; made. Raises GitProblem, OSError."""
    here = ["-C", str(repository)]
    try:
        listed = git([*here, "ls-tree", "-r", "-l", "-z", "--full-tree", f"{commit}:{within}"])
    except GitProblem:
        raise GitProblem(_lacking(git, here, commit, within)) from None
    folder.mkdir(parents=True)
    for files in _portions(_files(listed)):
        ids = "".join(f"{one.id}\n" for one in files).encode("ascii")
        out = memoryview(git([*here, "cat-file", "--batch"], given=ids))
        for one in files:
            head = len(f"{one.id} blob {one.size}\n")
            to = folder / one.name
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(out[head : head + one.size])
            out = out[head + one.size + 1 :]


def _lacking(git: Git, here: list[str], commit: str, within: str) -> str:
    """Why a commit has no such folder."""
    parts = within.split("/")
    for place in ("/".join(parts[: number + 1]) for number in range(len(parts))):
        if git([*here, "ls-tree", "--full-tree", commit, "--", place]).startswith(_SUBMODULE):
            return f"'{place}' is a submodule, whose files are in a repository of their own"
    return f"there is no folder '{within}' at {commit[:12]}"


def _files(listed: bytes) -> list[_File]:
    """Raises GitProblem for more than a library may hold, and names that lead out of its folder."""
    files: list[_File] = []
    for entry in filter(None, listed.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        mode, _, found, size = facts.decode("ascii").split()
        if mode in _FILES:
            files.append(_File(found, int(size), name.decode("utf-8", "surrogateescape")))
    if len(files) > MOST_FILES or sum(one.size for one in files) > MOST_BYTES:
        raise GitProblem(f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB")
    for one in files:
        if problem := unsafe_name(one.name):
            raise GitProblem(f"it has a file {one.name!r}, {problem}")
    return files


def _portions(files: Sequence[_File]) -> Iterator[list[_File]]:
    portion: list[_File] = []
    held = 0
    for one in files:
        if portion and held + one.size > _AT_ONCE:
            yield portion
            portion, held = [], 0
        portion.append(one)
        held += one.size
    if portion:
        yield portion
