"""Draws the names of the default locale for ``usual_people``: ``python -m scenario_runner.planning.drawn_people``."""

from __future__ import annotations

import json
import sys

from scenario_runner.planning.demographics import KINDS, POOL_BITS, FakerDemographics
from scenario_runner.planning.usual_people import FILE, LOCALE


def drawn() -> dict[str, list[str]]:
    """Kind to names as ``usual_people`` has them, drawn anew from the Faker that is installed."""
    people = FakerDemographics()
    found = {}
    for kind in (kind for kinds in KINDS.values() for kind in kinds if kind != "home"):
        numbers = range(1 << POOL_BITS[kind.split()[0]])
        found[kind] = [people.draw(LOCALE, kind, number)[0] for number in numbers]
    return found


if __name__ == "__main__":
    lines = ",\n".join(f"{json.dumps(kind)}: {json.dumps(one)}" for kind, one in drawn().items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    sys.exit()
