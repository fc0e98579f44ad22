"""Errors of the service as those of DICOMweb: the same status, the words, and what it was as their cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import FabricatorError
from scenario_runner.pacs.dicomweb.desk import WebError
from scenario_runner.web.problems import answered

if TYPE_CHECKING:
    from scenario_runner.pacs.dicomweb.desk import Call, Handler, Reply, WebDesk


def telling(handler: Handler) -> Handler:
    """The same handler, whose errors are told."""

    def handle(desk: WebDesk, call: Call) -> Reply:
        try:
            return handler(desk, call)
        except FabricatorError as error:
            said = answered(error)
            wait = said.headers.get("retry-after")
            headers = {"Retry-After": wait} if wait else None
            raise WebError(said.status_code, error.message, headers) from error

    return handle
