"""The source ``hl7``: ``patients: [{from: {hl7: "orders/*.hl7"}}]``, a study for each order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from scenario_runner.amounts import amount
from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.fields.types import InputFile, Model, Text
from scenario_runner.language.named_files import base_of
from scenario_runner.orders.hl7 import files
from scenario_runner.orders.hl7.mapping import Line, of_site
from scenario_runner.orders.hl7.message import Hl7Error
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.sources.feed import Feed
from scenario_runner.orders.sources.patients import patients
from scenario_runner.planning.sources import SourceContext, Sourced, SourceError

_MOST_FILES = 10_000


class Hl7Parameters(Model):
    """Messages with orders: ORM^O01, OMI^O23, OMG^O19 or ORU^R01."""

    files: Annotated[list[InputFile] | InputFile, Field()]
    """Files, or patterns such as ``orders/*.hl7``, relative to the scenario; each may hold many messages."""
    modality: Text | None = None
    """Of orders that name none (OBR-24, IPC-5)."""


class Hl7Source:
    """One patient for each identifier, one study for each order that no message cancels or holds in the end."""

    name = "hl7"
    parameters: ClassVar[type[BaseModel]] = Hl7Parameters
    short = "files"
    called = "HL7 messages"

    def patients(self, parameters: Hl7Parameters, context: SourceContext) -> Iterator[Sourced]:
        """Read all messages; every one that cannot be used is told."""
        given = parameters.files if isinstance(parameters.files, list) else [parameters.files]
        lines = site_lines(context)
        feed = Feed()
        wrong: list[Diagnostic] = []
        for name in (file for pattern in given for file in _expanded(pattern, context)):
            shown, raw = context.file(name)
            for message in files.messages(raw, shown):
                try:
                    if isinstance(message, Hl7Error):
                        raise message
                    feed.take(orders(message, lines))
                    message.let_go()
                except Hl7Error as error:
                    wrong += error.diagnostics
        if wrong:
            raise InvalidInput(wrong)
        wanted = feed.wanted()
        if not wanted:
            raise SourceError(f"{amount(len(feed), 'order')}, and none is to be performed")
        context.inputs.remarks.update((one, None) for one in feed.remarks)
        for order in wanted:
            context.inputs.remarks.update((f"{order.name}: {one}", None) for one in order.remarks)
        return patients(wanted, modality=parameters.modality)


def site_lines(context: SourceContext) -> Sequence[Line]:
    """The mapping of the site that a plan is for. Raises SourceError."""
    try:
        site = context.site
        return of_site(None) if site is None else of_site(site.identifiers.hl7, site.zone)
    except ValueError as error:
        raise SourceError(str(error), "see identifiers.hl7 of the site file") from None


def _expanded(pattern: str, context: SourceContext) -> Iterable[str]:
    """The files of a pattern, in order of their names; a rerun takes those of the first run."""
    if not any(mark in pattern for mark in "*?["):
        return [pattern]

    def look() -> bytes:
        folder = base_of(str(context.folder / "scenario.yaml"), pattern)
        names = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.glob(pattern)
            if path.is_file() and not path.name.startswith(".")
        )
        return json.dumps(names).encode()

    if FilePath(pattern).is_absolute():
        raise SourceError(f"'{pattern}' is not relative to the scenario", "patterns are")
    names: list[str] = json.loads(context.inputs.once(f"files of {pattern}", look))
    if not names:
        raise SourceError(f"no file is named {pattern}", "it is relative to the scenario")
    if len(names) > _MOST_FILES:
        raise SourceError(f"{len(names)} files are named {pattern}; {_MOST_FILES} are the most")
    return names


MESSAGES = Hl7Source()
