"""The description of the API says what is really answered: problems, and which of them where."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

from scenario_runner.web.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

_ANYWHERE: Final = (400, 401, 403, 404, 409, 421, 422, 429, 500, 502, 503)
"""What any request may be answered, be it by a proxy's name, a bound, or a disk that is full."""
_WITH_BODY: Final = (408, 413, 415)
_CONDITIONAL: Final = (412, 428)
"""Of a change that says, or has to say, which version it replaces (RFC 9110 13.1, RFC 6585 3)."""
_OF_SOME: Final = (412,)
"""What some requests may be answered, and say so themselves."""
_FRAMEWORKS: Final = ("HTTPValidationError", "ValidationError")


def described(app: FastAPI) -> None:
    """Let the application describe itself with problems instead of the framework's own errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORKS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            statuses = [*_ANYWHERE]
            if "requestBody" in operation:
                statuses += _WITH_BODY
            if any(one["name"].lower() == "if-match" for one in operation.get("parameters", ())):
                statuses += _CONDITIONAL
            responses = operation.setdefault("responses", {})
            statuses += [one for one in _OF_SOME if str(one) in responses and one not in statuses]
            for status in statuses:
                responses[str(status)] = _problem(status, responses.get(str(status)))
    return document


def _problem(status: int, said: dict[str, Any] | None) -> dict[str, Any]:
    """A response that is a problem; what a route says of it stays, unless the framework said it."""
    words = (said or {}).get("description", "")
    if not words or words == "Validation Error":
        words = HTTPStatus(status).phrase
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": words, "content": content}
