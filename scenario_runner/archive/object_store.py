"""An object store, by fsspec: S3, Google Cloud Storage, Azure, a folder of another machine.

What a driver raises leaves here as StoreError, an OSError as of a disk.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scenario_runner.errors import UsageError, described

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WHOLE: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "memory"})
"""Protocols whose objects are there whole or not at all, and that have no folders."""


class StoreError(OSError):
    """What a store, or the way to it, refused; it is named."""


class NotInStoreError(StoreError, FileNotFoundError):
    """There is no such object: it was removed meanwhile."""


class ObjectStore:
    """What lies below an address. Names are relative, with forward slashes.

    Raises UsageError for an address that is none, or whose driver is not there, and StoreError for what a driver does
    that looks for its service at once.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(url)
        named = parts.netloc + parts.path.strip("/")
        if not parts.scheme or "://" not in url or "::" in url or not named:
            # Without a name behind it, ``s3:`` would be a folder of this machine.
            raise UsageError(f"'{url}' is no address of an object store", hint="s3://BUCKET/FOLDER")
        if parts.password is not None:
            raise UsageError(
                "a password does not belong into the address of an object store",
                hint="its driver reads the environment, such as AWS_SECRET_ACCESS_KEY, or a file of its own",
            )
        self._fs, self._root = _opened(self.url)
        spoken = self._fs.protocol
        self._whole = not _WHOLE.isdisjoint([spoken] if isinstance(spoken, str) else spoken)

    def check(self) -> None:
        """See that it can be written to, before anybody depends on it. Raises StoreError."""
        key = self._key(f"probe-{secrets.token_hex(8)}")  # several processes may look at once
        with self._in_words():
            if not self._whole:
                self._fs.makedirs(self._root, exist_ok=True)
            self._fs.pipe_file(key, b"")
            self._fs.rm_file(key)

    def put(self, file: Path, name: str) -> None:
        """Copy a file there; it has the name when all of it is there. Raises StoreError."""
        key = self._key(name)
        with self._in_words():
            if self._whole:
                self._fs.put_file(str(file), key)
                return
            self._fs.makedirs(key.rpartition("/")[0], exist_ok=True)
            self._fs.put_file(str(file), f"{key}.part")
            self._fs.mv(f"{key}.part", key)

    def get(self, name: str, file: Path) -> None:
        """Copy an object into a file. Raises StoreError, NotInStoreError among them."""
        with self._in_words():
            self._fs.get_file(self._key(name), str(file))

    def read(self, name: str, count: int) -> bytes:
        """The first so many bytes of an object, or all there are. Raises as ``get``."""
        with self._in_words():
            return bytes(self._fs.cat_file(self._key(name), start=0, end=count))

    def size(self, name: str) -> int:
        """Bytes of an object. Raises as ``get``."""
        with self._in_words():
            return int(self._fs.size(self._key(name)))

    def remove(self, name: str) -> None:
        """Remove an object; one that is gone already is fine. Raises StoreError."""
        with self._in_words(), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._key(name))

    def names(self, folder: str) -> list[str]:
        """The last parts of the names in a folder, sorted; none where there is no such folder. Raises StoreError."""
        with self._in_words():
            try:
                found = self._fs.ls(self._key(folder), detail=False)
            except FileNotFoundError:
                return []
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # A driver raises what the client of its service does: no login, no connection, a panic, a loop that was cancelled.
            said = getattr(error, "strerror", None) or described(error)
            kind = NotInStoreError if isinstance(error, FileNotFoundError) else StoreError
            raise kind(f"'{self.url}': {said}") from error


def _opened(url: str) -> tuple[Any, str]:
    """The driver's file system, which may not remember what it listed: others write too."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise UsageError(
            "object stores need the extra 'store'", hint="pip install 'dicom-fabricator[store]'"
        ) from error
    try:
        fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    except ImportError as error:
        raise UsageError(f"'{url}' needs a driver that is not here: {error}") from error
    except ValueError as error:
        raise UsageError(f"'{url}' is no address of an object store: {error}") from error
    except (
        TypeError
    ) as error:  # a file system that needs more than an address, such as reference://
        raise UsageError(
            f"'{url}' is no address of an object store: {described(error)}",
            hint="s3://BUCKET/FOLDER",
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise StoreError(
            f"'{url}': {getattr(error, 'strerror', None) or described(error)}"
        ) from error
    return fs, str(root).rstrip("/")
