"""What ``fabricate patient …`` does: the registry's patients, made, found and changed."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.identity import Dice
from scenario_runner.registry import configuration_file, patient_files, settings
from scenario_runner.registry.counters import open_counters
from scenario_runner.registry.generate import Maker, Wanted
from scenario_runner.registry.patient import MadeStudy, Patient
from scenario_runner.registry.people import People
from scenario_runner.registry.statistics import Statistics, statistics

_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The registry's patients as a command sees them. Everything raises MachineError."""

    location: Location
    database: Database
    people: People
    around: Surroundings = field(default_factory=Surroundings)

    def generate(self, wanted: Wanted, site: Path | None, seed: int | None) -> Iterator[Patient]:
        """Make patients; each is kept when it is given. Raises as ``Maker.generate``."""
        maker = self._maker(site)
        dice = Dice(secrets.randbits(63) if seed is None else seed)
        # First, or the counters would make a file of their own that has to be upgraded right away.
        with self.database.writing():
            pass
        with open_counters(self.location) as counters:
            for batch in maker.generate(wanted, self.people, counters, dice):
                yield from batch

    def next_ids(
        self, pattern: str | None, count: int, site: Path | None
    ) -> Iterator[tuple[str, Patient | None]]:
        """What the next IDs would be, with who has those that are taken. Nothing moves."""
        maker = self._maker(site)
        dice = Dice(secrets.randbits(63))
        return maker.preview(maker.pattern(pattern), count, self.location, self.people, dice)

    def statistics(self) -> Statistics:
        """What the registry holds, counted."""
        return statistics(self.database, dt.datetime.now().astimezone().date())

    def made_for(self, one: Patient) -> list[MadeStudy]:
        """The studies of a patient, the newest first."""
        return self.people.made_for(one)

    def config(self) -> list[settings.InEffect]:
        """How patients are made, and where each value is from."""
        effect = settings.in_effect(self.database)
        try:
            counters = self._maker(None, settings.settings_of(effect)).pattern().counters
        except UsageError:
            counters = ()  # of a plugin that is gone: what is set is shown all the same
        if not counters:
            return effect
        counted = {"start": counters[0].start, "increment": counters[0].step}
        return [
            settings.InEffect(one.name, counted[one.name], "id_pattern")
            if one.name in counted and one.value is None
            else one
            for one in effect
        ]

    def load_config(self, file: Path) -> tuple[Mapping[str, Any], list[str]]:
        """Let a file's values hold; returns them, and the keys that mean nothing here.

        Raises InvalidInput, and UsageError for a pattern that cannot be one; then nothing changes.
        """
        values, unknown = configuration_file.configuration(file)
        before = {one.name: one.value for one in settings.in_effect(self.database)}
        trial = settings.Settings(**{**before, **{k: _frozen(v) for k, v in values.items()}})
        self._maker(None, trial).require_usable()
        settings.keep(self.database, values, str(file))
        return values, unknown

    def reset_config(self) -> None:
        """Let what is built in hold again."""
        settings.forget(self.database)

    def take_in(self, file: Path) -> tuple[int, list[Patient], list[str]]:
        """Keep the patients of a file: all or none.

        Returns how many are new, those that were here already, and keys that mean nothing here. Raises
        InvalidInput, and UsageError when somebody else has an ID of the file.
        """
        found, unknown = patient_files.patients_in(file)
        known = self.people.taken(one.key for one in found)
        others = [
            one for one in found if one.key in known and not one.is_same_person(known[one.key])
        ]
        if others:
            first = others[0]
            more = f", and {len(others) - 1} more" if len(others) > 1 else ""
            line, column = patient_files.place_of(file, first)
            raise UsageError(
                f"{file}:{line}:{column}: the ID '{first.id}' is taken by {known[first.key].name}, born "
                f"{known[first.key].birth_date}{more}; nothing was taken in",
                hint="give these patients other IDs in the file, or an issuer of their own",
            )
        fresh = [one for one in found if one.key not in known]
        left = self.people.add(fresh)
        if len(fresh) >= _BATCH:
            self.people.settle()
        return len(fresh) - len(left), [*(one for one in found if one.key in known), *left], unknown

    def _maker(self, site: Path | None, how: settings.Settings | None = None) -> Maker:
        plugins, loaded = load_site(site, self.around)
        return Maker(
            settings=how or settings.settings_of(settings.in_effect(self.database)),
            site=loaded.site.name,
            now=dt.datetime.now(dt.UTC).astimezone(loaded.site.zone),
            demographics=plugins.named("fabricate_demographics"),
            fields=plugins.named("fabricate_pattern_fields"),
        )


@contextmanager
def desk(location: Location, around: Surroundings) -> Iterator[Desk]:
    """The patients of a registry, for as long as they are worked with."""
    with Database(location) as database:
        yield Desk(location=location, database=database, people=People(database), around=around)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
