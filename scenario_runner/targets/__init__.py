"""A named PACS as steps see it, and the kinds of service that can stand behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.plugins import hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import TargetKind


@hookimpl
def fabricate_target_kinds() -> list[type[TargetKind]]:
    """The services a site file can give a target; an earlier one is asked first."""
    from scenario_runner.targets.dicomweb import DicomwebKind
    from scenario_runner.targets.dimse import DimseKind
    from scenario_runner.targets.embedded import EmbeddedKind
    from scenario_runner.targets.orthanc import OrthancKind

    return [DimseKind, EmbeddedKind, DicomwebKind, OrthancKind]
