"""``load``: how a step's work is spread over time, as a scenario says it."""

# Models of many fields leave ``from __future__ import annotations`` out; see ``fields.Model``.
import datetime as dt
import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from scenario_runner.errors import Advised
from scenario_runner.fields.types import Duration, Model, Time, entries_of, number_or_text
from scenario_runner.language.quantities import Share, StageRate, refuse_all

MOST_ASSOCIATIONS = 256
USUAL_ASSOCIATIONS = 16
"""At once in an open load that says nothing of it."""
_MOST_ARRIVALS = 100_000_000
"""Of a load: a thousand a second for a day."""
_TOGETHER = 0.005
"""By how much shares may miss 100 %."""


class Stage(Model):
    """A stretch of time with its own rate of arrivals; without one, nothing arrives."""

    for_: Annotated[Duration, Field(gt=0)] = Field(alias="for")
    """How long."""
    rate: StageRate | None = None
    """So many a second, minute or hour, at its beginning and, without ``to``, throughout."""
    to: StageRate | None = None
    """The rate at its end, which is reached evenly (a ramp); 0 for one that runs out."""

    @model_validator(mode="after")
    def _ramp_begins_somewhere(self) -> "Stage":
        if self.to is not None and self.rate is None:
            raise Advised("a ramp goes from 'rate' to 'to'", "give 'rate', too")
        return self


def _rates(stage: Stage) -> tuple[float, float]:
    """At its beginning and at its end."""
    first = stage.rate or 0.0
    return first, first if stage.to is None else stage.to


def _arriving(stage: Stage) -> float:
    first, last = _rates(stage)
    return stage.for_ * (first + last) / 2


class HospitalDay(Model):
    """A day at a hospital: studies arrive as they do there, more in the morning than at night."""

    studies: Annotated[float, Field(gt=0, le=1_000_000)] = 400
    """How many studies a whole day has."""
    from_: Time = Field(default=dt.time(0), alias="from")
    """When it begins."""
    until: Time | None = None
    """When it ends; by default at midnight."""
    in_: Annotated[Duration, Field(gt=0)] | None = Field(default=None, alias="in")
    """The time that all of it takes in the run: 10m for a day is a day a hundred and forty-four times as fast; by
    default as long as at the hospital."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "HospitalDay":
        if self.until is not None and self.until <= self.from_:
            raise ValueError("'until' has to be later on the day than 'from'")
        return self


class StopWhen(Model):
    """When to offer no more."""

    error_rate: Share
    """When more than this share of the last hundred failed; looked at from the twentieth on."""

    @field_validator("error_rate")
    @classmethod
    def _can_be_exceeded(cls, value: float) -> float:
        return refuse_all(value, "'error_rate' is 100 %, and no more than all can fail")


class Between(Model):
    """A duration anywhere between two."""

    min: Duration
    max: Duration

    @model_validator(mode="after")
    def _in_order(self) -> "Between":
        if self.max < self.min:
            raise ValueError("'max' has to be at least 'min'")
        return self


MixShare = Annotated[Share, number_or_text(r"^\d+(\.\d+)?\s*%$", "40%", minimum=0, maximum=100)]
"""A share of a mix: as any other, and a whole number is so many percent."""


def _shares(value: Any) -> Any:
    """Shares as numbers from people, who write 40 for 40 %, too."""
    if isinstance(value, dict):
        return {
            name: f"{share}%" if isinstance(share, int) and not isinstance(share, bool) else share
            for name, share in value.items()
        }
    return value


class Load(Model):
    """How work arrives.

    At a rate, whatever the PACS does (an open load); or as fast as so many associations get done with it, each thinking in
    between (a closed load).

    ``stages`` and ``hospital_day`` make an open load, in which time counts from the moment each operation was to begin.
    """

    stages: Annotated[list[Stage], Field(min_length=1, max_length=1000)] | None = None
    """One after the other."""
    hospital_day: HospitalDay | None = None
    """Instead of ``stages``: arrivals by the hour, each a whole study unless ``each`` says otherwise, with the mix of
    modalities of a hospital as far as the plan has them."""
    arrival: Literal["constant", "poisson"] | None = None
    """In an open load, evenly spaced (by default), or at random as people come; the same again for the same seed. A
    hospital's day is ``poisson``."""
    modalities: (
        Annotated[dict[str, MixShare], BeforeValidator(_shares), Field(min_length=1, max_length=40)]
        | None
    ) = None
    """The mix: a share of the arrivals for each modality, kept at every moment, where ``40`` is 40 %; 100 % together."""
    associations: Annotated[int, Field(ge=1, le=MOST_ASSOCIATIONS)] | None = None
    """How many at once: in a closed load so many modalities (1 by default), in an open one no more than that (16)."""
    think: Duration | Between | None = None
    """How long an association pauses after each piece of work, as a modality does between two studies."""
    for_: Annotated[Duration, Field(gt=0)] | None = Field(default=None, alias="for")
    """In a closed load, for how long something is begun; by default until all is done."""
    stop_when: StopWhen | None = None
    """When to offer no more; the step has failed then."""

    @field_validator("modalities")
    @classmethod
    def _is_whole(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        if value is not None and abs(sum(value.values()) - 1) > _TOGETHER:
            raise Advised(
                f"the shares are {sum(value.values()):.4g} of the whole", "make them 100% together"
            )
        return value

    @model_validator(mode="after")
    def _is_one_model(self) -> "Load":
        if self.stages is not None and self.hospital_day is not None:
            raise ValueError("give 'stages' or 'hospital_day', not both")
        if self.is_open and self.for_ is not None:
            raise Advised(
                "'for' goes with a closed load", "an open one lasts as long as its stages"
            )
        if not self.is_open and self.arrival is not None:
            raise Advised(
                "'arrival' goes with 'stages' or 'hospital_day'", "a closed load has none"
            )
        if (
            not self.is_open
            and self.associations is None
            and self.think is None
            and self.for_ is None
        ):
            raise ValueError(
                "give 'stages' with rates (an open load), or 'associations' and 'think' (a closed one)"
            )
        if self.stages and not any(stage.rate or stage.to for stage in self.stages):
            raise ValueError("no stage has a rate, so nothing arrives")
        if self.stages and (many := sum(map(_arriving, self.stages))) > _MOST_ARRIVALS:
            raise Advised(
                f"{many:.3g} arrivals are more than any run makes",
                f"lower the rates; {_MOST_ARRIVALS:,} is the limit",
            )
        return self

    def shared(self, share: float) -> Self:
        """The part of it that one of several processes offers, which work on one run. share: of the whole, 1 for all."""
        if share == 1:
            return self
        stages = [
            stage.model_copy(
                update={
                    "rate": stage.rate and stage.rate * share,
                    "to": stage.to and stage.to * share,
                }
            )
            for stage in self.stages or ()
        ]
        day = self.hospital_day
        return self.model_copy(
            update={
                "stages": stages or None,
                "hospital_day": day and day.model_copy(update={"studies": day.studies * share}),
                "associations": max(1, round(self.at_once * share)),
            }
        )

    @property
    def most_per_second(self) -> float:
        """The most arrivals a second that there can be from the first one on, whenever it ends; infinite where it does not say.

        Random ones are more by chance: six standard deviations of their number are taken for the end of that.
        """
        begun = [*itertools.dropwhile(lambda one: not _arriving(one), self.stages or ())]
        if not begun:
            return math.inf
        rates = [each for one in begun for each in _rates(one)]
        expected = sum(map(_arriving, begun))
        rises = all(first <= then for first, then in itertools.pairwise(rates))
        most = expected / sum(one.for_ for one in begun) if rises else max(rates)
        return most * (1 + 6 / math.sqrt(expected)) if self.arrival == "poisson" else most

    @property
    def is_open(self) -> bool:
        """Whether work arrives at a rate."""
        return self.stages is not None or self.hospital_day is not None

    @property
    def at_once(self) -> int:
        """How many associations at once."""
        return self.associations or (USUAL_ASSOCIATIONS if self.is_open else 1)


class StudyLoad(Load):
    """The load of a step that sends: what arrives is an instance or a study."""

    each: Literal["instance", "study"] | None = None
    """What arrives: an ``instance``, over associations that stay open, as in an open load with stages; or a whole ``study``
    with an association of its own, as a modality sends it, and as it is otherwise."""

    @property
    def most_per_second(self) -> float:
        """The most instances a second; of whole studies nobody says how many they have."""
        return super().most_per_second if self.unit == "instance" else math.inf

    @property
    def unit(self) -> Literal["instance", "study"]:
        """What arrives."""
        return self.each or ("instance" if self.stages is not None else "study")


class RequestLoad(Load):
    """The load of a step that asks: what arrives is a request."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if not self.is_open and self.for_ is None:
            raise Advised("say with 'for' how long", "the same can be asked for ever")
        if self.modalities is not None:
            raise Advised(
                "'modalities' is of what is sent", "give 'match' lists to ask for various things"
            )
        return self


def most_offered(kind: type[Load], parameters: Any) -> float:
    """The most arrivals a second of the ``load`` among a step's parameters; infinite where that is not known yet."""
    load = parameters.get("load") if isinstance(parameters, Mapping) else None
    if load is None:
        return math.inf
    try:
        return kind.model_validate(load).most_per_second
    except ValidationError:
        return math.inf  # a template, or what is told of it elsewhere


CaseChecks = Annotated[list[Any], Field(min_length=1), entries_of("case_check")]
"""Checks of what a load of cases came to."""


class CaseLoad(Load):
    """How cases arrive: each runs all steps of the scenario, with patients of its own.

    They begin at a rate, whatever the PACS does (an open load), or as fast as so many get done at once (a closed load). The
    combinations of the matrix take turns; of a table each row is taken once. What arrives and does not find one of ``associations``
    free waits, and that counts.
    """

    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset({("checks",)})

    cases: Annotated[int, Field(ge=1)] | None = None
    """In a closed load, how many there are altogether; by default each combination once. An open load has as many as arrive."""
    checks: CaseChecks | None = None
    """What is to hold of all of them, looked at when the last is over: ``latency``, ``throughput`` and ``errors``, with ``of: case``
    or without ``of``."""

    @field_validator("checks")
    @classmethod
    def _measures_cases(cls, value: list[Any] | None) -> list[Any] | None:
        for entry in value or ():
            for given in entry.values() if isinstance(entry, dict) else ():
                operation = given.get("operation") if isinstance(given, dict) else None
                if isinstance(operation, str) and operation.lower() != "case":
                    raise Advised(
                        f"a load of cases measures whole cases, and no '{operation}'",
                        "leave 'operation' out, or have an 'assert' after the step",
                    )
        return value

    @model_validator(mode="after")
    def _is_of_cases(self) -> Self:
        if self.modalities is not None:
            raise Advised(
                "'modalities' is of what is sent",
                "a matrix with an axis for the modality makes cases of each",
            )
        if self.is_open and self.cases is not None:
            raise Advised("'cases' goes with a closed load", "an open one has as many as arrive")
        return self
