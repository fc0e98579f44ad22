"""Studies that are looked at before they are made: a form, or orders that were pasted, becomes a scenario and its plan."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.app.fhir_list import require_id
from scenario_runner.app.load import load_site
from scenario_runner.app.order_studies import Ordered, ordered_in, orders_scenario
from scenario_runner.app.picked_studies import TARGET, site_between
from scenario_runner.app.scenario_texts import plan_of
from scenario_runner.app.served_runs import ARCHIVE, EMBEDDED, Wish, wrong
from scenario_runner.app.services import new_factory
from scenario_runner.app.study import typical_scenario
from scenario_runner.app.typical_studies import Wishes, kinds, whole
from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.imaging.factory import preview_png
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.runs.asked import SCENARIO

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.app.served_runs import ServedRuns
    from scenario_runner.imaging.factory import InstanceFactory
    from scenario_runner.language.site_model import Site
    from scenario_runner.planning.plan import PlannedSeries
    from scenario_runner.service.asking import Asking

ORDERS: Final = "orders.hl7"
"""What pasted messages are called beside the scenario."""
_PICTURES: Final = 4
_SIDE: Final = 320
"""Pixels of a picture's longer edge."""
_PIXELS: Final = 40_000_000
"""Of an image that is drawn before it is sent; a larger one is not."""


@dataclass(frozen=True, slots=True)
class FhirStudy:
    """An ImagingStudy. server: a target of the site file; id: there."""

    server: str
    id: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where studies go. target: of the site file; or own: of this server, where a target may have the same name."""

    target: str = ""
    own: Literal["embedded", "archive"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What is to be made. wishes: as of ``fabricate study``; orders: HL7 v2 messages instead, or nothing.

    fhir: a study of a server instead; modality: of orders that name none.
    """

    wishes: Wishes
    to: Destination
    orders: str = ""
    modality: str | None = None
    fhir: FhirStudy | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a series, drawn."""

    png: bytes
    width: int
    height: int
    title: str


@dataclass(frozen=True, slots=True)
class Made:
    """What would be made, and the wish that makes it."""

    wish: Wish
    plans: Plans
    pictures: Sequence[Picture]
    tags: Sequence[tuple[str, str, str, str]]
    """Of the first image: tag, keyword, VR, value."""


def kinds_of(served: ServedRuns) -> list[str]:
    """Every kind of study there is, the typical ones first."""
    plugins, _ = load_site(served.site, served.around)
    builders = plugins.named("fabricate_iod_builders")
    return kinds({key: builder.defaults for key, builder in builders.items()})


def destinations(served: ServedRuns) -> list[Destination]:
    """Where studies can be sent: targets of the site file that store images, the server's own archive."""
    found: list[Destination] = []
    if served.site is not None:
        _, site = load_site(served.site, served.around)
        found = [
            Destination(name)
            for name, target in site.site.targets.items()
            if any(
                getattr(target, service, None) is not None
                for service in ("dicom", "dicomweb", "embedded")
            )
        ]
    if served.archive_site is not None:
        found.append(Destination(own=ARCHIVE))
    return [*found, Destination(own=EMBEDDED)]


def scenario_of(served: ServedRuns, making: Making) -> Wish:
    """The scenario that ``fabricate study --save`` or ``from-hl7 --save`` writes. Raises FabricatorError."""
    site_name = making.to.own
    target = making.to.target if site_name is None else TARGET
    if making.to not in destinations(served) and site_name is None:
        raise Unacceptable("no-such-target", f"there is no target '{target[:80]}'")
    plugins, site = load_site(served.site_of(site_name), served.around)
    wishes = making.wishes
    if wishes.seed is None:
        wishes = replace(wishes, seed=secrets.randbits(32))
    if making.fhir is not None:
        between = None if site_name is None else site_between(served, making.fhir.server, site_name)
        text = _of_fhir(making.fhir, target, wishes.seed, making.modality)
        return Wish(text=text, site_file=between)
    if not making.orders.strip():
        text = typical_scenario(wishes, plugins, site, target, served.registry)
        return Wish(text=text, site=site_name, keep_patients=False)
    ordered = _ordered(making.orders, site.site)
    text = orders_scenario(
        [ORDERS], target, plugins, ordered, modality=making.modality, seed=wishes.seed
    )
    return Wish(text=text, files={ORDERS: making.orders}, site=site_name)


def _of_fhir(study: FhirStudy, target: str, seed: int | None, modality: str | None) -> str:
    """The scenario of one study of a server."""
    source: dict[str, Any] = {
        "fhir": study.server,
        "query": {"_id": require_id(study.id)},
        "max_studies": 1,
    }
    head = {
        "schema": "scenario/v1",
        "name": "from_fhir",
        "title": f"ImagingStudy/{study.id} of {study.server} reaches {target}",
        "seed": seed,
        "patients": [{"from": source | ({"modality": modality} if modality else {})}],
    }
    # Nobody has asked the server yet for its number, which may be one that finds others, too.
    return whole(head, target, numbered=False)


def _ordered(orders: str, site: Site) -> Ordered:
    try:
        return ordered_in(orders.encode(), ORDERS, site)
    except InvalidInput as error:
        raise wrong(error.diagnostics) from error


def looked_at(served: ServedRuns, asking: Asking, wish: Wish) -> Made:
    """What a wish would make now, with pictures; no counter moves. Raises FabricatorError."""
    draft = served.permitted(asking, wish)
    try:
        plans = plan_of(draft, served.registry, wish.seed)
    except InvalidInput as error:
        raise _unmakeable(error.diagnostics) from error
    pictures: list[Picture] = []
    tags: list[tuple[str, str, str, str]] = []
    factory = new_factory(load_site(draft.site, draft.around)[0])
    quiet = Redactor(plans.secrets)
    for job in plans.jobs[:1]:
        for number, series in enumerate(job.case.series()):
            if number == _PICTURES:
                break
            picture, found = _drawn(series, factory, quiet, with_tags=not tags)
            pictures += picture
            tags = tags or found
    return Made(wish, plans, pictures, tags)


def _unmakeable(diagnostics: Sequence[Diagnostic]) -> Unacceptable:
    """What is wrong; where in the scenario is not said, for whoever filled in a form has not written it."""
    told = wrong(diagnostics)
    if any(Path(one.where.file).name != SCENARIO for one in diagnostics):
        return told  # orders have lines that somebody has seen
    return Unacceptable(
        told.code,
        diagnostics[0].message,
        hint=diagnostics[0].hint,
        errors=[{"message": one.message, "hint": one.hint} for one in diagnostics],
    )


def _drawn(
    series: PlannedSeries, factory: InstanceFactory, quiet: Redactor, *, with_tags: bool
) -> tuple[list[Picture], list[tuple[str, str, str, str]]]:
    if series.has_pixels and series.rows * series.columns * series.frames > _PIXELS:
        return [], []
    instance = factory.instance(series.images[series.image_count // 2], {})
    tags = _tags(instance.dataset(), quiet) if with_tags else []
    if not series.has_pixels:
        return [], tags
    drawn = preview_png(instance, _SIDE)
    title = quiet.text(f"{series.modality} {series.description}")
    return [Picture(drawn.png, drawn.width, drawn.height, title)], tags


def _tags(dataset: Any, quiet: Redactor) -> list[tuple[str, str, str, str]]:
    found = []
    for element in dataset:
        if element.tag == 0x7FE00010:
            continue
        value = (
            f"{len(element.value)} items" if element.VR == "SQ" else quiet.text(str(element.value))
        )
        tag = f"({element.tag.group:04X},{element.tag.element:04X})"
        found.append((tag, element.keyword or element.name, element.VR, value[:200]))
    return found


def day(text: str) -> dt.date | None:
    """A day of a form; None for none. Raises Unacceptable."""
    if not text.strip():
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise Unacceptable("date", f"'{text[:20]}' is no date", hint="2026-01-31") from error
