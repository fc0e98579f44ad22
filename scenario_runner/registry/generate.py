"""New patients: somebody synthetic under the next ID that nobody has."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.api import CounterExhausted
from scenario_runner.planning.identity import Dice
from scenario_runner.planning.named_sex import sex_of_name
from scenario_runner.planning.number_ranges import rules
from scenario_runner.planning.pattern_parts import Counter, Part, PatternError
from scenario_runner.planning.patterns import Pattern, parse
from scenario_runner.planning.people import ADULTS, synthetic_person
from scenario_runner.registry.counters import PeekCounters
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.people import IdTaken, People

if TYPE_CHECKING:
    from scenario_runner.database.location import Location
    from scenario_runner.planning.api import Counters, Demographics, PatternField
    from scenario_runner.registry.settings import Settings

_BATCH = 1000
_TRIES = 20
"""How often as many IDs are drawn as are wanted before it is said that a pattern ran out."""
_MOST = 64
"""Characters of a PatientID (VR LO)."""
_ANY = "0"
"""An ID of somebody who has none yet."""
_PLACE = re.compile(r"#|\{(\d*)([a-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is said of the patients that are to be made; the rest is drawn."""

    count: int = 1
    id: str | None = None
    name: str | None = None
    sex: str | None = None
    birth_date: dt.date | None = None
    locale: str | None = None
    address: str | None = None
    phone: str | None = None


class _RanOut(UsageError):
    """A counter has fewer numbers than are wanted. left: how many."""

    def __init__(self, pattern: Pattern, counter: Counter, left: int, wanted: int) -> None:
        self.left = left
        super().__init__(
            f"the pattern of IDs '{pattern}' ran out: {left} left of {counter}, {wanted} wanted",
            hint="give it more digits: fabricate patient load-config, or --pattern to try one",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes patients as the settings say."""

    settings: Settings
    site: str
    """Whose counters number them: those that number the patients of scenarios, too."""
    now: dt.datetime
    demographics: Mapping[str, Demographics]
    fields: Mapping[str, PatternField]

    def pattern(self, text: str | None = None) -> Pattern:
        """The pattern of IDs, or another one. Raises UsageError."""
        settings = self.settings
        said = settings.id_pattern if text is None else text
        if not said.strip():
            raise UsageError(
                "the pattern of IDs is empty", hint="such as PID{6digits}, or none for what is set"
            )
        try:
            pattern = parse(said, self.fields)
        except PatternError as error:
            raise UsageError(f"the pattern of IDs: {error.message}", hint=error.hint) from error
        if text is None and (settings.start is not None or settings.increment is not None):
            pattern = Pattern(tuple(self._counting(part) for part in pattern.parts), self.fields)
        if pattern.length > _MOST:
            raise UsageError(
                f"the pattern of IDs '{pattern}' makes {pattern.length} characters, and a patient ID "
                f"takes {_MOST}",
                hint="shorten it (PS3.5 6.2, VR LO)",
            )
        return pattern

    def _counting(self, part: Part) -> Part:
        if not isinstance(part, Counter):
            return part
        settings = self.settings
        made = Counter(
            part.width,
            part.start if settings.start is None else settings.start,
            settings.increment or part.step,
        )
        if made.start > made.last:
            raise UsageError(
                f"a counter of {part.width} digits cannot start at {made.start}",
                hint="change id_pattern or start: fabricate patient config",
            )
        return made

    def require_usable(self) -> None:
        """Raises UsageError for settings by which nobody can be made, or not all of whom they say."""
        self.pattern()
        settings = self.settings
        each = [
            settings,
            *(replace(settings, address_patterns=(one,)) for one in settings.address_patterns),
            *(replace(settings, phone_patterns=(one,)) for one in settings.phone_patterns),
        ]
        for one in each:
            replace(self, settings=one).somebody(Dice(0))

    def somebody(self, dice: Dice) -> Patient:
        """One patient as the settings say, under no ID of its own, not kept. Raises UsageError."""
        (made,) = self._people(1, Wanted(), dice)
        return _sound(made.with_id(_ANY))

    def generate(
        self, wanted: Wanted, people: People, counters: Counters, dice: Dice
    ) -> Iterator[list[Patient]]:
        """Make and keep them, some at a time; each batch is kept when it is given.

        Raises UsageError for a pattern that ran out, an ID that is taken, or what DICOM does not
        allow; MachineError.
        """
        if wanted.name is not None and not wanted.name.strip("^= "):
            raise UsageError("the name is empty", hint="leave out --name to have one drawn")
        if wanted.birth_date is not None and wanted.birth_date > self.now.date():
            raise UsageError(f"the birth date {wanted.birth_date} is yet to come")
        if wanted.id is not None:
            if wanted.count != 1:
                raise UsageError("one ID is for one patient", hint="give an ID or a count")
            (one,) = self._people(1, wanted, dice)
            one = _sound(one.with_id(wanted.id))
            if people.add([one]):
                raise IdTaken(one, people.taken([one.key])[one.key])
            yield _kept(people, [one])
            return
        pattern = self.pattern()
        self._require_room(pattern, wanted.count, counters)
        for place in range(0, wanted.count, _BATCH):
            lacking = self._people(min(_BATCH, wanted.count - place), wanted, dice)
            # What is said is the same of all of them, and a number is used up for none that cannot be.
            _sound(lacking[0].with_id(_ANY))
            made: list[Patient] = []
            for _ in range(_TRIES):
                ids = self._ids(pattern, len(lacking), counters, dice)
                numbered = [_sound(one.with_id(id_)) for one, id_ in zip(lacking, ids, strict=True)]
                lacking = people.add(numbered)
                # By identity: two may have drawn one ID, of whom the first has it now.
                left = {id(one) for one in lacking}
                made += [one for one in numbered if id(one) not in left]
                if not lacking:
                    break
                if pattern.space == 1 and not pattern.counters and not pattern.has_open_fields:
                    raise IdTaken(lacking[0], people.taken([lacking[0].key])[lacking[0].key])
            if lacking:
                raise UsageError(
                    f"the pattern of IDs '{pattern}' ran out: nearly all that it makes are taken",
                    hint="give it more letters or digits",
                )
            yield _kept(people, made)
        if wanted.count >= _BATCH:
            people.settle()

    def preview(
        self, pattern: Pattern, count: int, location: Location, people: People, dice: Dice
    ) -> Iterator[tuple[str, Patient | None]]:
        """The next IDs that a pattern gives, until ``count`` of them are free; with who has the others.

        Nothing is reserved. Of a pattern that ran out those that it has left.
        """
        peek = PeekCounters(location)
        free = 0
        shown: set[str] = set()
        for _ in range(_TRIES):
            wanted = max(count - free, 1)
            try:
                ids = self._ids(pattern, wanted, peek, dice)
            except _RanOut as error:
                if not error.left:
                    return
                ids = self._ids(pattern, error.left, peek, dice)
            holders = people.taken((id_, self.settings.issuer) for id_ in ids)
            for id_ in ids:
                if id_ in shown or free == count:
                    continue
                shown.add(id_)
                holder = holders.get((id_, self.settings.issuer))
                free += holder is None
                yield id_, holder
            if free == count or not (pattern.counters or pattern.space > 1):
                return

    def _require_room(self, pattern: Pattern, count: int, counters: Counters) -> None:
        """Raises before any number is used up: of two counters one may have enough of them."""
        for rule, counter in rules("patient_id", pattern):
            first = self._reserved(pattern, rule, counter, 0, counters)
            left = max(0, (counter.last - first) // counter.step + 1)
            if left < count:
                raise _RanOut(pattern, counter, left, count)

    def _ids(self, pattern: Pattern, count: int, counters: Counters, dice: Dice) -> list[str]:
        firsts = [
            (self._reserved(pattern, rule, counter, count, counters), counter.step)
            for rule, counter in rules("patient_id", pattern)
        ]
        return [
            pattern.render(
                self.now,
                site=self.site,
                numbers=[first + place * step for first, step in firsts],
                draw=dice.bits() % pattern.space if pattern.space > 1 else 0,
                seed=dice.bits() >> 1,
            )
            for place in range(count)
        ]

    def _reserved(
        self, pattern: Pattern, rule: str, counter: Counter, count: int, counters: Counters
    ) -> int:
        try:
            return counters.reserve(
                self.site,
                rule,
                start=counter.start,
                step=counter.step,
                count=count,
                last=counter.last,
            )
        except CounterExhausted as error:
            left = max(0, (error.last - error.next_number) // counter.step + 1)
            raise _RanOut(pattern, counter, left, count) from error

    def _people(self, count: int, wanted: Wanted, dice: Dice) -> list[Patient]:
        settings = self.settings
        locale = wanted.locale or settings.locale
        born = ADULTS
        if settings.birth_years:
            first, last = settings.birth_years
            born = (dt.date(first, 1, 1), min(dt.date(last, 12, 31), self.now.date()))
        sex = wanted.sex or (wanted.name and sex_of_name(wanted.name, locale)) or None
        moment = dt.datetime.now(dt.UTC)
        made = []
        for _ in range(count):
            try:
                drawn = synthetic_person(
                    dice, sources=self.demographics, locale=locale, sex=sex, born=born
                )
            except ValueError as error:
                raise UsageError(
                    f"there are no people of the locale '{locale}'", hint=f"near ones: {error}"
                ) from error
            name = wanted.name or self._listed_name(drawn.name, drawn.sex, dice)
            made.append(
                Patient(
                    id="",
                    issuer=settings.issuer,
                    name=name,
                    sex=drawn.sex,
                    birth_date=wanted.birth_date or drawn.birth_date,
                    address=_filled(settings.address_patterns, drawn.address, dice)
                    if wanted.address is None
                    else wanted.address,
                    phone=_filled(settings.phone_patterns, drawn.phone, dice)
                    if wanted.phone is None
                    else wanted.phone,
                    locale=locale,
                    created=moment,
                )
            )
        return made

    def _listed_name(self, drawn: str, sex: str, dice: Dice) -> str:
        """With components from the lists where there are some."""
        given = self.settings.female_names if sex == "F" else self.settings.male_names
        if sex == "O":
            given = self.settings.female_names + self.settings.male_names
        family = self.settings.family_names
        if not given and not family:
            return drawn
        parts = drawn.partition("=")[0].split("^")[:2]
        if family:
            parts[0] = _one(family, dice)
        if given:
            parts[1:] = [_one(given, dice)]
        return "^".join(parts)


def _kept(people: People, made: Sequence[Patient]) -> list[Patient]:
    """As they are in the registry now; of many their numbers there are left out."""
    if len(made) == 1:
        return list(people.taken([made[0].key]).values())
    return list(made)


def _sound(one: Patient) -> Patient:
    if problem := one.problem():
        raise UsageError(problem.message, hint=problem.hint)
    return one


def _one(values: Sequence[str], dice: Dice) -> str:
    return values[dice.randint(0, len(values) - 1)]


def _filled(patterns: Sequence[str], drawn: str, dice: Dice) -> str:
    """One of the patterns with its places filled in; what was drawn where there is none."""
    if not patterns:
        return drawn
    street, _, rest = drawn.partition(", ")
    words = {"street": street, "city": rest.partition(", ")[0], "address": drawn}

    def filled(place: re.Match[str]) -> str:
        width, word = place[1], place[2]
        if word is None:
            return str(dice.randint(0, 9))
        if word in words:
            return words[word]
        if word in ("digits", "digit", "random", "number"):
            digits = int(width) if width else 3
            return "".join(str(dice.randint(1 if not at else 0, 9)) for at in range(digits))
        return place[0]

    return _PLACE.sub(filled, _one(patterns, dice))
