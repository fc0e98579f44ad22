"""``git+https://host/repository.git@REF#FOLDER``: libraries of a git repository, and what of that may be shown."""

from __future__ import annotations

import re
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "git+"
PROTOCOLS = ("https", "ssh", "file")
"""Those that are used; git's own and http tell nobody who answers."""
_REF = re.compile(r"(?!-)(?!.*(?:\.\.|@\{|//|\.lock$))[\w./+#%=,-]*[\w+=,-]")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FOLDER = re.compile(r"(?:(?!\.\.?(?:/|$))[^/\\\0]+/)*(?!\.\.?$)[^/\\\0]+")
_FORM = "write git+https://HOST/REPOSITORY.git@REF#FOLDER; ssh and file are understood, too"
_LEAST_SECRET = 8
"""Shorter passwords are words that a report cannot do without; beside their user they are hidden all the same."""


@dataclass(frozen=True, slots=True)
class GitSource:
    """A folder of a repository at a ref.

    url: without the password, and over https without any user. ref: a branch, a tag or a whole commit id; None for
    what the repository shows by itself. folder: empty for all of it. login: user and password over https, decoded.
    """

    url: str
    ref: str | None
    folder: str
    where: Where
    """Where it is named."""
    login: tuple[str, str] | None = field(default=None, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Never to be shown."""

    @property
    def commit(self) -> str | None:
        """The commit, where the ref is one."""
        return self.ref if self.ref is not None and _COMMIT.fullmatch(self.ref) else None

    def __str__(self) -> str:
        """As it was written, without a login."""
        at = "" if self.ref is None else f"@{self.ref}"
        return f"{MARK}{self.url}{at}{f'#{self.folder}' if self.folder else ''}"


def is_git(text: str) -> bool:
    """Whether a place of libraries is meant to be a repository."""
    return text.startswith(MARK)


def git_source(text: str, where: Where | None = None) -> GitSource:
    """Read an address. where: none for the command line. Raises InvalidInput (FAB615)."""
    secrets = _secrets(text)
    where = _hidden(where or Where("", label="--library"), secrets)
    try:
        parts = urlsplit(text.removeprefix(MARK))
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong("this is not the address of a repository", _FORM, where) from None
    if parts.scheme not in PROTOCOLS:
        known = f"{', '.join(PROTOCOLS[:-1])} and {PROTOCOLS[-1]} are"
        raise _wrong(f"git over '{parts.scheme or 'nothing'}' is not used", known, where)
    path, at, ref = parts.path.rpartition("@")
    if not at:
        path, ref = ref, ""
    if parts.query or (parts.scheme == "file") == bool(host) or not path.strip("/"):
        raise _wrong("this is not the address of a repository", _FORM, where)
    if at and not _REF.fullmatch(ref):
        raise _wrong("there is no branch, tag or commit behind the @", "write @v1.2.0", where)
    if parts.fragment and not _FOLDER.fullmatch(parts.fragment.rstrip("/")):
        hint = "name it from the top of the repository: #libs/radiology"
        raise _wrong("behind the # there is no folder of a repository", hint, where)
    login = None
    if parts.scheme == "https" and parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    netloc = parts.netloc.rpartition("@")[2]
    if parts.scheme == "ssh" and parts.username:
        netloc = f"{parts.username}@{netloc}"
    url = urlunsplit((parts.scheme, netloc, path, "", ""))
    url = f"file://{path}" if parts.scheme == "file" else url
    return GitSource(url, ref or None, parts.fragment.rstrip("/"), where, login, secrets)


def secrets_of(places: Iterable[object]) -> frozenset[str]:
    """What places of libraries have in them that is never to be shown."""
    return frozenset().union(*(one.secrets for one in places if isinstance(one, GitSource)))


def _secrets(text: str) -> frozenset[str]:
    """The login in an address, sound or not; the user by itself over ssh is none."""
    match = re.match(r"(?:git\+)?(?P<scheme>[^:/]*)://(?P<login>[^/?#]*)@", text)
    user, _, password = ("", "", "") if match is None else match["login"].partition(":")
    if match is None or (match["scheme"] == "ssh" and not password):
        return frozenset()
    secret = password or user
    said = {secret, unquote(secret)} if len(secret) >= _LEAST_SECRET else set()
    return frozenset({match["login"], *said} - {""})


def _hidden(where: Where, secrets: Iterable[str]) -> Where:
    """The place, its line shown without secrets."""
    if not secrets or not where.file:
        return where
    try:
        line = Path(where.file).read_text("utf-8").splitlines()[where.line - 1]
    except (OSError, ValueError, IndexError):
        return where
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "•" * len(secret))
    return replace(where, text=line)


def _wrong(message: str, hint: str, where: Where | None) -> InvalidInput:
    return InvalidInput(
        [Diagnostic("FAB615", where or Where("", label="--library"), message, hint)]
    )
