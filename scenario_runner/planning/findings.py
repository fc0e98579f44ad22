"""Collects what is wrong with a plan, each once, each at its place in the file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, Where, in_file_order
from scenario_runner.language.document import Document

if TYPE_CHECKING:
    from scenario_runner.origins import Origins
    from scenario_runner.planning.value_problems import ValueProblem

Path = tuple[str | int, ...]
Span = tuple[int, int]


class Findings:
    """The diagnostics of one scenario's plan; what several cases have in common is said once."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        """Where the values come from that are looked at just now."""
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._cases: list[str] = []
        self._in: dict[tuple[object, ...], list[str]] = {}

    def begin(self, case: str) -> None:
        """What is found from now on is found in this case."""
        self._cases.append(case)

    def add(
        self,
        path: Path,
        problem: ValueProblem,
        *,
        key: bool = False,
        span: tuple[str, Span] | None = None,
    ) -> None:
        """Note a problem at a value. key: at its key instead. span: a part of the value's text."""
        self.add_at(place(self.origins, path, key=key, span=span), problem)

    def place(self, path: Path) -> Where:
        """Where a value stands; with a label where it comes from a source and not from the scenario itself."""
        return place(self.origins, path)

    def add_at(self, where: Where, problem: ValueProblem) -> None:
        """Note a problem at a known place."""
        self.take(Diagnostic(problem.code, where, problem.message, problem.hint))

    def take(self, diagnostic: Diagnostic) -> None:
        """Note a diagnostic that somebody else made."""
        where = diagnostic.where
        key = (diagnostic.code, where.file, where.line, where.column, diagnostic.message)
        self._found.setdefault(key, diagnostic)
        told = self._in.setdefault(key, [])
        if self._cases and told[-1:] != self._cases[-1:]:
            told.append(self._cases[-1])

    def all(self) -> list[Diagnostic]:
        """In the order of the file; what is wrong in some cases alone with the first of them."""
        return in_file_order(
            in_the_case(one, self._in[key][0]) if 0 < len(self._in[key]) < len(self._cases) else one
            for key, one in self._found.items()
        )


def in_the_case(found: Diagnostic, case: str) -> Diagnostic:
    """A finding with the case that it is of."""
    return replace(found, hint="\n".join(filter(None, (found.hint, f"in the case {case}"))))


def place(
    origins: Origins, path: Path, *, key: bool = False, span: tuple[str, Span] | None = None
) -> Where:
    """Where a value stands; with span = (the value's text, (start, end)) a part of it.

    Only a value that stands in the file as it is can be pointed into; one that was rendered,
    escaped or folded is pointed at as a whole.
    """
    whole = origins.where(path, key=key)
    if span is None or not isinstance(origins, Document):
        return whole
    document, (text, (start, end)) = origins, span
    first = document.lines[whole.line - 1] + whole.column - 1
    last = document.lines[whole.end_line - 1] + whole.end_column - 1
    written = document.text[first:last]
    quote = 1 if written[:1] in ("'", '"') else 0
    if written[quote : len(written) - quote] != text:
        return whole
    return document.span((first + quote + start, first + quote + end), path)
