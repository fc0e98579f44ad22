"""The console as one router, and how errors look on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.web.console.assets import Assets, asset_routes
from scenario_runner.web.console.login_pages import login_routes
from scenario_runner.web.console.page import Desk
from scenario_runner.web.console.pages.account import account_routes
from scenario_runner.web.console.pages.registry import PAGES
from scenario_runner.web.console.problem_pages import ProblemPages
from scenario_runner.web.console.rendering import Renderer


@dataclass(frozen=True, slots=True)
class Console:
    """What an application of all faces takes in. problems: turns a problem document into a page, for people."""

    router: APIRouter
    problems: ProblemPages


def console(desk: Callable[[Renderer], Desk]) -> Console:
    """All pages. desk: makes what their routes work with, given what shows templates."""
    assets = Assets()
    show = Renderer(assets, [page.place for page in PAGES])
    router = APIRouter(include_in_schema=False)
    asset_routes(router, assets)
    login_routes(router, show)
    at = replace(desk(show), pages=PAGES)
    account_routes(router, at)
    for page in PAGES:
        page.routes(router, at)
    return Console(router, ProblemPages(show))
