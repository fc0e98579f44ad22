"""Text that a server answered without saying its character set: what is known of it is a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.api import StepContext

_NOTES: Final = "guessed"
_MOST: Final = 10_000
"""Texts that are kept in mind for a case."""


def remember(context: StepContext, target: str, answers: Iterable[Any]) -> None:
    """Keep in mind which texts of a target's answers were read by guess."""
    kept: dict[str, str] = context.notes.setdefault(_NOTES, {})
    for text in _texts(answers):
        if len(kept) >= _MOST:
            return
        kept.setdefault(text, target)


def doubt(context: StepContext, actual: Any) -> str:
    """What a failed comparison adds when it rests on such a text; empty when it does not."""
    kept: Mapping[str, str] = context.notes.get(_NOTES, {})
    target = next((kept[text] for text in _texts([actual]) if text in kept), None) if kept else None
    if target is None:
        return ""
    return (
        f"; '{target}' did not say in which character set that text is, so that this is how it was read and not what "
        "it has: declare expects: {answer_character_set: …} in the site file"
    )


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            if not value.isascii():
                yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, list | tuple):
            yield from _texts(value)
