"""``/pacs/learn``: a system is asked what it does, and what is found goes into the site file where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.api import Deadline
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.systems import System, systems
from scenario_runner.errors import FabricatorError
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.errors import NotThere
from scenario_runner.service.permissions import Permission, require
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.app.learning.findings import Finding
    from scenario_runner.app.learning.learn import Learned
    from scenario_runner.app.peers import Peer
    from scenario_runner.service.asking import Asking
    from scenario_runner.web.console.page import Desk

LEARN: Final = "/pacs/learn"
_PATIENCE: Final = 600.0
"""Seconds for all questions, as the command has them."""
_EVIDENCE: Final = 12
"""Exchanges of a finding that are shown."""


def learning_routes(router: APIRouter, desk: Desk) -> None:
    """Add them to a router."""

    @router.get(LEARN)
    def page(request: Request, asking: Runner, name: str = "") -> Response:
        del asking
        return desk.show(request, "pacs/learn.html.j2", system=_system(desk, name))

    @router.post(LEARN)
    def ask(request: Request, asking: Runner, fields: Fields) -> Response:
        # What makes studies comes with numpy and pydicom, which a server that nobody asks for them does without.
        from scenario_runner.app.learning.learn import Learned
        from scenario_runner.app.learning.written import write

        is_kept = fields.get("write") == "yes"
        if is_kept:
            require(asking.caller, Permission.ADMINISTER)
        wanted = PeerRequest(
            peer=_system(desk, fields.get("name", "")).name,
            site=desk.site,
            allow_production=fields.get("allow_production") == "yes",
            around=desk.around,
        )
        learned, changed = Learned(), []
        with opened(wanted) as peer:
            problem = _ask(desk, asking, peer, learned)
            findings = [one.cleaned(peer.clean) for one in learned.findings]
            if is_kept and peer.site is not None and problem is None:
                changed = write(peer.site, peer.name, findings, desk.around)
                _note(desk, asking, Activity.SITE_CHANGED, {"target": peer.name, "what": "learned"})
        return desk.show(
            request,
            "pacs/learned.html.j2",
            findings=[_told(one) for one in sorted(findings, key=lambda one: not one.declares)],
            learned=learned,
            problem=problem,
            is_kept=is_kept,
            changed=changed,
        )


def _system(desk: Desk, name: str) -> System:
    found = next((one for one in systems(desk.site, desk.around) if one.name == name), None)
    if found is None:
        raise NotThere("no-such-system", f"there is no system '{name[:80]}'")
    return found


def _ask(desk: Desk, asking: Asking, peer: Peer, learned: Learned) -> FabricatorError | None:
    """Learn as far as it goes; why it went no further. What is sent for it is in the audit trail."""
    from scenario_runner.app.learning.learn import learn

    detail: dict[str, Any] = {"to": peer.name, "what": "small studies, to learn what it does"}
    _note(desk, asking, Activity.SENDING, detail)
    problem = None
    try:
        learn(peer.target, Deadline(_PATIENCE, desk.stopping), learned, lambda _: None)
    except FabricatorError as error:
        problem = error
    detail |= {"deleted": len(learned.deleted), "left": learned.left}
    _note(
        desk, asking, Activity.SENT, detail, Outcome.SUCCESS if problem is None else Outcome.FAILED
    )
    return problem


def _note(
    desk: Desk,
    asking: Asking,
    what: Activity,
    detail: dict[str, Any],
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    desk.service.trail.record(asking.caller, what, None, asking.from_where, outcome, detail)


def _told(one: Finding) -> dict[str, Any]:
    from scenario_runner.app.learning.written import value_in_words

    value = one.value
    is_list = isinstance(value, list) and bool(value) and not one.needless
    return {
        "subject": one.subject,
        "value": ", ".join(map(str, value)) if is_list else value_in_words(one),
        "is_known": value is not None or bool(one.note),
        "declares": one.declares,
        "note": one.note if value is not None else "",
        "evidence": one.evidence[:_EVIDENCE],
        "more": max(0, len(one.evidence) - _EVIDENCE),
    }
