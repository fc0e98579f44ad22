"""The check ``status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import Field

from scenario_runner.api import (
    Check,
    CheckResult,
    Retrieved,
    StatusesName,
    StatusWord,
    StepContext,
    Text,
    is_of,
)
from scenario_runner.api.statuses import Statuses, answered_with
from scenario_runner.checks.compare import verdict
from scenario_runner.errors import UsageError
from scenario_runner.fields.types import one_of

_CLASSES = get_args(StatusWord)
_Expected = Annotated[
    Text,
    Field(pattern=f"^(0|(0[xX])?[0-9A-Fa-fx]{{4}}|{'|'.join(_CLASSES)})$"),
    one_of("status"),
]


class Status(Check):
    """Holds when every status of a ``send``, ``retrieve``, ``commit``, ``mpps`` or ``echo`` is as expected.

    ``expected`` is a code in hexadecimal (``0000``, ``A700``, also ``0xA700``, and ``0`` for 0000), a class (success, warning, failure,
    unknown), ``accepted`` for success or warning, a pattern such as ``A7xx`` (PS3.4 B.2.3), or a list of
    these. The words are those of ``expect``: *failure* is an answer that says so, *unknown* is no answer,
    for the association was lost, aborted or silent.
    """

    name: ClassVar[str] = "status"
    example: ClassVar[str] = "status: {of: sent, expected: success}"
    looks_inside: ClassVar[bool] = False

    of: StatusesName
    """What ``save_as`` stored, by name or as a template, or the id of the step."""
    expected: _Expected | Annotated[list[_Expected], Field(min_length=1)]
    """A code, a class, a pattern of a code, or a list of these."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare every status; none at all does not hold."""
        value = context.saved(self.of) if isinstance(self.of, str) else self.of
        statuses = list(_statuses(value))
        if not all(_is_status(item) for item, _ in statuses):
            raise UsageError(
                f"'{self.of}' holds no statuses",
                hint="name the save_as or the id of a send, retrieve, commit, mpps or echo",
            )
        wanted = [self.expected] if isinstance(self.expected, str) else self.expected
        wrong = [
            (item, count) for item, count in statuses if not any(_fits(item, one) for one in wanted)
        ]
        counts: Counter[str] = Counter()
        for item, count in statuses:
            counts[answered_with(item)] += count
        message = "there is no status at all"
        if wrong:
            first, _ = wrong[0]
            message = (
                f"{sum(count for _, count in wrong)} of {counts.total()} differ; first: {answered_with(first)} "
                f"({first['class']}) {first.get('comment') or ''}"
            ).rstrip()
        return verdict(bool(statuses) and not wrong, self.expected, dict(counts), message)


def _statuses(value: Any) -> Iterator[tuple[Any, int]]:
    """Each with how many are like it, also of what a step with ``for_each`` or ``repeat`` saved: a list of lists."""
    if isinstance(value, Retrieved):
        yield from ((one, 1) for one in value.statuses)
    elif isinstance(value, Statuses):
        yield from value.kinds()
    elif isinstance(value, list):
        for each in value:
            yield from _statuses(each)
    else:
        yield value, 1


def _is_status(item: Any) -> bool:
    return isinstance(item, Mapping) and "status" in item and "class" in item


def _fits(item: Mapping[str, Any], wanted: str) -> bool:
    if wanted in _CLASSES:
        return is_of(str(item["class"]), wanted)
    code = item["status"]
    pattern = wanted[-4:].rjust(4, "0")  # without 0x; a zero alone is all of them
    return code is not None and all(
        want in ("x", "X") or want.upper() == have for want, have in zip(pattern, code, strict=True)
    )
