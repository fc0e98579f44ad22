"""Templates into answers: who asks, what they may see in the navigation, and in which language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from fastapi.responses import HTMLResponse

from scenario_runner.service.accounts.secrets import csrf_of
from scenario_runner.service.permissions import Arrival, Caller
from scenario_runner.version import __version__
from scenario_runner.web.auth.proofs import CSRF_HEADER, session_of
from scenario_runner.web.console.navigation import Place, shown_to
from scenario_runner.web.console.shown import FILTERS
from scenario_runner.web.console.texts import Catalogue, Language

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.web.console.assets import Assets

FOLDER: Final = Path(__file__).parent


class Renderer:
    """Shows templates. places: of the navigation."""

    def __init__(self, assets: Assets, places: Sequence[Place]) -> None:
        self._places = places
        self.catalogue = Catalogue(FOLDER / "texts")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(asset=assets.url, version=__version__)

    def __call__(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A page, or a part of one, as an answer. Every value is escaped where it is put in."""
        text = self._environment.get_template(template).render(**self.around(request), **context)
        # Who a patient is must not stay in a cache that others look into.
        kept = {"Cache-Control": "private, no-cache", "Vary": "Cookie, HX-Request"}
        return HTMLResponse(text, status, {**kept, **(headers or {})})

    def say(self, request: Request) -> Language:
        """The texts in the language of whoever asks."""
        return self.catalogue.best(request.headers.get("accept-language", ""))

    def around(self, request: Request) -> dict[str, Any]:
        """What every template has."""
        caller: Caller | None = request.scope.get("state", {}).get("caller")
        say = self.say(request)
        return {
            "say": say,
            "lang": say.code,
            "who": caller,
            "may": () if caller is None else caller.permissions,
            "logs_out": caller is not None and caller.arrival is Arrival.SESSION,
            "headers": _headers(request, caller),
            "nav": [] if caller is None else shown_to(caller, self._places, request.url.path),
            "here": request.url.path,
        }


def _headers(request: Request, caller: Caller | None) -> dict[str, str]:
    """What htmx sends with each request of a page: a stranger's page cannot know it."""
    if caller is None or caller.arrival is not Arrival.SESSION:
        return {}
    secret = session_of(request)
    return {} if secret is None else {CSRF_HEADER: csrf_of(secret)}
