"""What this room registers through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import hookimpl

if TYPE_CHECKING:
    from scenario_runner.imaging.api import DocumentBuilder, Fault, IodBuilder, Phantom


@hookimpl
def fabricate_iod_builders() -> list[IodBuilder | DocumentBuilder]:
    """The modalities; pydicom is loaded when the first object is made."""
    from scenario_runner.imaging.modalities.registry import builders

    return builders()


@hookimpl
def fabricate_phantoms() -> list[Phantom]:
    """The phantoms; numpy is loaded when the first frame is drawn."""
    from scenario_runner.imaging.phantoms.registry import phantoms

    return phantoms()


@hookimpl
def fabricate_faults() -> list[Fault]:
    """What can be wrong with an object on purpose; pydicom is loaded when one is broken."""
    from scenario_runner.imaging.faults.registry import faults

    return faults()
