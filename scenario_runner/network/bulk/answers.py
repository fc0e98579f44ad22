"""What became of what was to be stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.dicom.part10 import Storable

Pair = tuple[str, str]
"""SOP class UID and transfer syntax UID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAnswer:
    """What became of one instance.

    status: DIMSE status, None when no answer came. seconds: from the first byte sent to the answer.
    maybe_stored: no answer, but all of it was handed over, so the peer may have it.
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: int | None
    comment: str = ""
    seconds: float = 0.0
    maybe_stored: bool = False
    http: int | None = None
    """The status code, where the answer came over HTTP."""
    retrieve_url: str = ""
    """Where a DICOMweb service says the instance can be had."""


def unsent(instance: Storable, comment: str, *, maybe_stored: bool = False) -> StoreAnswer:
    """The answer for an instance that the peer has said nothing about."""
    return StoreAnswer(
        sop_instance_uid=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        status=None,
        comment=comment,
        maybe_stored=maybe_stored,
    )
