"""Orders in files as studies that are made, sent and compared: what ``fabricate from-hl7`` does.

The scenario is that of a typical study, its patients those of the orders. Messages that cannot be used
are left aside, each with its reason, and the studies of the others are made.
"""

from __future__ import annotations

import os
import secrets
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scenario_runner.app.destination import destination
from scenario_runner.app.kept_objects import in_folder
from scenario_runner.app.load import Loaded
from scenario_runner.app.messages import read_file
from scenario_runner.app.review import Review
from scenario_runner.app.run import RunResult, plannable_of, run_loaded
from scenario_runner.app.study import StudyRequest, run_of, save_scenario
from scenario_runner.app.typical_studies import is_key, whole
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected, UsageError
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import Hl7Error
from scenario_runner.orders.hl7.files import messages, without
from scenario_runner.orders.hl7.mapping import Line, of_site
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.sources.feed import Feed as WholeFeed
from scenario_runner.planning.modalities import ALIASES
from scenario_runner.planning.object_kinds import usual
from scenario_runner.planning.sources import Inputs

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Control, Factory
    from scenario_runner.events import EventHandler
    from scenario_runner.language.site_model import Site
    from scenario_runner.orders.order import Order
    from scenario_runner.plugins import Plugins

_NAME = "from_hl7"


@dataclass(slots=True)
class _File:
    """One file. lines: where its messages begin; data: without those that were left aside."""

    path: Path
    data: bytes
    lines: list[int]

    def leave_out(self, lines: set[int]) -> None:
        self.data = without(self.data, lines)
        self.lines = [line for line in self.lines if line not in lines]


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the studies of some orders have in common."""

    modalities: frozenset[str] = frozenset()
    """Those that the orders name."""
    numbered: bool = True
    """Whether no order has no accession number, or one by which others are found, too."""

    @classmethod
    def of(cls, wanted: Sequence[Order], site: Site) -> Self:
        """What orders to be performed say; the accession number is one of the site's where they say nothing of it."""
        return cls(
            frozenset(order.text("Modality") for order in wanted), are_numbered(wanted, site)
        )


@dataclass(slots=True)
class _Feed:
    """All files, and what was left aside."""

    files: dict[str, _File] = field(default_factory=dict)
    wrong: list[Diagnostic] = field(default_factory=list)
    ordered: Ordered = field(default_factory=Ordered)

    def leave_out(self, found: Sequence[Diagnostic]) -> None:
        """Leave the messages aside that these diagnostics are about."""
        self.wrong += found
        for name, file in self.files.items():
            places = [one.where.line for one in found if one.where.file == name]
            at = [file.lines[max(0, bisect_right(file.lines, line) - 1)] for line in places]
            if at:
                file.leave_out(set(at))

    def names(self) -> list[str]:
        """The files that still hold a message."""
        return [name for name, file in self.files.items() if file.lines]


def order_studies(
    request: StudyRequest,
    files: Sequence[Path],
    modality: str | None,
    handlers: Sequence[EventHandler],
    control: Control,
    ask: Callable[[Plans, Factory], bool] | None = None,
) -> tuple[RunResult, Sequence[Diagnostic]]:
    """Make a study of each order, send it and compare; with what is wrong with messages that were left.

    modality: of orders that name none. Raises FabricatorError; InvalidInput when no message can be used,
    NothingSelected when all orders are cancelled or held.
    """
    plugins, site, target = destination(request.to, request.site, request.around)
    lines = _mapping(site.site)
    feed = _read(files, lines, site.site)
    seed = request.wishes.seed
    if request.save is not None and seed is None:
        seed = secrets.randbits(32)
    file = str(request.save or f"{_NAME}.yaml")

    def scenario(names: Sequence[str], shown: Callable[[str], str]) -> str:
        return orders_scenario(
            [shown(name) for name in names],
            target,
            plugins,
            feed.ordered,
            modality=modality,
            seed=seed,
        )

    while True:
        names = feed.names()
        if not names:
            raise InvalidInput(feed.wrong)
        # Beside nothing, so that names of files stay as they were given.
        document = parse_document(scenario(names, str), Path(file).name)
        loaded = Loaded(plugins, site, (check_scenario(document, plugins, site=site),))
        inputs = Inputs(read={one.path.as_posix(): one.data for one in feed.files.values()})
        run = replace(run_of(request, seed), inputs=inputs)
        try:
            plannable_of(loaded, run)
        except InvalidInput as error:
            theirs = [one for one in error.diagnostics if one.where.file in feed.files]
            if not theirs:
                raise
            feed.leave_out(theirs)
            continue
        break
    if request.save is not None:
        save_scenario(request.save, scenario(names, _relative_to(request.save.parent)))
    objects = None if request.dicom_dir is None else in_folder(request.dicom_dir)
    result = run_loaded(loaded, run, handlers, control, Review(ask=ask, objects=objects))
    return result, feed.wrong


def orders_scenario(
    files: Sequence[str],
    target: str,
    plugins: Plugins,
    ordered: Ordered,
    *,
    modality: str | None,
    seed: int | None,
) -> str:
    """The scenario of the studies of orders. files: as it names them; modality: of orders that name none."""
    source: dict[str, Any] = {"files": list(files)}
    if modality:
        source["modality"] = modality
    head: dict[str, Any] = {
        "schema": "scenario/v1",
        "name": _NAME,
        "title": "The studies of the orders reach the PACS and can be found again",
        **({"seed": seed} if seed is not None else {}),
        "patients": [{"from": {"hl7": source}}],
    }
    pixels = _any_pixels({one or modality or "" for one in ordered.modalities}, plugins)
    return whole(head, target, pixels=pixels, numbered=ordered.numbered)


def ordered_in(data: bytes, name: str, site: Site) -> Ordered:
    """What is ordered in messages. Raises InvalidInput for a message that is none, or has none."""
    lines = _mapping(site)
    whole = WholeFeed()
    for message in messages(data, name):
        if isinstance(message, Hl7Error):
            raise message
        whole.take(orders(message, lines))
    return Ordered.of(whole.wanted(), site)


def are_numbered(found: Sequence[Order], site: Site) -> bool:
    """Whether each is found by its accession number, which is one of the site's where it says nothing of it."""
    keyword = "AccessionNumber"
    given = site.identifiers.accession
    return all(is_key(order.text(keyword) if keyword in order.said else given) for order in found)


def _mapping(site: Site) -> Sequence[Line]:
    try:
        return of_site(site.identifiers.hl7, site.zone)
    except ValueError as error:
        raise UsageError(str(error), hint="see identifiers.hl7 of the site file") from None


def _any_pixels(modalities: Collection[str], plugins: Plugins) -> bool:
    """Whether the usual object of one of them is an image; one that is not known is as good as one."""
    builders = plugins.named("fabricate_iod_builders")
    drawn = usual({key: builder.defaults for key, builder in builders.items()})
    known = (drawn.get(ALIASES.get(one, one)) for one in modalities)
    return any(one is None or one.has_pixels for one in known)


def _relative_to(folder: Path) -> Callable[[str], str]:
    def shown(name: str) -> str:
        try:
            return Path(os.path.relpath(name, folder)).as_posix()
        except ValueError:  # another drive
            return Path(name).absolute().as_posix()

    return shown


def _read(files: Sequence[Path], lines: Sequence[Line], site: Site) -> _Feed:
    """All files, without the messages that cannot be read or hold no order."""
    feed, whole = _Feed(), WholeFeed()
    count = 0
    for path in dict.fromkeys(files):
        data = read_file(path)
        starts: list[int] = []
        wrong: list[Diagnostic] = []
        for message in messages(data, str(path)):
            count += 1
            try:
                if isinstance(message, Hl7Error):
                    starts.append(message.diagnostics[0].where.line)
                    raise message
                starts.append(message.first_line)
                whole.take(orders(message, lines))
            except Hl7Error as error:
                wrong += error.diagnostics
        feed.files[str(path)] = _File(path, data, starts)
        feed.leave_out(wrong)
    wanted = whole.wanted()
    feed.ordered = Ordered.of(wanted, site)
    if not wanted and feed.wrong:
        raise InvalidInput(feed.wrong)
    if not wanted:
        raise NothingSelected(
            f"none of {count} messages holds an order to be performed",
            hint="orders that are cancelled, discontinued or held make no study",
        )
    return feed
