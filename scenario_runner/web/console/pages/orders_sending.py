"""Messages of HL7 v2 go out from a page: to whom, what became of each, and how one is shown."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api import Deadline
from scenario_runner.app.messages_sent import send_each
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.systems import systems
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.tree import leaves
from scenario_runner.registry.messages import NotedMessage, note_messages
from scenario_runner.service.audit.activities import Activity, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.service.asking import Asking
    from scenario_runner.web.console.page import Desk

_PATIENCE: Final = 30.0
"""Seconds that a receiver has to acknowledge a message."""
_LONG: Final = 300.0
"""Seconds that all of them may take."""
_LEAVES: Final = 5_000
"""Values of one message that are shown."""


def receivers(desk: Desk) -> dict[str, Any]:
    """Who of the site file takes messages, for a form."""
    able = [one for one in systems(desk.site, desk.around) if "hl7" in dict(one.services)]
    return {
        "names": [(one.name, one.name) for one in able],
        "may_be_production": any(one.may_be_production for one in able),
    }


def send_and_note(
    desk: Desk,
    asking: Asking,
    given: Sequence[Message | Hl7Error],
    to: str,
    *,
    allow_production: bool,
) -> dict[str, Any]:
    """Send messages as they are, in order; each is in the registry afterwards, all of them in the audit trail.

    Returns what the template of the answers needs. Raises UsageError for a receiver that is none.
    """
    wanted = PeerRequest(
        peer=to,
        site=desk.site,
        hl7={"response_timeout": _PATIENCE},
        allow_production=allow_production,
        around=desk.around,
    )
    accepted, problem = 0, ""
    rows: list[dict[str, Any]] = []
    with opened(wanted) as peer:
        try:
            for told in send_each(peer.target, given, Deadline(_LONG, desk.stopping)):
                accepted += told.accepted
                answer = told.answer
                words = words_of(told.error) if answer is None else answer.text
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
    whole = [one for one in given if isinstance(one, Message)]
    # What nobody took the connection for is in the list, too: it is what is sent again.
    unsent = [{"code": "", "words": problem}] * (len(whole) - len(rows))
    note_messages(
        desk.service.database,
        [
            _noted(one, row, to, asking.caller.name)
            for one, row in zip(whole, [*rows, *unsent], strict=False)
        ],
    )
    detail = {"to": to, "messages": len(given), "accepted": accepted}
    desk.service.trail.record(
        asking.caller,
        Activity.MESSAGES_SENT,
        None,
        asking.from_where,
        Outcome.SUCCESS if accepted == len(given) else Outcome.FAILED,
        detail | ({"why": problem or "not all were accepted"} if accepted < len(given) else {}),
    )
    return {"rows": rows, "accepted": accepted, "total": len(given), "problem": problem}


def _noted(message: Message, row: dict[str, Any], to: str, who: str) -> NotedMessage:
    return NotedMessage(
        way="out",
        peer=to,
        kind=message.kind,
        control_id=message.control_id,
        patient_id=message.text("PID-3.1"),
        code=row["code"],
        words=row["words"],
        who=who,
        data=message.data,
    )


def tree_of(message: Message) -> dict[str, Any]:
    """A message as its template needs it."""
    return {"message": message, "leaves": list(islice(leaves(message), _LEAVES))}


def words_of(error: FabricatorError | None) -> str:
    """An error as a page says it."""
    if isinstance(error, InvalidInput):
        first = error.diagnostics[0]
        return f"line {first.where.line}: {first.message}"
    return str(error or "")
