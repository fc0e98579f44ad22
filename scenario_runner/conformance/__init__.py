"""Judges of DICOM objects: our own rules, and the programs of other makers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Validator


@hookimpl
def fabricate_validators() -> list[Validator]:
    """Our own rules and the dicom3tools; nothing is looked for on the machine before it is used."""
    return Later.each(
        __name__,
        {
            "standard": "standard:OWN_RULES",
            "dciodvfy": "outside.dciodvfy:DCIODVFY",
            "dcentvfy": "outside.dcentvfy:DCENTVFY",
        },
    )
