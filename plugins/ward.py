"""The pattern field ``{ward}``: a ward's code in an identifier. An example of a pattern field.

In a scenario ``accession: "{ward}-{YYYY}-{6digits}"`` gives ``ICU-2025-000001``.
"""

from __future__ import annotations

from scenario_runner.api import hookimpl
from scenario_runner.planning.api import PatternContext, PatternField

_WARDS = ("ICU", "ER", "ORT", "PED", "ONC", "CAR")


class Ward:
    """Draws one of a few ward codes."""

    name = "ward"

    def render(self, width: int | None, context: PatternContext) -> str:
        """The code, cut to ``width`` when the pattern gives one: ``{2ward}``."""
        return context.random.choice(_WARDS)[:width]


@hookimpl
def fabricate_pattern_fields() -> list[PatternField]:
    """The one field of this plugin."""
    return [Ward()]
