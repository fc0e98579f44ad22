"""``/orders/messages``: messages of HL7 v2 that came in and went out; one as a tree, and once more to a receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.registry.messages import NotedMessage, listed, message_of_number
from scenario_runner.service.errors import NotThere, Unacceptable
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.pages.orders_sending import (
    receivers,
    send_and_note,
    tree_of,
    words_of,
)
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.web.console.page import Desk

PATH: Final = "/orders/messages"
Number = Annotated[int, Path(ge=1, le=1 << 60)]


def history_routes(router: APIRouter, desk: Desk) -> None:
    """Add them to a router."""

    def one(number: int) -> NotedMessage:
        message = message_of_number(desk.service.database, number)
        if message is None:
            raise NotThere("message-not-found", f"there is no message {number}")
        return message

    @router.get(PATH)
    def history(
        request: Request,
        asking: Runner,
        q: Annotated[str, Query(max_length=200)] = "",
        way: Literal["", "in", "out"] = "",
        limit: Limit = ROWS,
        offset: Offset = 0,
    ) -> Response:
        del asking
        rows, total = listed(desk.service.database, limit, offset, way=way, text=q.strip())
        say = desk.show.say(request)
        return desk.show(
            request,
            "orders/history.html.j2",
            rows=rows,
            paging=Paging(PATH, {"q": q, "way": way}, total, limit, offset),
            q=q,
            way=way,
            ways=[(each, say("orders.ways." + (each or "both"))) for each in ("", "in", "out")],
        )

    @router.get(f"{PATH}/{{number}}")
    def message(request: Request, asking: Runner, number: Number) -> Response:
        del asking
        noted = one(number)
        try:
            shown = [tree_of(Message.read(noted.data, f"message {number}"))]
        except Hl7Error as error:
            shown = [{"error": words_of(error)}]
        return desk.show(
            request, "orders/message.html.j2", noted=noted, shown=shown, **receivers(desk)
        )

    @router.post(f"{PATH}/{{number}}/resend")
    def resend(request: Request, asking: Runner, number: Number, fields: Fields) -> Response:
        noted = one(number)
        to = fields.get("address", "").strip() or fields.get("peer", "")
        if not to:
            raise Unacceptable("no-receiver", "nobody is named to send it to")
        # The bytes as they were, so the control ID is that of the first time: a receiver knows it again.
        given = [Message.read(noted.data, f"message {number}")]
        sent = send_and_note(
            desk, asking, given, to, allow_production=fields.get("allow_production") == "on"
        )
        return desk.show(request, "orders/sent.html.j2", **sent)
