"""Libraries of git repositories, fetched once: the files of each commit lie in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.git_command import Git, GitProblem
from scenario_runner.libraries.git_source import GitSource
from scenario_runner.libraries.git_tree import write_tree

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
_FETCH = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--")


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of a commit. folder: where they lie."""

    folder: Path
    commit: str


class GitCache:
    """What was fetched, and what is fetched when it is asked for.

    held: by address, the commits that a lock holds it to. fresh: ask the repository which commit a ref is at, though
    one is known; a lock is written by that, and nothing else asks twice. environ: what git may know. Each address is asked for once.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        held: Mapping[str, str] | None = None,
        fresh: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._git = Git(environ or {})
        self._root = root
        self._held = dict(held or {})
        self._fresh = fresh
        self._done: dict[tuple[str, str | None], Checkout | InvalidInput] = {}

    def checkout(self, source: GitSource, held: str | None = None) -> Checkout:
        """The files of a repository at its ref. held: the commit that a lock says. Raises InvalidInput (FAB614)."""
        wanted = held or self._held.get(str(source)) or source.commit
        key = (str(source), wanted)
        if key not in self._done:
            try:
                self._done[key] = self._checkout(source, wanted)
            except GitProblem as problem:
                self._done[key] = InvalidInput([_told(source, problem)])
            except OSError as error:
                said = GitProblem(f"it cannot be kept: {error.strerror or error}")
                self._done[key] = InvalidInput([_told(source, said)])
        found = self._done[key]
        if isinstance(found, InvalidInput):
            raise found
        return found

    def _checkout(self, source: GitSource, wanted: str | None) -> Checkout:
        place = (
            self._folder / hashlib.sha256(f"{source.url}#{source.folder}".encode()).hexdigest()[:20]
        )
        ref = place / "refs" / hashlib.sha256((source.ref or "").encode()).hexdigest()[:20]
        commit = wanted or (None if self._fresh else _known(ref))
        # The folder ends with the name that people know the files in it by.
        name = (source.folder or source.url.removesuffix(".git")).rstrip("/").rpartition("/")[2]
        if commit is None or not (place / commit / name).is_dir():
            with _scratch(place) as scratch:
                git = self._git
                git(["init", "--quiet", "--bare", "--template=", "--", str(scratch / "git")])
                commit = _fetched(git, scratch / "git", source, wanted)
                if not (place / commit / name).is_dir():
                    write_tree(git, scratch / "git", commit, source.folder, scratch / "tree" / name)
                    _moved(scratch / "tree", place / commit)
            if wanted is None:
                _remember(ref, commit)
        return Checkout(place / commit / name, commit)

    @property
    def _folder(self) -> Path:
        if self._root is None:
            from platformdirs import user_cache_path

            self._root = user_cache_path("dicom-fabricator", appauthor=False)
        return self._root / "git"


def _fetched(git: Git, repository: Path, source: GitSource, wanted: str | None) -> str:
    """Fetch a ref, or the one commit that is wanted; returns the commit. Raises GitProblem."""
    at = ["-C", str(repository)]
    ref = source.ref or "HEAD"
    try:
        git([*at, *_FETCH, source.url, wanted or ref], source=source)
    except GitProblem as problem:
        if wanted is None or wanted == source.commit or problem.is_missing:
            raise
        # Some hosts give refs only. What they say of a ref is the better word, too, when they do not answer.
        git([*at, *_FETCH, source.url, ref], source=source)
        if (now := _head(git, repository)) != wanted:
            raise GitProblem(
                f"{ref} has moved: the lock has {wanted[:12]}, which is not to be had, and it is at {now[:12]}"
            ) from None
    return _head(git, repository)


def _head(git: Git, repository: Path) -> str:
    asked = ["-C", str(repository), "rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}"]
    try:
        return git(asked).decode("ascii").strip()
    except GitProblem:
        raise GitProblem("what it has there is no commit") from None


@contextlib.contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder that goes again, on the same disk as what is kept."""
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _moved(tree: Path, to: Path) -> None:
    """Put a whole tree in its place at once; who was faster has written the same."""
    try:
        tree.rename(to)
    except OSError:
        if not to.is_dir():
            raise


def _known(ref: Path) -> str | None:
    try:
        commit = ref.read_text("ascii")
    except (OSError, ValueError):
        return None
    return commit if _COMMIT.fullmatch(commit) else None


def _remember(ref: Path, commit: str) -> None:
    ref.parent.mkdir(exist_ok=True)
    beside = ref.with_name(f"{ref.name}.{os.getpid()}")
    beside.write_text(commit, "ascii")
    beside.replace(ref)


def _told(source: GitSource, problem: GitProblem) -> Diagnostic:
    if problem.is_missing:
        hint = "install git, or name a folder or a packed library instead"
    elif "moved" in problem.said:
        hint = "fabricate library update takes what is there now"
    elif "submodule" in problem.said:
        hint = "name that repository instead"
    elif _SHORT.fullmatch(source.ref or ""):
        hint = f"a commit is named by its whole id, which git rev-parse {source.ref} says"
    else:
        hint = "see to the address, the ref behind @ and the network; what was fetched once is used without"
    message = f"libraries of {source} are not to be had: {problem.said}"
    return Diagnostic("FAB614", source.where, message, hint)
