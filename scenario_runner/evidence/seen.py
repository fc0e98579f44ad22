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
_CAPABILITIES = {
    "echo": "C-ECHO",
    "store": "storage",
    "find": "C-FIND",
    "retrieve": "C-GET",
    "move": "C-MOVE",
    "mpps": "MPPS",
    "commit": "storage commitment",
}
_RANK = {"used": 2, "accepted": 1, "refused": 0}


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
        if before is None or _RANK[one.outcome] > _RANK[before.outcome]:
            by_class[key] = one
    target.seen = list(by_class.values())
    services = {one.service for one in target.seen}
    target.not_tried = [service for service in target.not_tried if service not in services]


def not_tried(kind: str, capabilities: Iterable[str]) -> list[str]:
    """The services of a target of this kind before anything was asked."""
    if kind not in ("dimse", "embedded"):
        return []
    return [_CAPABILITIES[word] for word in capabilities if word in _CAPABILITIES]


def in_words(target: TargetRecord) -> Iterator[str]:
    """``C-ECHO: used``, ``MPPS: asked, not offered``, one for each service; last what was not tried."""
    services: dict[str, list[SeenRecord]] = {}
    for one in target.seen:
        services.setdefault(one.service, []).append(one)
    for service, several in services.items():
        best = max(several, key=lambda one: _RANK[one.outcome])
        refused = [one for one in several if one.outcome == "refused"]
        if best.outcome == "refused":
            yield f"{service}: asked, not offered ({best.reason})"
        elif refused:
            yield f"{service}: {best.outcome}; {len(refused)} of {len(several)} SOP classes refused"
        else:
            yield f"{service}: {'used' if best.outcome == 'used' else 'accepted, not used'}"
    if target.not_tried:
        yield f"not tried: {', '.join(target.not_tried)}"
