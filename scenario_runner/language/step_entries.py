"""The steps of a scenario as they are written: ids, saved names and what stands beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.binding import bind
from scenario_runner.language.branches import branch_of
from scenario_runner.language.entries import (
    SECTIONS,
    Repeat,
    Retry,
    Section,
    StepEntry,
    StepSiblings,
)
from scenario_runner.language.late import LATE
from scenario_runner.language.templates import has_template, render_tree
from scenario_runner.language.uses import use_of
from scenario_runner.language.value_diagnostics import no_list
from scenario_runner.language.variables import resolve_vars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.language.uses import Use
    from scenario_runner.origins import Path

RESERVED = frozenset(
    {
        *("none", "None", "true", "True", "false", "False"),
        *("and", "or", "not", "in", "is", "if", "else"),
        "vars",
        "matrix",
        "row",
        "params",
        "run",
        "site",
        "patients",
        "studies",
        "series",
        "images",
        "item",
        "turn",
        "env",
    }
)
"""Names that templates know already."""


class Entries:
    """Reads the entries of both sections: ids, saved names and what stands beside a step."""

    def __init__(self, document: Document, plugins: Offered) -> None:
        self.found: list[Diagnostic] = []
        self.unfit: list[Diagnostic] = []
        """What does not bind, which the schema has often said already."""
        self.entries: list[StepEntry] = []
        self.lost: set[str] = set()
        """Names that entries would give which could not be read."""
        self._document = document
        self._steps = plugins.steps()
        self._ids: dict[str, Path] = {}
        self._numbers: dict[str, int] = {}
        """The last number that an id without a name of its own got, by its step."""

    def read(self, overrides: Mapping[str, Any]) -> None:
        """Fill ``entries`` and ``found``."""
        data = self._document.data
        written = [
            (section, index, entry)
            for section in SECTIONS
            for index, entry in enumerate(_list(data.get(section)))
            if isinstance(entry, dict) and any(key in self._steps for key in entry)
        ]
        for section, index, entry in written:
            if isinstance(entry.get("id"), str):
                prefix = _prefix(use_of(self._document, (section, index)))
                self._claim(prefix + entry["id"], (section, index, "id"))
        for section, index, entry in written:
            try:
                self._entry(section, index, entry, overrides)
            except InvalidInput as error:
                self.unfit += error.diagnostics
                prefix = _prefix(use_of(self._document, (section, index)))
                names = (entry.get("id") and f"{prefix}{entry['id']}", entry.get("save_as"))
                self.lost.update(name for name in names if isinstance(name, str))

    def _claim(self, name: str, path: Path) -> None:
        if name in self._ids:
            first = self._document.where(self._ids[name])
            self.found.append(
                Diagnostic(
                    "FAB114",
                    self._document.where(path),
                    f"the id '{name}' is taken already",
                    f"the first one is at line {first.line}; choose another",
                )
            )
        self._ids.setdefault(name, path)

    def _default_id(self, step: str, path: Path) -> str:
        """step: with the id of its use before it."""
        number = self._numbers.get(step, 0) + 1
        while (name := step if number == 1 else f"{step}-{number}") in self._ids:
            number += 1
        self._numbers[step] = number
        self._ids[name] = path
        return name

    def _entry(
        self, section: Section, index: int, entry: dict[str, Any], overrides: Mapping[str, Any]
    ) -> None:
        path: Path = (section, index)
        use = use_of(self._document, path)
        prefix = _prefix(use)
        step = next(key for key in entry if key in self._steps)
        beside = {key: value for key, value in entry.items() if key != step}
        late = {key: beside.pop(key) for key in LATE if has_template(beside.get(key))}
        if entry.get("save_as") in list(RESERVED):
            self.found.append(
                Diagnostic(
                    "FAB115",
                    self._document.where((*path, "save_as")),
                    f"'{entry['save_as']}' means something in templates already",
                    "choose another name",
                )
            )
        if has_template(beside.get("for_each")):
            self._repeats(beside["for_each"], (*path, "for_each"), overrides)
        siblings = bind(StepSiblings, beside, self._document, path)
        if siblings.for_each is not None and (siblings.repeat is not None or "repeat" in late):
            self.found.append(
                Diagnostic(
                    "FAB118",
                    self._document.where((*path, "repeat"), key=True),
                    "'repeat' stands beside 'for_each'",
                    "keep one of them; a step list under 'for_each' can have steps with 'repeat'",
                )
            )
        self.entries.append(
            StepEntry(
                step=step,
                parameters={} if entry[step] is None else entry[step],
                origins=self._document,
                path=path,
                parameters_path=(*path, step),
                id=prefix + siblings.id if siblings.id else self._default_id(prefix + step, path),
                title=_title(siblings.title, step, use),
                when=siblings.when,
                for_each=siblings.for_each,
                repeat=Repeat.of(siblings.repeat),
                retry=Retry.of(siblings.retry),
                late=late,
                timeout=siblings.timeout,
                save_as=siblings.save_as,
                fails=siblings.fails,
                requirements=_of_all("requirements", siblings.requirements, use),
                tags=_of_all("tags", siblings.tags, use),
                section=section,
                use=use,
                branch=branch_of(self._document, path),
            )
        )

    def _repeats(self, given: Any, path: Path, overrides: Mapping[str, Any]) -> None:
        """Tell of a ``for_each`` that is no list, where variables alone decide what it is."""
        try:
            names = {"vars": self._vars(overrides)}
            if (use := use_of(self._document, path)) is not None:
                names = use.scope.names(names)
            items = render_tree(given, names, self._document.where, path)
        except InvalidInput:
            return  # it is known when the step runs, or is told elsewhere
        if problem := no_list(self._document, path, items):
            self.found.append(problem)

    def _vars(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        tree = {**_mapping(self._document.data.get("vars")), **overrides}
        return resolve_vars(tree, {}, self._document.where, ("vars",))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _prefix(use: Use | None) -> str:
    return "" if use is None else use.prefix


def _title(own: str | None, step: str, use: Use | None) -> str | None:
    """A step's title, behind those of the uses it comes from."""
    given = () if use is None else use.whole
    titles = [str(as_written(each.entry["title"])) for each in given if each.entry.get("title")]
    return " · ".join([*titles, own or step]) if titles else own


def _of_all(key: str, own: Sequence[str], use: Use | None) -> tuple[str, ...]:
    """What a step has of a key, with what the uses have that it comes from."""
    given = () if use is None else use.whole
    above = [str(as_written(one)) for each in given for one in _list(each.entry.get(key))]
    return tuple(dict.fromkeys([*above, *own]))
