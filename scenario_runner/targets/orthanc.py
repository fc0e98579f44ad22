"""Orthanc's REST API, used for the one thing DIMSE has no word for: deleting a study."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scenario_runner.api.targets import Target, TargetSetup
from scenario_runner.errors import (
    ConnectionFailed,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_services import HttpService
from scenario_runner.language.tls_files import tls_of
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import httpx2
    from pydantic import BaseModel

    from scenario_runner.deadline import Deadline

_MOST = 0x100000
"""Bytes of a response we care to read."""
_RESOURCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}")
"""An Orthanc identifier; nothing else may become part of a path."""


class OrthancTarget(Target):
    """Deletes studies through Orthanc's REST API."""

    ways = frozenset(("orthanc",))

    def __init__(self, setup: TargetSetup, service: HttpService) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self._service = service
        self._seen: Callable[[Mapping[str, Any]], None] | None = None
        self._folder = setup.folder
        url = urlsplit(service.url)
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self.facts = TargetFacts(
            name=setup.name,
            kind="orthanc",
            environment=setup.environment,
            host=self._host,
            port=self._port,
            capabilities=["delete"],
        )

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same Orthanc, telling its version."""
        target = copy.copy(self)
        target._seen = seen  # noqa: SLF001 - its own
        return target

    def _tell(self, client: httpx2.Client, deadline: Deadline) -> None:
        """Say which version this is, if it says so itself."""
        if self._seen is None:
            return
        try:
            _, body = self._request(client, "GET", "system", b"", deadline)
        except TargetError:
            return  # a proxy may let nothing through but what deletes
        try:
            version = json.loads(body)["Version"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        one = {"service": "Orthanc REST", "sop_class": "", "outcome": "used", "reason": ""}
        self._seen({"product": f"Orthanc {str(version)[:64]}", "contexts": [one]})

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """Delete the studies Orthanc has under these Study Instance UIDs."""
        gone = []
        with self._client() as client:
            self._tell(client, deadline)
            for uid in study_uids:
                deleted = False
                for resource in self._look_up(client, uid, deadline):
                    status, _ = self._request(
                        client, "DELETE", f"studies/{resource}", b"", deadline
                    )
                    # 404: somebody else was quicker, which leaves nothing to be done.
                    deleted = deleted or status != 404
                if deleted:
                    gone.append(uid)
        return gone

    def _client(self) -> httpx2.Client:
        import httpx2

        auth: httpx2.Auth | None = None
        headers = dict(self._service.headers)
        given = self._service.auth
        if given and given.basic:
            auth = httpx2.BasicAuth(given.basic.user, given.basic.password)
        elif given and given.bearer:
            headers["Authorization"] = f"Bearer {given.bearer}"
        return httpx2.Client(
            auth=auth,
            headers=headers,
            base_url=self._service.url,
            # Never the library's own choice: one target trusts the same by REST, DICOMweb and DIMSE.
            verify=(tls_of(self._service.tls, self._folder) or Tls()).context(),
            trust_env=False,
        )

    def _look_up(self, client: httpx2.Client, uid: str, deadline: Deadline) -> list[str]:
        _, body = self._request(client, "POST", "tools/lookup", uid.encode("ascii"), deadline)
        try:
            found: Any = json.loads(body)
            studies = [_resource(entry["ID"]) for entry in found if entry["Type"] == "Study"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._error(
                ProtocolViolation,
                "this is not Orthanc's REST API",
                "the answer to tools/lookup makes no sense",
                hint=f"check the 'orthanc' url of target '{self.name}' in the site file",
            ) from error
        return studies

    def _request(
        self, client: httpx2.Client, method: str, path: str, content: bytes, deadline: Deadline
    ) -> tuple[int, bytes]:
        """Status and bounded body; errors never quote the peer or the URL, which may hold secrets."""
        import httpx2

        deadline.check()
        timeout = deadline.remaining(self._service.timeout)
        try:
            with client.stream(method, path, content=content, timeout=timeout) as response:
                body = self._read(response, deadline)
        except httpx2.TimeoutException as error:
            deadline.check()
            raise self._error(
                PeerTimeout, "no answer in time", f"{method} {path} within {timeout:g} s"
            ) from error
        except httpx2.ConnectError as error:
            raise self._error(ConnectionFailed, "cannot connect", _first_line(error)) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._error(
                ProtocolViolation, "the HTTP exchange broke", type(error).__name__
            ) from error
        if response.status_code in (401, 403):
            raise self._error(
                OperationFailed,
                f"{method} {path} was refused",
                f"HTTP {response.status_code}, not authorized",
                hint=f"check 'auth' of the 'orthanc' service of target '{self.name}'",
            )
        if not response.is_success and not (method == "DELETE" and response.status_code == 404):
            raise self._error(
                OperationFailed, f"{method} {path} failed", f"HTTP {response.status_code}"
            )
        return response.status_code, body

    def _read(self, response: httpx2.Response, deadline: Deadline) -> bytes:
        body = b""
        for chunk in response.iter_bytes():
            deadline.check()
            body += chunk
            if len(body) > _MOST:
                raise self._error(
                    ProtocolViolation, "the answer is too large", f"more than {_MOST} bytes"
                )
        return body

    def _error(
        self, kind: type[TargetError], message: str, reason: str, *, hint: str | None = None
    ) -> TargetError:
        return kind(
            message,
            reason=reason,
            target=self.name,
            host=self._host,
            port=self._port,
            ae_title="Orthanc REST",
            hint=hint,
        )


def _resource(words: str) -> str:
    if not _RESOURCE.fullmatch(words):
        raise ValueError("not an Orthanc identifier")
    return words


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200].lower() or type(error).__name__


class OrthancKind:
    """The ``orthanc`` service of a target."""

    name: ClassVar[str] = "orthanc"
    model: ClassVar[type[BaseModel]] = HttpService

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; nothing is connected until it is used."""
        return OrthancTarget(setup, setup.services[cls.name])
