"""Which versions of libraries go together, when scenarios and libraries need libraries (resolvelib)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver
from resolvelib.resolvers import ResolutionTooDeep

from scenario_runner.errors import Diagnostic
from scenario_runner.language.diagnostic_words import some_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.lock import LOCK_FILE
from scenario_runner.libraries.ranges import Range, parse_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.errors import Where

_ROUNDS = 2_000


@dataclass(frozen=True, slots=True)
class Need:
    """That a library is wanted in a range. by: the library that says so; None for the scenario."""

    name: str
    range: Range
    by: Library | None = None

    def chain(self, above: Mapping[str, Need]) -> str:
        """``a 1.0.0 → b ^2``: who needs it, and who needs that one."""
        steps = [f"{self.name} {self.range.text or 'in any version'}"]
        need: Need | None = self
        seen: set[str] = set()
        while need is not None and need.by is not None and need.by.name not in seen:
            seen.add(need.by.name)
            steps.append(f"{need.by.name} {need.by.version}")
            need = above.get(need.by.name)
        return " → ".join(reversed(steps))


class Conflict(Exception):
    """No versions go together. name: of the library that is the matter; chains: who needs which."""

    def __init__(self, name: str, chains: Sequence[str], versions: Sequence[str]) -> None:
        super().__init__(name)
        self.name, self.chains, self.versions = name, chains, versions

    def told(self, where: Where, known: Iterable[Library], locked: Sequence[str]) -> Diagnostic:
        """In words. known: all that are found of that name; locked: versions that a lock holds it to."""
        if len(self.chains) < 2:
            fits = self.chains[0]
            there_is = some_of(map(str, sorted({one.version for one in known})))
            there_is += f"; {LOCK_FILE} allows {some_of(locked)}" if locked else ""
        else:
            fits = f"both {self.chains[0]} and {self.chains[1]}"
            there_is = some_of(self.versions)
        text = f"no version of '{self.name}' fits {fits}"
        return Diagnostic("FAB611", where, text, f"there is: {there_is}")


def needs_of(library: Library) -> list[Need]:
    """What a library says it needs of others."""
    return [
        Need(name, parse_range(text), library)
        for name, text in library.header.requires.libraries.items()
    ]


def resolved(
    wanted: Iterable[Need],
    candidates: Callable[[str], Sequence[Library]],
    order: Callable[[Library], Any],
) -> dict[str, Library]:
    """The newest versions that go together, by name; libraries that nobody has are left to who asks for them.

    candidates: all versions of a name. order: the best has the highest. Raises Conflict.
    """
    provider = _Provider(candidates, order)
    resolver: Resolver[Need, Library, str] = Resolver(provider, BaseReporter())
    roots = [need for need in wanted if candidates(need.name)]
    try:
        return dict(resolver.resolve(roots, max_rounds=_ROUNDS).mapping)
    except ResolutionImpossible as error:
        needs: list[Need] = [cause.requirement for cause in error.causes]
    except ResolutionTooDeep:
        needs = roots
    above = {need.name: need for need in [*provider.met, *roots]}
    name = needs[0].name
    chains = dict.fromkeys(need.chain(above) for need in needs if need.name == name)
    raise Conflict(name, list(chains), [str(one.version) for one in candidates(name)])


class _Provider(AbstractProvider):  # type: ignore[type-arg]
    """What resolvelib asks of our libraries."""

    def __init__(
        self, candidates: Callable[[str], Sequence[Library]], order: Callable[[Library], Any]
    ) -> None:
        self._candidates, self._order = candidates, order
        self.met: list[Need] = []

    def identify(self, requirement_or_candidate: Need | Library) -> str:
        """What is resolved once."""
        return requirement_or_candidate.name

    def get_preference(self, identifier: str, *_: Any, **__: Any) -> str:
        """In order of name, so that the same libraries give the same answer."""
        return identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Library]],
    ) -> list[Library]:
        """Versions that all ranges take, the newest first."""
        ranges = [need.range for need in requirements[identifier]]
        bad = {id(one) for one in incompatibilities[identifier]}
        fitting = [
            one
            for one in self._candidates(identifier)
            if id(one) not in bad and all(one.version in each for each in ranges)
        ]
        return sorted(fitting, key=self._order, reverse=True)

    def is_satisfied_by(self, requirement: Need, candidate: Library) -> bool:
        """Whether a version is in a range."""
        return candidate.version in requirement.range

    def get_dependencies(self, candidate: Library) -> list[Need]:
        """What a version needs in its turn."""
        needs = [need for need in needs_of(candidate) if self._candidates(need.name)]
        self.met += needs
        return needs
