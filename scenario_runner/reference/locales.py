"""``docs/reference/locales.md``: the locales that people can be of, each with somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.planning import person_name
from scenario_runner.planning.addresses import has_towns
from scenario_runner.planning.demographics import FakerDemographics, locales
from scenario_runner.reference.tables import GENERATED, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# Locales

{generated}

`locale:` of a patient, or `name: {{locale: …}}`, says where generated people are from. Each locale here has names of
its own; one without any is refused (FAB308), for its people would be called HERMAN^PAULA. A language alone
(`ja`, `pt`) means its usual country, and a hyphen does as well as an underscore: `en-AU`. Countries where English is
spoken share its names. What is missing in the last two columns is left out of the objects.

*Of one town* means that postcode, town, region and telephone belong together. Streets and house numbers are made up.
The numbers are of ranges that a country keeps for films (North America, Great Britain, Ireland, Australia, Germany,
France, Sweden); elsewhere they begin with a 0 after the area, which no subscriber has, or in Spain and Portugal
have a group of zeros. Other addresses are as Faker makes them, and a town need not be where its postcode says.

Names come from Faker, those with characters of Korea and China from lists of ours; the alphabetic group is in Latin
capitals where the locale has Latin names. A plugin adds further sources: `locale: SOURCE:…`
([plugins](../guide/plugins.md)).

"""


def locales_page() -> str:
    """The whole page."""
    head = ("locale", "for example", "address", "telephone")
    return _HEAD.format(generated=GENERATED) + table(head, _rows()) + "\n"


def _rows() -> Iterator[tuple[str, ...]]:
    people = FakerDemographics()
    for number, locale in enumerate(locales()):
        person = people.person(locale, "FM"[number % 2], number)
        yield (
            f"`{locale}`",
            f"`{person_name.compose(None, person)}`",
            "of one town" if has_towns(locale) else "yes" if person.address else "",
            "yes" if person.phone else "",
        )
