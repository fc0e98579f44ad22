"""``/orders``: messages of HL7 v2 that are pasted or dropped, as trees, and sent to a receiver for its acknowledgement."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.api import Deadline
from scenario_runner.app.messages_sent import send_each
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.systems import systems
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.files import messages
from scenario_runner.orders.hl7.tree import leaves
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import Permission
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/orders"
_PATIENCE: Final = 30.0
"""Seconds that a receiver has to acknowledge a message."""
_LONG: Final = 300.0
"""Seconds that all of them may take."""
_MOST: Final = 100
"""Messages of one text."""
_LEAVES: Final = 5_000
"""Values of one message that are shown."""
_NAME: Final = "the text"
"""What errors call what was pasted."""
_UTF8: Final = "UNICODE UTF-8"
"""What MSH-18 calls the only encoding that a page sends (HL7 table 0211)."""


def _routes(router: APIRouter, desk: Desk) -> None:
    @router.get(PATH)
    def form(request: Request, asking: Runner) -> Response:
        del asking
        able = [one for one in systems(desk.site, desk.around) if "hl7" in dict(one.services)]
        return desk.show(
            request,
            "orders/page.html.j2",
            names=[(one.name, one.name) for one in able],
            may_be_production=any(one.may_be_production for one in able),
        )

    @router.post(PATH + "/tree")
    def tree(request: Request, fields: Fields, asking: Runner) -> Response:
        del asking
        shown = [
            {"error": _words(one)}
            if isinstance(one, Hl7Error)
            else {"message": one, "leaves": list(islice(leaves(one), _LEAVES))}
            for one in _given(fields)
        ]
        return desk.show(request, "orders/tree.html.j2", shown=shown)

    @router.post(PATH + "/send")
    def send(request: Request, fields: Fields, asking: Runner) -> Response:
        given = _given(fields)
        wrong = [one for one in given if isinstance(one, Hl7Error)]
        if wrong:
            raise wrong[0]
        _require_as_it_says([one for one in given if isinstance(one, Message)])
        wanted = PeerRequest(
            peer=fields.get("address", "").strip() or fields.get("peer", ""),
            site=desk.site,
            hl7={"response_timeout": _PATIENCE},
            allow_production=fields.get("allow_production") == "on",
            around=desk.around,
        )
        accepted, problem, rows = 0, "", []
        with opened(wanted) as peer:
            try:
                for told in send_each(peer.target, given, Deadline(_LONG, desk.stopping)):
                    accepted += told.accepted
                    answer = told.answer
                    words = _words(told.error) if answer is None else answer.text
                    rows.append(
                        {
                            "told": told,
                            "code": "" if answer is None else answer.code,
                            "words": str(peer.clean(words or "")),
                            "remarks": () if answer is None else peer.clean(list(answer.remarks)),
                        }
                    )
            except FabricatorError as error:
                problem = str(peer.clean(str(error)))
        detail = {"to": wanted.peer, "messages": len(given), "accepted": accepted}
        desk.service.trail.record(
            asking.caller,
            Activity.MESSAGES_SENT,
            None,
            asking.from_where,
            Outcome.SUCCESS if accepted == len(given) else Outcome.FAILED,
            detail | ({"why": problem or "not all were accepted"} if accepted < len(given) else {}),
        )
        return desk.show(
            request,
            "orders/sent.html.j2",
            rows=rows,
            accepted=accepted,
            total=len(given),
            problem=problem,
        )


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


def _words(error: FabricatorError | None) -> str:
    if isinstance(error, InvalidInput):
        first = error.diagnostics[0]
        return f"line {first.where.line}: {first.message}"
    return str(error or "")


PAGE = Page(name="orders", path=PATH, routes=_routes, group=Group.SYSTEMS, needs=Permission.RUN)
