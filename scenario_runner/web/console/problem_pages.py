"""Errors as people see them: the same words as the API's problem documents, on a page or in its place on one."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fastapi.responses import RedirectResponse, Response

from scenario_runner.errors import FabricatorError
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.console.places import LOGIN
from scenario_runner.web.imaging.router import PREFIX as IMAGING

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.web.console.rendering import Renderer

_PROGRAMS: Final = (IMAGING.rpartition("/")[0], "/dicom-web", "/docs", "/wado", "/metrics")
_HEADERS: Final = ("retry-after", "allow")


class ProblemPages:
    """Turns a problem document into what a page shows, where a page asked."""

    def __init__(self, show: Renderer) -> None:
        self._show = show

    async def __call__(self, request: Request, problem: Response) -> Response:
        """The answer to a browser; the problem as it is to a program."""
        if not _is_for_people(request):
            return problem
        is_part = "hx-request" in request.headers
        if problem.status_code == 401 and request.url.path != LOGIN:
            return _to_login(request, is_part=is_part)
        with contextlib.suppress(
            FabricatorError
        ):  # whoever asks sees the navigation that is theirs
            await gate_of(request).caller(request)
        told: dict[str, Any] = {"hint": None, "errors": [], **json.loads(bytes(problem.body))}
        headers = {name: problem.headers[name] for name in _HEADERS if name in problem.headers}
        if is_part:
            headers |= {"HX-Retarget": "#problems", "HX-Reswap": "innerHTML"}
        template = "problem.html.j2" if is_part else "problem_page.html.j2"
        return self._show(
            request, template, status=problem.status_code, headers=headers, problem=told
        )


def _is_for_people(request: Request) -> bool:
    if request.url.path.startswith(_PROGRAMS):
        return False
    return "hx-request" in request.headers or "text/html" in request.headers.get("accept", "")


def _to_login(request: Request, *, is_part: bool) -> Response:
    """To the page where one logs in, and back again to where one was."""
    if not is_part and request.method != "GET":
        return RedirectResponse(LOGIN, 303)
    here = request.headers.get("hx-current-url", "") if is_part else str(request.url)
    place = here.partition("://")[2].partition("/")[2]
    where = LOGIN + (f"?next={quote('/' + place, safe='')}" if place else "")
    if is_part:
        return Response(status_code=204, headers={"HX-Redirect": where})
    return RedirectResponse(where, 303)
