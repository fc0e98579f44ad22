"""A FHIR server as a target."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from scenario_runner.answers import ResourcesFound, ResourceWritten
from scenario_runner.api.targets import Target, TargetSetup
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_services import FhirService
from scenario_runner.targets.naming import naming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from scenario_runner.deadline import Deadline
    from scenario_runner.orders.fhir.client import Fhir, Release


class FhirTarget(Target):
    """Resources are searched, read and written, each time over a connection of its own."""

    ways = frozenset(("fhir",))

    def __init__(self, setup: TargetSetup, service: FhirService) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self.calling_ae_title = setup.calling_ae_title
        self._service = service
        self._folder = setup.folder
        self._learned = setup.learned
        self._release: Release | None = service.version
        url = urlsplit(service.url)
        self.facts = TargetFacts(
            name=setup.name,
            kind="fhir",
            environment=setup.environment,
            host=url.hostname or "",
            port=url.port or (443 if url.scheme == "https" else 80),
            url=service.url,
            capabilities=["fhir"],
        )

    def fhir_release(self, deadline: Deadline) -> str:
        """As the site file or the server says."""
        if self._release is None:
            with self._speaking(deadline) as fhir:
                self._release = fhir.version()
        return self._release

    def fhir_search(
        self,
        resource: str,
        query: Mapping[str, Any],
        deadline: Deadline,
        *,
        limit: int | None = None,
    ) -> ResourcesFound:
        """All pages."""
        from scenario_runner.orders.fhir.client import parameters

        with self._speaking(deadline) as fhir:
            found = fhir.search(resource, parameters(query), limit=limit)
            return ResourcesFound(
                resources=found.resources,
                more=found.more,
                remark=found.outcome,
                ignored=found.ignored,
                silent=found.silent,
                total=found.total,
                repeated=found.repeated,
                exchange=dict(fhir.facts),
            )

    def fhir_read(self, place: str, deadline: Deadline) -> dict[str, Any]:
        """One resource."""
        with self._speaking(deadline) as fhir:
            return fhir.read(place)

    def fhir_write(
        self,
        resource: Mapping[str, Any],
        deadline: Deadline,
        *,
        unless: Mapping[str, str] | None = None,
    ) -> ResourceWritten:
        """PUT where it has an id, else POST."""
        with self._speaking(deadline) as fhir:
            if resource.get("id"):
                done = fhir.update(dict(resource))
            else:
                done = fhir.create(dict(resource), unless=tuple((unless or {}).items()))
            kept: Literal["updated", "unchanged"] = "updated" if resource.get("id") else "unchanged"
            return ResourceWritten(
                reference=done.reference,
                outcome="created" if done.created else kept,
                status=done.status,
                # What was there already and stays is not what was written.
                lost=done.lost if done.created or resource.get("id") else (),
                exchange=dict(fhir.facts),
            )

    @contextlib.contextmanager
    def _speaking(self, deadline: Deadline) -> Iterator[Fhir]:
        from scenario_runner.orders.sources.fhir_service import opened

        with (
            naming(self.name),
            opened(self._service, self._folder, deadline, learned=self._learned) as fhir,
        ):
            yield fhir


class FhirKind:
    """The ``fhir`` service of a target."""

    name: ClassVar[str] = "fhir"
    model: ClassVar[type[BaseModel]] = FhirService

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; nothing is connected until it is used."""
        return FhirTarget(setup, setup.services[cls.name])
