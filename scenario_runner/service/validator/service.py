"""The validator composed: all roles in one process, or the gateway alone before a broker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.errors import MachineError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.owning import OwnedError, Ownership
from scenario_runner.service.validator.broker import require_client
from scenario_runner.service.validator.folder import StudyFolder
from scenario_runner.service.validator.gateway import Gateway
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.local_broker import LocalBroker
from scenario_runner.service.validator.mending import mend
from scenario_runner.service.validator.opened import Opened
from scenario_runner.service.validator.roles import Descriptor, Validator
from scenario_runner.service.validator.settings import Settings
from scenario_runner.service.validator.worker import Worker

if TYPE_CHECKING:
    from scenario_runner.service.validator.nats_gateway import NatsGateway

JOURNAL: Final = "validator.sqlite3"


@dataclass(slots=True, kw_only=True)
class ValidatorService:
    """A validator that runs. ``close`` it, or use it as a context."""

    gateway: Gateway
    journal: Journal
    broker: LocalBroker
    workers: list[Worker]
    ownership: Ownership
    remote: NatsGateway | None = None

    def depths(self) -> dict[str, int]:
        """How many events wait for each role; before a broker, for it to take them."""
        return {role: self.broker.depth(role) for role in ("validator", "descriptor")}

    def close(self) -> None:
        """End what is being done now, and keep the rest for the next time."""
        for worker in self.workers:
            worker.stop()
        self.broker.close()
        for worker in self.workers:
            worker.join()
        if self.remote is not None:
            self.remote.close()
        self.journal.close()
        self.ownership.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_validator(data: Path, settings: Settings, broker: str | None = None) -> ValidatorService:
    """Open what is in a data folder, or begin there, and take up what was left.

    broker: where the other roles are reached; without one they run here. Raises MachineError when the folder
    cannot be used, is another process's, or the broker does not answer.
    """
    if broker is not None:
        require_client()
    folder, ownership = _owned(data)
    journal = Journal(data / JOURNAL)
    if broker is not None:
        # The broker may be another one than before, or have lost what it was to deliver.
        journal.ask_again(folder.on_their_way())
    local = LocalBroker(journal)
    remote: NatsGateway | None = None
    try:
        if broker is None:
            opened = Opened()
            roles = (Validator(folder, settings, opened), Descriptor(folder, settings, opened))
            workers = [Worker(role, local, settings.attempts) for role in roles]
            gateway = Gateway(settings, folder, journal, local.publish, opened=opened)
        else:
            from scenario_runner.service.validator.nats_gateway import NatsGateway

            remote = NatsGateway(broker, journal, settings.redeliver_after)
            workers = [Worker(role, local, 1 << 30) for role in remote.forwarders()]
            gateway = Gateway(settings, folder, journal, local.publish, remote.stuck)
            remote.start()
        gateway.settle_left_over()
        mend(folder, journal, settings)
    except BaseException:
        if remote is not None:
            remote.close()
        journal.close()
        ownership.end()
        raise
    for worker in workers:
        worker.start()
    return ValidatorService(
        gateway=gateway,
        journal=journal,
        broker=local,
        workers=workers,
        ownership=ownership,
        remote=remote,
    )


def _owned(data: Path) -> tuple[StudyFolder, Ownership]:
    try:
        folder = StudyFolder(data)
        return folder, Ownership(data / "validator.lock")
    except OwnedError as error:
        raise MachineError(
            f"the validator's folder '{data}' is in use by another process",
            hint="stop that one, or name another folder with --data",
        ) from error
    except OSError as error:
        raise of_the_machine(
            f"the validator's folder '{data}' cannot be used",
            error,
            hint="see to its permissions, or name another folder with --data",
        ) from error
