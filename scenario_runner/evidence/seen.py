"""What was seen of a target: what was asked of it, and what it accepted, refused and was used for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.sop_classes import (
    FIND,
    GET,
    MODALITY_WORKLIST,
    MOVE,
    MPPS,
    STORAGE_COMMITMENT,
    VERIFICATION,
)
from scenario_runner.dicom.syntaxes import transfer_syntax_name
from scenario_runner.evidence.record import SeenRecord, TargetRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SERVICES = {
    VERIFICATION: "C-ECHO",
    STORAGE_COMMITMENT: "storage commitment",
    MPPS: "MPPS",
    MODALITY_WORKLIST: "worklist",
    **dict.fromkeys(FIND, "C-FIND"),
    **dict.fromkeys(MOVE, "C-MOVE"),
    **dict.fromkeys(GET, "C-GET"),
}
"""Services by SOP class (PS3.4); every other one is of storage."""
_CAPABILITIES: Mapping[str, tuple[str, ...]] = {
    "echo": ("C-ECHO",),
    "store": ("storage",),
    "find": ("C-FIND", "worklist"),
    "retrieve": ("C-GET",),
    "move": ("C-MOVE",),
    "mpps": ("MPPS",),
    "commit": ("storage commitment",),
}
_NOT_LET_IN = ("HTTP 401", "HTTP 403", "HTTP 407")
"""Reasons that say nothing of whether there is such a service."""
_WEB = ("STOW-RS", "QIDO-RS", "WADO-RS")
_RANK = {"used": 3, "accepted": 2, "offered": 1, "refused": 0}


def note(target: TargetRecord, event: Mapping[str, Any]) -> None:
    """Add what an association showed; the best that was seen of a SOP class counts."""
    name, uid = event["implementation_version_name"], event["implementation_class_uid"]
    # Events of earlier versions have none.
    product = event.get("product") or (f"{name} ({uid})" if name and uid else str(name or uid))
    known = target.product.split("; ") if target.product else []
    target.product = "; ".join(dict.fromkeys([*known, *([product] if product else [])]))
    by_class = {one.sop_class or one.service: one for one in target.seen}
    for context in event["contexts"]:
        one = SeenRecord(
            service=context.get("service") or _SERVICES.get(context["sop_class"], "storage"),
            sop_class=context["sop_class"],
            outcome=context["outcome"],
            reason=context["reason"] if context["outcome"] == "refused" else "",
        )
        key = one.sop_class or one.service
        before = by_class.get(key)
        syntaxes = _merged({} if before is None else before.transfer_syntaxes, _syntaxes(context))
        if before is None or _RANK[one.outcome] > _RANK[before.outcome]:
            by_class[key] = before = one
        before.transfer_syntaxes = syntaxes
    target.seen = list(by_class.values())
    services = {one.service for one in target.seen}
    target.not_tried = [service for service in target.not_tried if service not in services]


def _syntaxes(context: Mapping[str, Any]) -> dict[str, str]:
    """What became of each transfer syntax of a context; events of earlier versions have none."""
    taken, outcome = context.get("transfer_syntax"), str(context["outcome"])
    return {
        uid: outcome if not taken or uid == taken else "offered"
        for uid in context.get("offered", ())
    }


def _merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The best that was seen of each."""
    both = {**now, **before}
    return {
        uid: max((one[uid] for one in (before, now) if uid in one), key=_RANK.__getitem__)
        for uid in both
    }


def not_tried(kind: str, capabilities: Iterable[str], url: str | None = None) -> list[str]:
    """The services of a target of this kind before anything was asked.

    url: of its DICOMweb service, which the embedded PACS opens when it is asked for; where it is FHIR of that.
    """
    is_web = kind == "embedded" or (url is not None and kind != "fhir")
    web = list(_WEB) if is_web else []
    if kind not in ("dimse", "embedded"):
        return web
    return [*(one for word in capabilities for one in _CAPABILITIES.get(word, ())), *web]


def services_in_words(target: TargetRecord) -> Iterator[str]:
    """``C-ECHO: used``, ``MPPS: asked, not offered``, one for each service; last what was not tried."""
    services: dict[str, list[SeenRecord]] = {}
    for one in target.seen:
        services.setdefault(one.service, []).append(one)
    for service, several in services.items():
        best = max(several, key=lambda one: _RANK[one.outcome])
        refused = [one for one in several if one.outcome == "refused"]
        if best.outcome == "refused":
            what = "not let in" if best.reason in _NOT_LET_IN else "not offered"
            yield f"{service}: asked, {what} ({best.reason})"
        elif refused:
            yield f"{service}: {best.outcome}; {len(refused)} of {len(several)} SOP classes refused"
        else:
            yield f"{service}: {'used' if best.outcome == 'used' else 'accepted, not used'}"
        yield from _refused_syntaxes(service, several)
    if target.not_tried:
        yield f"not tried: {', '.join(target.not_tried)}"


def _refused_syntaxes(service: str, several: Iterable[SeenRecord]) -> Iterator[str]:
    """Of SOP classes that were taken: in which transfer syntaxes they were not, each once."""
    refused = {
        uid: None
        for one in several
        if one.outcome != "refused"
        for uid, outcome in one.transfer_syntaxes.items()
        if outcome == "refused"
    }
    if refused:
        yield f"{service}: refused in {', '.join(map(transfer_syntax_name, refused))}"
