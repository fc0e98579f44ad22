"""What a page of the console is, and what its routes work with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.load import Surroundings
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Permission
from scenario_runner.service.settings import Settings
from scenario_runner.web.console.navigation import Group, Place
from scenario_runner.web.console.rendering import Renderer

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.app.sendings import Sendings
    from scenario_runner.app.served_runs import ServedRuns
    from scenario_runner.app.served_site import ServedSite
    from scenario_runner.service.service import Service


__all__ = ["Desk", "Group", "Page", "Panel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the routes of pages work with, once for a server.

    data: the folder of the service; sites: where its site file is; settings_folder: what paths in the settings start
    from; around: what paths and variables start from; stopping: set when the server is about to end.
    """

    service: Service
    runs: ServedRuns
    sendings: Sendings
    show: Renderer
    data: Path
    sites: ServedSite
    pacs: str = "embedded"
    settings: Settings = field(default_factory=Settings)
    settings_folder: Path = Path()
    around: Surroundings = field(default_factory=Surroundings)
    stopping: threading.Event = field(default_factory=threading.Event)
    pages: Sequence[Page] = ()
    """All of them, once they are known."""

    @property
    def site(self) -> Path | None:
        """The site file as it is now, where there is one."""
        return self.sites.file


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the dashboard. template: of its content; context: what that needs."""

    template: str
    context: Callable[[Desk, Asking], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, or a family of them.

    name: of its texts (``texts/en/NAME.yaml``, where ``nav`` is what the navigation calls it) and its templates
    (``templates/NAME/``); needs: who does not have that does not see it in the navigation. Each route declares
    what it needs by itself.
    """

    name: str
    path: str
    routes: Callable[[APIRouter, Desk], None]
    group: Group | None = None
    needs: Permission | None = None
    panel: Panel | None = None

    @property
    def place(self) -> Place:
        """As the navigation knows it."""
        return Place(self.name, self.path, self.group, self.needs)
