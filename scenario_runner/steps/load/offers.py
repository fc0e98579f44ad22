"""What a load offers: which planned images with which arrival; the same in the plan and in the run."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.arrivals import Arrival, Mix, arrivals, counted, stretches
from scenario_runner.planning.hospital_day import mix

if TYPE_CHECKING:
    from scenario_runner.language.loads import StudyLoad
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass(frozen=True, slots=True)
class Offer:
    """Images that are sent with one arrival, one after the other."""

    number: int
    """From 0."""
    arrival: Arrival | None
    """When; None in a closed load, where it is whenever somebody is free."""
    modality: str
    images: Sequence[PlannedImage]


def offers(load: StudyLoad, series: Sequence[PlannedSeries], seed: str) -> Iterator[Offer]:
    """Each offer in turn, until the arrivals are over or the plan is used up.

    series: what there is to be sent, in order. With ``modalities`` the plan is used up when one of them is.
    """
    units = _units(load, series)
    stock: dict[str, list[Sequence[PlannedSeries]]] = {}
    whole: list[Sequence[PlannedSeries]] = []
    for unit in units:
        stock.setdefault(unit[0].modality, []).append(unit)
        whole.append(unit)
    shares = shares_of(load, stock)
    each = load.unit == "instance"
    queues = (
        {name: _pieces(stock.get(name, ()), each=each) for name in shares}
        if shares
        else {"": _pieces(whole, each=each)}
    )
    turns = Mix(list(shares.items())) if shares else None
    times: Iterable[Arrival | None] = (
        arrivals(load, seed) if load.is_open else itertools.repeat(None)
    )
    for number, arrival in enumerate(times):
        images = next(queues[turns.next() if turns else ""], None)
        if images is None:
            return
        yield Offer(number, arrival, images[0].series.modality, images)


def shares_of(load: StudyLoad, known: Mapping[str, object]) -> dict[str, float]:
    """The share of each modality; none where the plan's own order decides."""
    if load.modalities is not None:
        return {name: share for name, share in load.modalities.items() if share > 0}
    return mix(known) if load.hospital_day is not None else {}


def lacking(load: StudyLoad, series: Iterable[PlannedSeries]) -> list[str]:
    """Modalities that are to have a share of the load, and of which there is nothing: it is over with their first turn."""
    there = {unit[0].modality for unit in _units(load, series)}
    return [name for name, share in (load.modalities or {}).items() if share and name not in there]


def _units(load: StudyLoad, series: Iterable[PlannedSeries]) -> list[list[PlannedSeries]]:
    """What is offered as one, in order; it is of the modality of its first series."""
    if load.unit != "study":
        return [[one] for one in series]
    found: dict[str, list[PlannedSeries]] = {}
    for one in series:
        found.setdefault(one.study.uid, []).append(one)
    return list(found.values())


def _pieces(
    units: Iterable[Sequence[PlannedSeries]], *, each: bool
) -> Iterator[Sequence[PlannedImage]]:
    for unit in units:
        if each:
            for one in unit:
                yield from ([image] for image in one.images)
        else:
            yield [image for one in unit for image in one.images]


def planned(load: StudyLoad, series: Sequence[PlannedSeries], seed: str) -> dict[str, Any]:
    """What a load will offer, in numbers, before anything is sent.

    ``{model, each, associations, arrivals, offered, instances, not_offered, modalities, stages: [{name, seconds, offered}]}``;
    ``arrivals`` beyond ``offered`` find nothing left to be sent; ``not_offered`` instances have no arrival.
    """
    offered = instances = 0
    modalities: Counter[str] = Counter()
    by_stage: Counter[int] = Counter()
    for offer in offers(load, series, seed):
        offered += 1
        instances += len(offer.images)
        modalities[offer.modality] += 1
        if offer.arrival is not None:
            by_stage[offer.arrival.stretch] += 1
    parts = stretches(load) if load.is_open else []
    return {
        "model": "open" if load.is_open else "closed",
        "each": load.unit,
        "associations": load.at_once,
        "arrivals": sum(counted(load, seed)) if load.is_open else offered,
        "offered": offered,
        "instances": instances,
        "not_offered": sum(one.image_count for one in series) - instances,
        "modalities": dict(modalities),
        "stages": [
            {"name": part.name, "seconds": round(part.seconds, 3), "offered": by_stage[number]}
            for number, part in enumerate(parts)
        ],
    }


def in_words(told: Mapping[str, Any]) -> str:
    """``offers 120 instances in 12 s; the plan is used up then, 40 arrivals before the end``."""
    what = amount(told["offered"], told["each"])
    if told["each"] == "study":
        what += f" of {amount(told['instances'], 'instance')}"
    said = f"offers {what}, {told['associations']} at once at the most"
    if told["model"] == "open":
        seconds = sum(stage["seconds"] for stage in told["stages"])
        said += f", in {seconds:g} s"
    if missing := told["arrivals"] - told["offered"]:
        said += f"; the plan is used up before {amount(missing, 'more arrival')}"
    if told["not_offered"]:
        said += f"; {amount(told['not_offered'], 'instance')} of the plan {'is' if told['not_offered'] == 1 else 'are'} not offered"
    return said


def foretold(load: StudyLoad, series: Sequence[PlannedSeries], seed: str) -> dict[str, Any]:
    """What the plan shows of a load: ``planned`` and ``words``."""
    told = planned(load, series, seed)
    words = in_words(told)
    if names := lacking(load, series):
        words += f"; nothing is planned of {', '.join(names)}, which 'modalities' names"
    return {"load": {**told, "words": words}}
