"""A ``fhir`` service of the site file as the client knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.language.tls_files import tls_of
from scenario_runner.network.dicomweb.peer import Login, WebPeer
from scenario_runner.orders.fhir.client import Fhir
from scenario_runner.orders.fhir.token import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from scenario_runner.deadline import Deadline
    from scenario_runner.language.site_services import FhirService


_LEAST_OF_A_HEADER: Final = 8
"""Characters of a header's value that may be a key; a shorter one is a word such as 'de'."""


def opened(
    service: FhirService,
    folder: Path,
    deadline: Deadline,
    told: Callable[[Mapping[str, Any]], None] | None = None,
    learned: Callable[[str], object] = lambda _: None,
) -> Fhir:
    """A conversation with the server. folder: what relative paths start from. told: its facts. learned: its tokens."""
    credentials = service.auth.client_credentials if service.auth is not None else None
    return Fhir(
        web_peer(service, folder),
        deadline,
        version=service.version,
        credentials=None if credentials is None else Credentials(**credentials.model_dump()),
        opened=told,
        learned=learned,
    )


def web_peer(service: FhirService, folder: Path) -> WebPeer:
    """How it is reached."""
    login = None
    if service.auth is not None and service.auth.basic is not None:
        login = Login(user=service.auth.basic.user, password=service.auth.basic.password)
    elif service.auth is not None and service.auth.bearer:
        login = Login(bearer=service.auth.bearer)
    return WebPeer(
        url=service.url,
        login=login,
        headers=service.headers,
        tls=tls_of(service.tls, folder),
        connect_timeout=service.connect_timeout,
        timeout=service.timeout,
        service="fhir",
        label="FHIR",
    )


def secrets_of(service: FhirService) -> Iterator[str]:
    """What we log in with, which a server may say back."""
    if (auth := service.auth) is not None:
        if auth.basic is not None:
            yield auth.basic.password
        if auth.bearer:
            yield auth.bearer
        if auth.client_credentials is not None:
            yield auth.client_credentials.client_secret
    yield from (one for one in service.headers.values() if len(one) >= _LEAST_OF_A_HEADER)
