"""What a plugin is marked with, and what the rooms below need of plugins without knowing any.

Which hooks there are, and how plugins are found, is in ``plugins``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pluggy

PROJECT = "scenario_runner"
hookimpl = pluggy.HookimplMarker(PROJECT)


class Later:
    """A class that a hook gives by name and place, to be loaded when a file uses it.

    place: ``package.module:Class``.
    """

    __slots__ = ("name", "place")

    def __init__(self, name: str, place: str) -> None:
        self.name, self.place = name, place

    @classmethod
    def each(cls, package: str, places: Mapping[str, str]) -> list[Any]:
        """One for each name, at its ``module:Class`` of the package."""
        return [cls(name, f"{package}.{place}") for name, place in places.items()]

    def load(self) -> Any:
        """Import it."""
        module, _, name = self.place.partition(":")
        return getattr(importlib.import_module(module), name)


class Offered(Protocol):
    """What all plugins together offer to whoever reads a file; ``plugins.Plugins`` is it."""

    def __hash__(self) -> int: ...

    def named(self, hook: str) -> Mapping[str, Any]:
        """What is given for one hook, by name."""
        ...

    def steps(self) -> Mapping[str, Any]:
        """Steps by name."""
        ...

    def checks(self) -> Mapping[str, Any]:
        """Checks by name."""
        ...

    def rules(self, validator: str) -> frozenset[str] | None:
        """What findings of a validator are called; None for one that is unknown or does not tell."""
        ...

    def blaming(self) -> AbstractContextManager[None]:
        """Name the plugin whose code throws within. Raises PluginError for it."""
        ...

    def names(self) -> list[str]:
        """The plugins loaded from outside the package."""
        ...
