"""What this room registers through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl
from scenario_runner.planning.pattern_fields import built_in_fields

if TYPE_CHECKING:
    from scenario_runner.planning.api import Demographics, PatternField
    from scenario_runner.planning.sources import PatientSource


@hookimpl
def fabricate_pattern_fields() -> list[PatternField]:
    """Dates, drawn characters, modality and site."""
    return built_in_fields()


@hookimpl
def fabricate_demographics() -> list[Demographics]:
    """People from Faker's lists."""
    from scenario_runner.planning.demographics import FakerDemographics

    return [FakerDemographics()]


@hookimpl
def fabricate_sources() -> list[PatientSource]:
    """Rows of tables, and patients written in files of their own; loaded by a scenario that names them."""
    places = {
        "csv": "source_files:TABLE",
        "json": "source_files:JSON_FILE",
        "yaml": "source_files:YAML_FILE",
    }
    return Later.each("scenario_runner.planning", places)
