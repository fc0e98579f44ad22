"""Judges of DICOM objects: our own rules, and the programs of other makers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.plugins import hookimpl

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Validator


@hookimpl
def fabricate_validators() -> list[Validator]:
    """Our own rules and the dicom3tools; nothing is looked for on the machine before it is used."""
    from scenario_runner.conformance.outside.dcentvfy import Dcentvfy
    from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
    from scenario_runner.conformance.standard import Standard

    return [Standard(), Dciodvfy(), Dcentvfy()]
