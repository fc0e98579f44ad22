"""Text that a server answered without saying its character set: what is known of it is a guess.

So nothing is held against the guess where the same bytes may say what they are compared with: of all the sets that the
server may have meant, the one that fits is taken, and that is told.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.characters import named

if TYPE_CHECKING:
    from scenario_runner.api.checks import Check
    from scenario_runner.api.results import CheckResult
    from scenario_runner.api.steps import StepContext
    from scenario_runner.dicom.characters import Terms, UndeclaredText

_Readings = Mapping[str, Mapping["Terms", Mapping[str, str]]]
"""By target and by what it may have meant: texts as they were guessed to the same as they are then."""
_NOTES: Final = "guessed"
_MOST: Final = 10_000
"""Values that are kept in mind for a case."""
_MOST_CHOICES: Final = 400
"""Every set of two targets whose texts are compared with each other."""


def remember(context: StepContext, target: str, values: Iterable[UndeclaredText]) -> None:
    """Keep in mind which values of a target's answers were read by guess."""
    kept: dict[tuple[str, UndeclaredText], None] = context.notes.setdefault(_NOTES, {})
    for one in values:
        if len(kept) >= _MOST:
            return
        kept[target, one] = None


def as_it_fits(context: StepContext, text: str, wanted: Collection[str]) -> str:
    """The text, read so that it is one of those that are wanted, where its bytes can say that."""
    if text in wanted:
        return text
    for sets in _readings(context, [text]).values():
        for read in sets.values():
            if read[text] in wanted:
                return read[text]
    return text


def judged_as_it_fits(context: StepContext, check: Check, result: CheckResult) -> CheckResult:
    """The result of a check, which is that of the reading that fits where it compares such text.

    A check that holds for a difference holds only where no reading is the same. What a result rests on is added to
    its message.
    """
    against = "passed" if check.compares == "difference" else "failed"
    if result.outcome != against:
        return result
    names = type(check).model_fields if check.compares else ()
    given = {name: getattr(check, name) for name in names}
    readings = _readings(context, _texts(given.values()))
    for choice in itertools.islice(itertools.product(*readings.values()), _MOST_CHOICES):
        sets = dict(zip(readings, choice, strict=True))
        read = {
            text: new for target, one in sets.items() for text, new in readings[target][one].items()
        }
        other = check.model_copy(update={name: _put(value, read) for name, value in given.items()})
        judged = other.evaluate(context)
        if judged.outcome != against:
            return _told(judged, _fits(sets))
    doubtful = readings or _readings(context, _texts([result.actual]))
    return _told(result, _does_not_fit(doubtful)) if doubtful and against == "failed" else result


def _readings(context: StepContext, texts: Iterable[str]) -> _Readings:
    kept: Mapping[tuple[str, UndeclaredText], None] = context.notes.get(_NOTES, {})
    found: dict[str, dict[Terms, dict[str, str]]] = {}
    for text in dict.fromkeys(texts) if kept else ():
        # What is a part of one value may be the whole of another.
        origins = [key for key in kept if key[1].is_guessed(text)] or kept
        for target, value in list(origins):
            for terms, reading in value.readings(text).items():
                found.setdefault(target, {}).setdefault(terms, {})[text] = reading
    return found


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            if not value.isascii():
                yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, list | tuple):
            yield from _texts(value)


def _put(value: Any, read: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return read.get(value, value)
    if isinstance(value, Mapping):
        return {key: _put(one, read) for key, one in value.items()}
    return [_put(one, read) for one in value] if isinstance(value, list | tuple) else value


def _told(result: CheckResult, words: str) -> CheckResult:
    return dataclasses.replace(result, message="; ".join(filter(None, (result.message, words))))


def _fits(sets: Mapping[str, Terms]) -> str:
    said = (
        f"'{target}' did not say in which character set that text is; it fits in {named(terms)}, which "
        f"expects: {{answer_character_set: {terms[0] if len(terms) == 1 else list(terms)}}} in the site file declares"
        for target, terms in sets.items()
    )
    return "; ".join(said)


def _does_not_fit(targets: Iterable[str]) -> str:
    return "; ".join(
        f"'{target}' did not say in which character set that text is, and it fits in none: declare "
        "expects: {answer_character_set: …} in the site file"
        for target in targets
    )
