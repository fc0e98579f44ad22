"""What the wire says, in the words of the target interface; the same for every kind of target."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from scenario_runner.api.operations import StoreStatus
from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.network.bulk.answers import StoreAnswer


@contextlib.contextmanager
def naming(target: str) -> Iterator[None]:
    """Put the target's name into errors that pass."""
    try:
        yield
    except TargetError as error:
        error.target = error.target or target
        raise


def store_status(answer: StoreAnswer) -> StoreStatus:
    """What became of one instance."""
    return StoreStatus(
        sop_instance_uid=answer.sop_instance_uid,
        sop_class_uid=answer.sop_class_uid,
        status=answer.status,
        comment=answer.comment,
        seconds=answer.seconds,
        maybe_stored=answer.maybe_stored,
        http=answer.http,
        retrieve_url=answer.retrieve_url,
    )
