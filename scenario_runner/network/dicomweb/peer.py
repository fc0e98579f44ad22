"""Which DICOMweb service is spoken to, as whom, how patiently, and within which bounds."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from scenario_runner.errors import TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Mapping

_E = TypeVar("_E", bound=TargetError)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """What a service may make us hold. Beyond each is a ProtocolViolation, never a full memory."""

    answer: int = 0x2000000
    """A JSON or XML answer, or one data set of metadata in JSON, in bytes."""
    metadata: int = 0x10000000
    """Metadata in JSON, all data sets of one answer together, in bytes."""
    explanation: int = 0x10000
    """What is read of an answer that only explains a failure, in bytes; the rest is dropped."""
    instance: int = 0x80000000
    """One instance, frame or rendered image, in bytes."""
    parts: int = 1_000_000
    """Parts of one multipart answer."""
    matches: int = 1_000_000
    """Matches of one query, all its pages together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """HTTP authentication: user and password (RFC 7617), or a bearer token (RFC 6750)."""

    user: str = ""
    password: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPeer:
    """A DICOMweb service and how to reach it. Times are in seconds.

    url: what ``/studies`` is appended to. connect_timeout: for the TCP connection and TLS, name
    lookup included. timeout: for the beginning of each answer, for each further 64 KiB of it, and
    for the service to take what is being sent.
    """

    url: str
    login: Login | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; values are as secret as a password."""
    tls: Tls | None = None
    """For ``https``; None trusts whom the system trusts."""
    connect_timeout: float = 10.0
    timeout: float = 60.0
    fuzzy: bool = False
    """Ask for fuzzy matching of names (PS3.18 8.3.4.2)."""
    limits: WebLimits = field(default_factory=WebLimits)
    service: str = "dicomweb"
    """The key of a site file under which this service stands, for hints."""
    label: str = "DICOMweb"
    """What it speaks, for errors and the record."""

    @property
    def host(self) -> str:
        """Name or address in the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The URL's port, or its scheme's."""
        url = urlsplit(self.url)
        return url.port or (443 if url.scheme == "https" else 80)

    @property
    def base(self) -> str:
        """The URL without a user, a query or a slash at its end."""
        url = urlsplit(self.url)
        place = url.netloc.rpartition("@")[2]
        return f"{url.scheme}://{place}{url.path.rstrip('/')}"

    def connection(self) -> Peer:
        """The same as the transport layer knows a peer."""
        secure = urlsplit(self.url).scheme == "https"
        return Peer(
            host=self.host,
            port=self.port,
            ae_title=self.label,
            connect_timeout=self.connect_timeout,
            response_timeout=self.timeout,
            tls=(self.tls or Tls()) if secure else None,
        )

    def error(
        self, kind: type[_E], message: str, reason: str = "", *, hint: str | None = None
    ) -> _E:
        """A TargetError that names this service."""
        return self.connection().error(kind, message, reason, hint=hint)
