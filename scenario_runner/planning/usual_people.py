"""The people of the default locale, drawn from Faker once and kept beside this module.

Loading Faker takes longer than planning, making and sending an image; and what was drawn once stays
the same whatever Faker's next version has. ``python -m scenario_runner.planning.usual_people`` draws
them again.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCALE: Final = "en_US"
_FILE: Final = Path(__file__).with_suffix(".json")


@cache
def usual_people() -> Mapping[str, Sequence[str]]:
    """Kind (``family F``, ``address``) to its values by number, as many as are ever drawn."""
    found: dict[str, list[str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def drawn() -> dict[str, list[str]]:
    """The same, drawn anew from the Faker that is installed."""
    from scenario_runner.planning.demographics import KINDS, POOL_BITS, FakerDemographics

    people = FakerDemographics()
    found = {}
    for kind in dict.fromkeys(kind for kinds in KINDS.values() for kind in kinds):
        numbers = range(1 << POOL_BITS[kind.split()[0]])
        values = [people.draw(LOCALE, kind, number) for number in numbers]
        found[kind] = [value if isinstance(value, str) else value[0] for value in values]
    return found


if __name__ == "__main__":
    lines = ",\n".join(f"{json.dumps(kind)}: {json.dumps(one)}" for kind, one in drawn().items())
    _FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    sys.exit()
