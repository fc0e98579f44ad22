"""The navigation: places in groups, of which each caller sees those they may use."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.permissions import Caller, Permission


class Group(StrEnum):
    """The parts of the navigation, in this order."""

    STUDIES = "studies"
    SYSTEMS = "systems"
    TESTS = "tests"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class Place:
    """A page as the navigation knows it."""

    name: str
    path: str
    group: Group | None
    needs: Permission | None

    def is_at(self, path: str) -> bool:
        """Whether a path is this page, or below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


def shown_to(
    caller: Caller, places: Sequence[Place], path: str
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Groups with the places that the caller may use; ``""`` for those of no group, which come first.

    path: of the page that is shown.
    """
    groups: dict[str, list[dict[str, Any]]] = {"": [], **{one.value: [] for one in Group}}
    for place in places:
        if place.needs is None or place.needs in caller.permissions:
            item = {"name": place.name, "path": place.path, "is_here": place.is_at(path)}
            groups["" if place.group is None else place.group.value].append(item)
    return [(group, items) for group, items in groups.items() if items]
