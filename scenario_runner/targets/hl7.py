"""A receiver of HL7 v2 messages as a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scenario_runner.api.operations import Addressed
from scenario_runner.api.targets import Target, TargetSetup, ports_here
from scenario_runner.errors import TargetError, UsageError
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_services import Hl7Service
from scenario_runner.language.tls_files import tls_of
from scenario_runner.targets.naming import naming
from scenario_runner.ul.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from scenario_runner.answers import Acknowledged
    from scenario_runner.deadline import Deadline


class Hl7Target(Target):
    """Takes messages over MLLP, each over a connection of its own unless several are sent together."""

    ways = frozenset(("hl7",))

    def __init__(self, setup: TargetSetup, service: Hl7Service) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self.calling_ae_title = setup.calling_ae_title
        self._service = service
        if service.encoding is not None:
            _require_character_set(setup.name, service.encoding)
        self._setup = setup
        self.looks_for = ports_here(service.host, service.port)
        self._peer = Peer(
            host=service.host,
            port=service.port,
            ae_title=service.application or "HL7",
            connect_timeout=service.connect_timeout,
            response_timeout=service.response_timeout,
            tls=tls_of(service.tls, setup.folder),
        )
        self.facts = TargetFacts(
            name=setup.name,
            kind="hl7",
            environment=setup.environment,
            host=service.host,
            port=service.port,
            capabilities=["tell"],
        )

    def tell(self, message: bytes, deadline: Deadline) -> Acknowledged:
        """Send it, and wait for what the receiver says to it."""
        from scenario_runner.orders.mllp.client import Mllp

        with naming(self.name), Mllp.open(self._woken(), deadline) as connection:
            return connection.send(message, deadline)

    def tell_each(
        self, messages: Iterable[bytes], deadline: Deadline
    ) -> Iterator[Acknowledged | TargetError]:
        """Send several over one connection, and over a new one after an error."""
        from scenario_runner.orders.mllp.client import Mllp

        connection: Mllp | None = None
        try:
            for message in messages:
                try:
                    with naming(self.name):
                        if connection is None:
                            connection = Mllp.open(self._woken(), deadline)
                        answer: Acknowledged | TargetError = connection.send(message, deadline)
                except TargetError as error:
                    if connection is not None:
                        connection.close()
                        connection = None
                    answer = error
                yield answer
        finally:
            if connection is not None:
                connection.close()

    def _woken(self) -> Peer:
        """The receiver; one of this run that listens on that port of this machine has been started."""
        self._setup.start(self.looks_for)
        return self._peer

    @property
    def addressed(self) -> Addressed:
        """As the site file says."""
        one = self._service
        return Addressed(one.application, one.facility, one.encoding)


def _require_character_set(target: str, written: str) -> None:
    """Raise UsageError for an ``encoding`` that MSH-18 cannot declare."""
    from scenario_runner.orders.hl7.characters import CODECS, codec_of

    if codec_of(written.split("~")) is None:
        raise UsageError(
            f"'encoding' of the target '{target}': '{written}' is no character set of HL7 table 0211",
            hint=", ".join(filter(None, CODECS)),
        )


class Hl7Kind:
    """The ``hl7`` service of a target."""

    name: ClassVar[str] = "hl7"
    model: ClassVar[type[BaseModel]] = Hl7Service

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; nothing is connected before a message is sent."""
        return Hl7Target(setup, setup.services[cls.name])
