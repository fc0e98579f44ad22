"""Text that a server answered without saying its character set: what is known of it is a guess.

So nothing is held against the guess where the same bytes may say what they are compared with: of all the sets that the
server may have meant, the one that fits is taken, and that is told.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import Match
from scenario_runner.dicom.characters import named

if TYPE_CHECKING:
    from scenario_runner.api.checks import Check
    from scenario_runner.api.results import CheckResult
    from scenario_runner.api.steps import StepContext
    from scenario_runner.dicom.characters import Terms, UndeclaredText

_Kept = dict[tuple[str, str], dict["UndeclaredText", None]]
"""By target and text as it was guessed: the values that it is, or is one of."""
_Readings = dict[str, dict["Terms", dict[str, str]]]
"""By target and by what it may have meant: texts as they were guessed to the same as they are then."""
_NOTES: Final = "guessed"
_MOST: Final = 10_000
"""Texts that are kept in mind for a case."""
_MOST_CHOICES: Final = 400
"""Every set of two targets whose texts are compared with each other."""


def remember(context: StepContext, target: str, values: Iterable[UndeclaredText]) -> None:
    """Keep in mind which values of a target's answers were read by guess."""
    kept: _Kept = context.notes.setdefault(_NOTES, {})
    for value in values:
        for text in value.guesses:
            if len(kept) < _MOST:
                kept.setdefault((target, text), {})[value] = None


def as_it_fits(context: StepContext, text: str, wanted: Collection[str]) -> str:
    """The text, read so that it is one of those that are wanted, where its bytes can say that.

    It may have lost delimiters at its end since it was answered.
    """
    if text in wanted:
        return text
    return next((one for one in readings(context, text) if one in wanted), text)


def readings(context: StepContext, text: str) -> Iterator[str]:
    """What a text says by each set that it may be in, where no answer said which; nothing of other text."""
    kept: _Kept = {} if text.isascii() else context.notes.get(_NOTES, {})
    for (_, guess), values in kept.items():
        if guess.startswith(text):
            for value in values:
                yield from value.readings(text).values()


def judged_as_it_fits(
    context: StepContext,
    check: Check,
    result: CheckResult,
    names: Mapping[str, Any],
    again: Callable[[Mapping[str, Any]], Check],
) -> CheckResult:
    """The result of a check, which is that of the reading that fits where it compares such text.

    A check that holds for a difference holds only where no reading is the same. What a result rests on is added to
    its message. names: what the check's templates may name. again: makes the same check from other such values.
    """
    against = "passed" if check.compares == "difference" else "failed"
    if check.compares is None or result.outcome != against or not context.notes.get(_NOTES):
        return result
    answered = {name: value for name, value in names.items() if any(_answers(value))}
    readings = _readings(context.notes, _answers(answered))
    doubtful = False
    for choice in itertools.islice(itertools.product(*readings.values()), _MOST_CHOICES):
        sets = dict(zip(readings, choice, strict=True))
        read = {target: readings[target][terms] for target, terms in sets.items()}
        other = again({**names, **{name: _put(value, read) for name, value in answered.items()}})
        if other == check:
            continue
        judged = other.evaluate(context)
        doubtful |= judged.actual != result.actual
        if judged.outcome != against:
            return _told(judged, _fits(sets))
    if against != "failed":
        return result
    told = set(readings) if doubtful else _looked_at(context, answered, readings, names, again)
    return _told(result, _does_not_fit(sorted(told)))


def _looked_at(
    context: StepContext,
    answered: Mapping[str, Any],
    readings: _Readings,
    names: Mapping[str, Any],
    again: Callable[[Mapping[str, Any]], Check],
) -> set[str]:
    """The targets of whose guessed texts a check reads any, such as a filter does that then finds nothing to compare."""
    looked: set[str] = set()
    guessed = {target: {*itertools.chain(*sets.values())} for target, sets in readings.items()}
    noting = {name: _noting(value, guessed, looked) for name, value in answered.items()}
    again({**names, **noting}).evaluate(context)
    return looked


class _Noting(Match):
    """An answer that notes when a text of it is read that was guessed."""

    def __init__(self, match: Match, guessed: frozenset[str], looked: set[str]) -> None:
        super().__init__(match, match.peer, match.asked)
        self._guessed, self._looked = guessed, looked

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if not self._guessed.isdisjoint(_texts(value)):
            self._looked.add(self.peer)
        return value


def _noting(value: Any, guessed: Mapping[str, Collection[str]], looked: set[str]) -> Any:
    """A value whose answers note by which target they are, when one is read."""
    if isinstance(value, Match):
        return _Noting(value, frozenset(guessed.get(value.peer, ())), looked)
    if isinstance(value, dict):
        return {key: _noting(one, guessed, looked) for key, one in value.items()}
    return [_noting(one, guessed, looked) for one in value] if isinstance(value, list) else value


def of_no_declared_set(context: StepContext, texts: Iterable[str]) -> str:
    """What a failure adds whose texts were guessed in part, and fit in no set; empty where none were."""
    kept: _Kept = context.notes.get(_NOTES, {})
    beyond = [text for text in texts if text and not text.isascii()]
    told = {target for target, guess in kept if any(guess.startswith(text) for text in beyond)}
    return _does_not_fit(sorted(told))


def evaluated_as_it_fits(
    notes: Mapping[str, Any], names: Mapping[str, Any], evaluate: Callable[[Mapping[str, Any]], Any]
) -> tuple[Any, str]:
    """The value of an expression, and what it rests on where it compares such text; that is empty otherwise.

    The one reading that fits what it is compared with is told from all that do not: whether an expression asks for
    the same text or for another one, it comes out otherwise for that reading alone. notes: those of the case, which
    ``remember`` wrote. evaluate: takes the names that the expression sees.
    """
    value = evaluate(names)
    if not notes.get(_NOTES):
        return value, ""
    answered = {name: each for name, each in names.items() if any(_answers(each))}
    readings = _readings(notes, _answers(answered))
    told: dict[str, tuple[Any, dict[str, Terms]]] = {}
    for choice in itertools.islice(itertools.product(*readings.values()), _MOST_CHOICES):
        sets = dict(zip(readings, choice, strict=True))
        read = {target: readings[target][terms] for target, terms in sets.items()}
        if (said := repr(read)) not in told:
            other = {name: _put(each, read) for name, each in answered.items()}
            told[said] = evaluate({**names, **other}), sets
    others = [(found, sets) for found, sets in told.values() if bool(found) != bool(value)]
    if not others or len(others) * 2 >= len(told):
        return value, ""
    found, sets = others[0]
    return found, _fits(sets)


def _readings(notes: Mapping[str, Any], answers: Iterable[Match]) -> _Readings:
    kept: _Kept = notes[_NOTES]
    found: _Readings = {}
    for target, text in dict.fromkeys((one.peer, text) for one in answers for text in _texts(one)):
        for value in kept.get((target, text), ()):
            for terms, reading in value.readings(text).items():
                found.setdefault(target, {}).setdefault(terms, {})[text] = reading
    return found


def _answers(value: Any) -> Iterator[Match]:
    if isinstance(value, Match):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _answers(one)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not value.isascii():
            yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _put(value: Any, read: Mapping[str, Mapping[str, str]]) -> Any:
    """A value in which the answers of each target are read so."""
    if isinstance(value, Match):
        texts = read.get(value.peer, {})
        return Match(
            {key: _replaced(one, texts) for key, one in value.items()}, value.peer, value.asked
        )
    if isinstance(value, dict):
        return {key: _put(one, read) for key, one in value.items()}
    return [_put(one, read) for one in value] if isinstance(value, list) else value


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, dict):
        return {key: _replaced(one, texts) for key, one in value.items()}
    return [_replaced(one, texts) for one in value] if isinstance(value, list) else value


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
