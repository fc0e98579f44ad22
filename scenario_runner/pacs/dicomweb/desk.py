"""What answering a request takes: the archive, the policies, and the request as a thread sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.media_types import DICOM, MULTIPART, MediaType, by_preference
from scenario_runner.pacs.dicomweb.shelf import Shelf
from scenario_runner.pacs.merged_patients import MergedPatients

if TYPE_CHECKING:
    import threading

    from starlette.responses import Response

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.dicomweb.shelf import Opened
    from scenario_runner.pacs.misbehaviour import Misbehaviour
    from scenario_runner.pacs.options import PacsOptions, WebOptions

TEXT: Final = "text/plain; charset=utf-8"


class WebError(Exception):
    """An answer other than the one hoped for. message: for people, in the body."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def unreadable(error: Exception) -> WebError:
    """What a client is told when an instance that is stored cannot be read, or this cannot be made of it.

    The file is gone: 410. The object is damaged: 406, for as it is stored it can still be had (PS3.18 10.4.3).
    """
    if isinstance(error, FileNotFoundError):
        return WebError(410, "the instance is no longer there: its file is gone from the archive")
    if isinstance(error, OSError):
        return WebError(500, f"the instance cannot be read: {error.strerror or error}")
    if isinstance(error, DamagedDatasetError):
        return WebError(
            406,
            f"the stored object is damaged, so this cannot be made of it: {error}; as it is it can be had"
            f" as {DICOM}; transfer-syntax=*",
        )
    return WebError(406, f"the answer cannot be made: {error}")


class ConnectionBroken(Exception):
    """Close the connection without another byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. body: its bytes as they come; reading blocks."""

    base: str
    """The URL of the service, as the client reached it, without a slash at the end."""
    uids: Mapping[str, str] = field(default_factory=dict)
    """The names in the path, by ``study``, ``series``, ``instance``, ``frames``, ``path``."""
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    """What those in front of these resources have found out of the request."""

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((text for key, text in self.query if key == name), None)

    def accepted(self) -> list[MediaType]:
        """Media types the client takes, best first.

        ``accept=`` in the query comes before the header; where nothing of it can be used the header
        counts (PS3.18 8.3.3.1).
        """
        asked = ",".join(text for key, text in self.query if key == "accept")
        header = by_preference(self.headers.get("accept"))
        return [*by_preference(asked), *header] if asked.strip() else header

    def uid(self, name: str) -> str | None:
        """A UID of the path. Raises WebError when it cannot be one."""
        text = self.uids.get(name)
        if text is not None and not can_name_an_instance(text):
            raise WebError(400, f"'{text[:80]}' is no UID")
        return text


def takes_parts(accepted: MediaType, essence: str) -> bool:
    """Whether a member of an Accept header takes multipart/related with parts of this type."""
    if accepted.essence != MULTIPART:
        return accepted.covers(MULTIPART)
    return not accepted.root or MediaType(accepted.root).covers(essence)


def resource_url(base: str, study: str, series: str = "", instance: str = "") -> str:
    """Where a study, a series or an instance is retrieved (Retrieve URL, 0008,1190)."""
    url = f"{base}/studies/{study}"
    if series:
        url += f"/series/{series}"
    return f"{url}/instances/{instance}" if instance else url


def location_of(base: str, instance: Located) -> str:
    """The URL of a stored instance. base: that of the service."""
    names = (instance.study_instance_uid, instance.series_instance_uid, instance.sop_instance_uid)
    return resource_url(base, *names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. content: bytes, or an iterator of them that is read in a thread."""

    status: int = 200
    media_type: str = TEXT
    content: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDesk:
    """What answering takes besides the request."""

    archive: Archive
    options: PacsOptions
    web: WebOptions
    misbehaving: Callable[[], Misbehaviour]
    stopping: threading.Event
    """Set when the PACS stops."""
    merged: MergedPatients = field(default_factory=MergedPatients)
    """Patients that were merged into others by message."""
    shelf: Shelf = field(default_factory=Shelf)
    """What was just read."""
    instead: Mapping[Handler, Handler] = field(default_factory=dict)
    """What answers in the place of what usually would."""
    refused: Callable[[WebError], Response] | None = None
    """How an error is told; as plain words where nobody says otherwise."""

    @property
    def misbehaviour(self) -> Misbehaviour:
        """The faults that are switched on now."""
        return self.misbehaving()

    def located(self, call: Call) -> list[Located]:
        """The instances a request's path names. Raises WebError 404 when there are none."""
        named = {key: uid for key in ("study", "series", "instance") if (uid := call.uid(key))}
        found = self.archive.instances(
            study_uids=[named["study"]] if "study" in named else [],
            series_uids=[named["series"]] if "series" in named else [],
            sop_uids=[named["instance"]] if "instance" in named else [],
        )
        if not found:
            words = ", ".join(f"{key} {uid}" for key, uid in named.items())
            raise WebError(404, f"nothing is stored under {words}")
        return found

    def one(self, call: Call) -> Located:
        """The instance a request's path names."""
        return self.located(call)[0]

    def opened(self, instance: Located) -> Opened:
        """The header of an instance. Raises OSError, DamagedDatasetError."""
        return self.shelf.opened(self.archive, instance)


Handler = Callable[[WebDesk, Call], Reply]
