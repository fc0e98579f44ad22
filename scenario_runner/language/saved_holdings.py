"""What steps save, as far as that can be told beforehand: a query saves nothing whose pixels could be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.errors import Diagnostic
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.fields.types import Saved
    from scenario_runner.language.document import Document
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.schema_marks import Mark

    _Held = Saved | Literal["selection"]

TURN = re.compile(r"(.+)\[(\d{1,9})\]")
"""The name of a step with the place of one of its turns."""
_ALONE = re.compile(r"\{\{\s*(\w+(?:\[\d{1,9}\])?)\s*\}\}", re.ASCII)
"""A template that gives what was saved, and nothing else."""

_WHAT: Mapping[_Held, str] = {
    "instances": "instances that came back",
    "frames": "frames that came back",
    "statuses": "what a PACS answered to it",
    "selection": "a selection of the plan",
}
_HINTS: Mapping[_Held, str] = {
    "instances": "name a 'retrieve' of instances; 'as: metadata', 'destination' and 'load' bring none",
    "frames": "name a 'retrieve' of instances, or one with 'as: frames'",
    "statuses": "name a send, retrieve, commit, mpps or echo",
    "selection": "name a 'generate', 'import' or 'send', or a 'retrieve' of instances that come back into the run",
}


@dataclass(slots=True)
class Holdings:
    """What is found under each name, by the steps so far."""

    _held: dict[str, frozenset[_Held] | None] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    """Names under which a step saves that has no turns."""

    def note(self, entry: StepEntry, step: Any, *, in_turns: bool) -> None:
        """What a step saves; several may save under one name, and any of them may be skipped. step: its class."""
        held: frozenset[_Held] | None = step.will_save(entry.parameters)
        if held is not None and step.selects:
            held |= {"selection"}
        for name in filter(None, {entry.id, entry.save_as}):
            before = self._held.get(name, frozenset())
            self._held[name] = None if held is None or before is None else held | before
            if not in_turns:
                self._whole.add(name)

    def wrong(
        self, document: Document, mark: Mark, entry: StepEntry, turns: Mapping[str, float]
    ) -> Iterator[Diagnostic]:
        """A name under which nothing is of what the mark asks for, or the turns of a step together.

        turns: as many as a step with ``for_each`` or ``repeat`` has, by its name.
        """
        alone = _ALONE.fullmatch(mark.value)
        name = alone[1] if alone else mark.value
        turn = TURN.fullmatch(name)
        step = next(
            (one for one in entry.called(turn[1] if turn else name) if one in self._held), None
        )
        held = None if step is None else self._held[step]
        if step is None or held is None:
            return
        # A selection is known by its name; what a template gives is no name.
        wanted = [one for one in mark.what if one != "selection" or not alone]
        if held.isdisjoint(wanted):
            yield Diagnostic(
                "FAB119",
                document.where(mark.path),
                f"{quoted(name)} does not hold {' or '.join(_WHAT[one] for one in wanted)}",
                _HINTS[wanted[-1]],
            )
        elif (
            held.isdisjoint({"statuses", "selection"}.intersection(wanted))
            and step in turns
            and step not in self._whole
            and not turn
        ):
            yield Diagnostic(
                "FAB119",
                document.where(mark.path),
                f"{quoted(name)} holds what each turn brought, one by one",
                f"name one of them: {quoted(name + '[0]')} is the first",
            )
