"""The names of the default locale, drawn from Faker once and kept beside this module.

Loading Faker takes longer than planning, making and sending an image; and what was drawn once stays
the same whatever Faker's next version has. ``python -m scenario_runner.planning.drawn_people`` draws
them again.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCALE: Final = "en_US"
FILE: Final = Path(__file__).with_suffix(".json")


@cache
def usual_people() -> Mapping[str, Sequence[str]]:
    """Kind (``family F``) to its names by number, as many as are ever drawn."""
    found: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
