"""``/orders``: messages of HL7 v2 that are pasted or dropped, as trees, and sent to a receiver for its acknowledgement."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.files import messages
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import Permission
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page
from scenario_runner.web.console.pages.orders_history import history_routes
from scenario_runner.web.console.pages.orders_sending import (
    receivers,
    send_and_note,
    tree_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/orders"
_MOST: Final = 100
"""Messages of one text."""
_NAME: Final = "the text"
"""What errors call what was pasted."""
_UTF8: Final = "UNICODE UTF-8"
"""What MSH-18 calls the only encoding that a page sends (HL7 table 0211)."""


def _routes(router: APIRouter, desk: Desk) -> None:
    @router.get(PATH)
    def form(request: Request, asking: Runner) -> Response:
        del asking
        return desk.show(request, "orders/page.html.j2", **receivers(desk))

    @router.post(PATH + "/tree")
    def tree(request: Request, asking: Runner, fields: Fields) -> Response:
        del asking
        shown = [
            {"error": words_of(one)} if isinstance(one, Hl7Error) else tree_of(one)
            for one in _given(fields)
        ]
        return desk.show(request, "orders/tree.html.j2", shown=shown)

    @router.post(PATH + "/send")
    def send(request: Request, asking: Runner, fields: Fields) -> Response:
        given = _given(fields)
        wrong = [one for one in given if isinstance(one, Hl7Error)]
        if wrong:
            raise wrong[0]
        _require_as_it_says([one for one in given if isinstance(one, Message)])
        to = fields.get("address", "").strip() or fields.get("peer", "")
        sent = send_and_note(
            desk, asking, given, to, allow_production=fields.get("allow_production") == "on"
        )
        return desk.show(request, "orders/sent.html.j2", **sent)

    history_routes(router, desk)


def _given(fields: dict[str, str]) -> list[Message | Hl7Error]:
    """The messages of the text. Raises Unacceptable for none, or too many."""
    text = fields.get("text", "")
    if not text.strip():
        raise Unacceptable("no-message", "there is no message", hint="paste one, or drop a file")
    # Segments end with a carriage return (HL7 v2 2.5.4), which no text field of a browser has.
    data = text.replace("\r\n", "\r").replace("\n", "\r").encode()
    found: Iterator[Message | Hl7Error] = messages(data, _NAME)
    taken = list(islice(found, _MOST + 1))
    if len(taken) > _MOST:
        raise Unacceptable(
            "too-many-messages",
            f"there are more than {_MOST} messages",
            hint="fabricate hl7 send takes as many as there are",
        )
    return taken


def _require_as_it_says(given: list[Message]) -> None:
    """A page's text goes out as UTF-8: a message that says otherwise would arrive garbled. Raises Unacceptable."""
    for one in given:
        if not one.data.isascii() and one.text("MSH-18") != _UTF8:
            raise Unacceptable(
                "other-character-set",
                f"message {one.label} has more than ASCII, and MSH-18 does not say {_UTF8}",
                hint="set MSH-18, or send the file itself by fabricate hl7 send",
            )


PAGE = Page(name="orders", path=PATH, routes=_routes, group=Group.SYSTEMS, needs=Permission.RUN)
