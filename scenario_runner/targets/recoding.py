"""Instances in the default transfer syntax, for a peer that accepted nothing else (PS3.5 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import IMPLICIT_LE
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.part10 import Storable


@dataclass(frozen=True, slots=True)
class _Recoded:
    """An instance as it is sent instead of the one that there was."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    buffers: Sequence[bytes]


def in_default_syntax(instance: Storable) -> Storable:
    """The same instance in Implicit VR Little Endian, its pixels equal.

    Raises ValueError (TranscodingError, DamagedDatasetError) when there is no way.
    """
    from scenario_runner.archive.transcoding import transcode  # few peers need it

    data = transcode(b"".join(instance.buffers), instance.transfer_syntax_uid, IMPLICIT_LE)
    return _Recoded(instance.sop_class_uid, instance.sop_instance_uid, IMPLICIT_LE, (data,))
