"""The steps of the lists that a scenario uses, one after the other, each with where it is written and through which ``use``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.entries import StepSiblings
from scenario_runner.language.parameters import Value, given_values
from scenario_runner.language.step_lists import ReferenceProblem, StepList, StepLists, step_list
from scenario_runner.language.templates import has_template, is_template, values
from scenario_runner.language.uses import Branch, Origin, Use
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path

MAX_STEPS = 5_000
"""Steps of a scenario when all lists are spelled out."""
MAX_DEPTH = 20
"""Lists that use lists."""
_WHOLE = re.compile(r"\s*\{\{\s*params\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*")
_OWN = re.compile(r"\b(params|item|turn)\b")
_BESIDE = ("id", "title", "when", "for_each", "repeat", "requirements", "tags")
"""What may stand beside a ``use``."""


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step in its place."""

    tree: Any
    origin: Origin
    put_in: Mapping[Path, Origin]
    use: Use | None
    branch: Branch | None


def _of_a_step(entry: Iterable[str]) -> list[str]:
    """The keys that may stand beside any step; of others it is told that they are unknown, or a second step."""
    return [key for key in entry if key in StepSiblings.model_fields]


class Expansion:
    """What is spelled out of one document, and what is wrong with it."""

    def __init__(self, plugins: Offered, lists: StepLists) -> None:
        self.found: list[Diagnostic] = []
        self.used: dict[str, StepList] = {}
        self._plugins = plugins
        self._lists = lists
        self._count = 0
        self._trail: list[tuple[str, str]] = []
        """File and reference of the lists that are being spelled out."""
        self._full = False
        self._groups = 0
        self._branch: Branch | None = None
        """The branch that is being spelled out."""

    def begin_in(self, listed: StepList) -> None:
        """Be in a list already."""
        self._trail.append((listed.document.file, listed.header.name))

    def steps(
        self,
        document: Document,
        path: Path,
        entries: list[Any],
        use: Use | None,
        numbered: dict[str, int] | None = None,
        first: int = 0,
    ) -> Iterator[PlacedStep]:
        """The steps of a list, which may use others.

        numbered: how many uses without an id there were. first: the place of the first entry.
        """
        numbered = {} if numbered is None else numbered
        for place, entry in enumerate(entries, first):
            if self._full:
                return
            origin = Origin(document, (*path, place), None if use is None else use.where)
            put_in: dict[Path, Origin] = {}
            tree = entry if use is None else self._with_values(entry, (), use, put_in)
            if isinstance(entry, dict) and "parallel" in entry:
                yield from self._parallel(entry, origin, use, numbered)
                continue
            if not (isinstance(entry, dict) and "use" in entry):
                self._count += 1
                if self._count > MAX_STEPS:
                    self._full = True
                    self._tell(
                        "FAB605", origin, (), f"the lists spell out to more than {MAX_STEPS} steps"
                    )
                    return
                yield PlacedStep(tree, origin, put_in, use, self._branch)
                continue
            yield from self._use(tree, origin, put_in, use, numbered)

    def _parallel(
        self, entry: Mapping[str, Any], origin: Origin, use: Use | None, numbered: dict[str, int]
    ) -> Iterator[PlacedStep]:
        """The steps that run side by side, one branch after the other."""
        for key in _of_a_step(entry):
            self.found.append(
                Diagnostic(
                    "FAB123",
                    origin.where((key,), key=True),
                    f"'{key}' cannot stand beside 'parallel', which stands for several steps",
                    "write it beside each of those steps",
                )
            )
        if self._branch is not None:
            self.found.append(
                Diagnostic(
                    "FAB123",
                    origin.where(("parallel",), key=True),
                    "a 'parallel' cannot stand in another one, nor in a list that is used in one",
                    "put its steps into the outer one",
                )
            )
        branches = entry["parallel"]
        if len(entry) > 1 or self._branch is not None or not isinstance(branches, list):
            return
        self._groups += 1
        group = self._groups
        document, path = origin.document, (*origin.path, "parallel")
        for place, branch in enumerate(branches):
            self._branch = Branch(group, place + 1)
            try:
                whole = list(self.steps(document, path, [branch], use, numbered, place))
            finally:
                self._branch = None
            yield from whole

    def _with_values(self, tree: Any, below: Path, use: Use, put_in: dict[Path, Origin]) -> Any:
        """A tree with the values of parameters that stand alone in a scalar."""
        if isinstance(tree, str):
            match = _WHOLE.fullmatch(tree)
            value = use.values.get(match[1]) if match else None
            if value is None or _is_of_its_own_scope(value.tree):
                return tree
            put_in[below] = Origin(value.document, value.path, value.used, is_value=True)
            return value.tree
        if isinstance(tree, dict):
            return {
                key: self._with_values(item, (*below, key), use, put_in)
                for key, item in tree.items()
            }
        if isinstance(tree, list):
            return [
                self._with_values(item, (*below, place), use, put_in)
                for place, item in enumerate(tree)
            ]
        return tree

    def _use(
        self,
        entry: Mapping[str, Any],
        origin: Origin,
        put_in: Mapping[Path, Origin],
        outer: Use | None,
        numbered: dict[str, int],
    ) -> Iterator[PlacedStep]:
        asked = entry["use"]
        number = numbered["use"] = numbered.get("use", 0) + 1
        default = "use" if number == 1 else f"use-{number}"
        if not isinstance(asked, dict) or not isinstance(asked.get("steps"), str):
            return  # the schema has said so
        if self._misplaced(entry, origin):
            return
        reference = asked["steps"]
        listed = self._listed(reference, origin)
        if listed is None:
            return
        where = origin.where(("use", "steps"), key=False)
        home = (listed.document, where)
        given = asked.get("with")
        values, wrong = given_values(
            given if isinstance(given, dict) else {},
            (origin.document, (*origin.path, "use", "with"), origin.used),
            listed.header.parameters,
            home,
            f"'{reference}'",
        )
        values = {
            name: _moved(value, put_in.get(("use", "with", name))) for name, value in values.items()
        }
        self.found += wrong
        if wrong:
            return
        name = str(entry.get("id") or default)
        self._trail.append((listed.document.file, reference))
        for suffix, extra in self._repeated(entry, origin):
            use = Use(name + suffix, where, entry, origin, values, outer, extra)
            steps = listed.document.data.get("steps") or []
            yield from self.steps(listed.document, ("steps",), steps, use)
        self._trail.pop()

    def _misplaced(self, entry: Mapping[str, Any], origin: Origin) -> bool:
        wrong = [key for key in entry if key not in (*_BESIDE, "use")]
        for key in _of_a_step(wrong):
            self.found.append(
                Diagnostic(
                    "FAB609",
                    origin.where((key,), key=True),
                    f"'{key}' cannot stand beside 'use', which stands for several steps",
                    f"beside it may stand: {', '.join(_BESIDE)}; write '{key}' beside a step of the list",
                )
            )
        return bool(wrong)

    def _listed(self, reference: str, origin: Origin) -> StepList | None:
        """The list that a reference means; None when there is none, which is told."""
        if is_template(reference):
            self._tell(
                "FAB604", origin, ("use", "steps"), "what is used cannot be a template",
                "write the name itself; choose with 'when'",
            )  # fmt: skip
            return None
        try:
            document = self._lists.find(reference, origin.where((), key=False).file)
        except ReferenceProblem as problem:
            self.found += problem.more
            self._tell(problem.code, origin, ("use", "steps"), problem.message, problem.hint)
            return None
        except InvalidInput as error:
            used = origin.where(("use", "steps"), key=False)
            self.found += [
                replace(one, where=replace(one.where, used=used)) for one in error.diagnostics
            ]
            return None
        files = [file for file, _ in self._trail]
        if document.file in files or len(files) >= MAX_DEPTH:
            chain = [name for _, name in self._trail]
            start = files.index(document.file) if document.file in files else 0
            self._tell(
                "FAB605", origin, ("use", "steps"),
                f"this list uses itself: {' → '.join([*chain[start:], reference])}"
                if document.file in files
                else f"lists use lists more than {MAX_DEPTH} deep",
                "take one of these uses out",
            )  # fmt: skip
            return None
        listed = self.used.get(document.file)
        if listed is None:
            listed = step_list(document, self._plugins)
            self.used[document.file] = listed
        if listed.found:
            used = origin.where(("use", "steps"), key=False)
            self.found += [
                replace(one, where=replace(one.where, used=used)) for one in listed.found
            ]
            return None
        return listed

    def _repeated(
        self, entry: Mapping[str, Any], origin: Origin
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Once, or once for each item of ``for_each`` or turn of ``repeat``, with what is put behind the id."""
        if entry.get("repeat") is not None:
            return self._turns(entry, origin)
        if "for_each" not in entry or entry["for_each"] is None:
            return [("", {})]
        items = entry["for_each"]
        if not isinstance(items, list):
            self._tell(
                "FAB609", origin, ("for_each",),
                "the items of a repeated 'use' have to be written out: its steps are known before the run",
                "write for_each: [first, second], or put 'for_each' beside a step of the list",
            )  # fmt: skip
            return []
        for place, item in enumerate(items):
            if has_template(item):
                self._tell(
                    "FAB609", origin, ("for_each", place),
                    "an item of a repeated 'use' cannot have a template: its steps are known before the run",
                    'write for_each: [0, 1], and what it stands for under with: "{{ studies[item].uid }}"',
                )  # fmt: skip
        if has_template(items):
            return []
        return [(f"[{place}]", {"item": item}) for place, item in enumerate(items)]

    def _turns(
        self, entry: Mapping[str, Any], origin: Origin
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Once for each turn, which are known before the run."""
        given = entry["repeat"]
        times = given.get("times") if isinstance(given, dict) and len(given) == 1 else given
        if isinstance(times, bool) or not isinstance(times, int):
            self._tell(
                "FAB609", origin, ("repeat",),
                "the turns of a repeated 'use' have to be a number: its steps are known before the run",
                "write repeat: 3, or put 'repeat' beside a step of the list",
            )  # fmt: skip
            return []
        if entry.get("for_each") is not None:
            self._tell(
                "FAB609", origin, ("repeat",), "'repeat' stands beside 'for_each'", "keep one"
            )
            return []
        return [(f"[{place}]", {"turn": place + 1}) for place in range(times)]

    def _tell(
        self, code: str, origin: Origin, below: Path, message: str, hint: str | None = None
    ) -> None:
        where = origin.where(below, key=False)
        if not any(one.code == code and one.where == where for one in self.found):
            self.found.append(Diagnostic(code, where, message, hint))


def _moved(value: Value, origin: Origin | None) -> Value:
    """A value that was itself put in from outside stands where that was written."""
    if origin is None:
        return value
    return Value(value.parameter, value.tree, origin.document, origin.path, origin.used)


def _is_of_its_own_scope(tree: Any) -> bool:
    """Whether a value names what only the list around its ``use`` knows."""
    return any(
        isinstance(one, str) and is_template(one) and _OWN.search(one) for one in values(tree)
    )
