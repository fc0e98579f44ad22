"""What a step did not save, for the site says that its target has no such service: who needs it is skipped, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.language.templates import is_template

if TYPE_CHECKING:
    from scenario_runner.engine.state import CaseState
    from scenario_runner.language.entries import StepEntry

_REFERRING: Final = frozenset(("of", "what", "with"))
"""Parameters that name a step, or what one saved."""
_EXPRESSIONS: Final = frozenset(("expr", "fail_when", "until", "when"))
"""Parameters that are expressions, braces or not."""
_IN_BRACES: Final = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)


def note(state: CaseState, entry: StepEntry, step_id: str, why: str) -> None:
    """A step was skipped for the reason given: neither its id nor what it saves as stands for anything."""
    for name in (step_id, entry.id, entry.save_as):
        if name:
            state.absent[name] = why


def forget(state: CaseState, entry: StepEntry, step_id: str) -> None:
    """A step of the same name has run after all, such as another of a list with ``when``."""
    for name in (step_id, entry.id, entry.save_as):
        state.absent.pop(name or "", None)


def lacked_by_step(state: CaseState, entry: StepEntry) -> str:
    """Why a step cannot be carried out without what was skipped; empty where it can. Checks are looked at one by one."""
    if not state.absent:
        return ""
    given = {} if entry.step == "assert" else {"parameters": entry.parameters}
    uses = [] if entry.use is None else [use.entry for use in entry.use.whole]
    expressions = [{"when": one.get("when"), "given": one.get("with")} for one in uses]
    items = entry.for_each
    return lacked(state, entry, [given, *expressions, {"when": entry.when, "items": items}])


def lacked(state: CaseState, entry: StepEntry, given: Any) -> str:
    """The same of parameters as written, which stand in an entry."""
    for key, text in _texts(given):
        if is_template(text) or key in _EXPRESSIONS:
            read = " ".join(_IN_BRACES.findall(text)) if is_template(text) else text
            for name, why in list(state.absent.items()):
                if re.search(rf"(?<![\w.'\"-]){re.escape(name)}(?![\w'\"-])", read):
                    return why
        elif key in _REFERRING:
            for each in (text, *entry.called(text)):
                if each in state.absent:
                    return state.absent[each]
    return ""


def _texts(given: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in parameters, with the key that it stands under, in a list or not."""
    if isinstance(given, Mapping):
        for name, value in given.items():
            yield from _texts(value, str(name))
    elif isinstance(given, list):
        for one in given:
            yield from _texts(one, key)
    elif isinstance(given, str):
        yield key, given
