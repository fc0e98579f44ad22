"""What the PACS of two runs showed to offer, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.evidence.difference import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scenario_runner.evidence.difference import Way
    from scenario_runner.evidence.record import RunRecord, SeenRecord, TargetRecord

_TAKEN: Final = {"refused": False, "accepted": True, "used": True}
"""Of a SOP class or transfer syntax, whether it could be used. What was offered beside another that was taken says nothing."""
_NOT_PROPOSED: Final = "not proposed"


def compared_peers(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    """Products, and services by SOP class and transfer syntax.

    What was used and is not proposed any more is worse, as a check that is not there any more: what is not tried is not proved.
    """
    was, now = ({target.name: target for target in run.targets} for run in (before, after))
    for name in {**was, **now}:
        first, then = was.get(name), now.get(name)
        if first is None or then is None:
            words = (_words(first), _words(then))
            used = first is not None and any(one.outcome == "used" for one in first.seen)
            yield Difference("worse" if used else "different", "peer", name, *words)
            continue
        if first.product != then.product and first.product and then.product:
            yield Difference("different", "peer", name, first.product, then.product)
        yield from _services(name, first, then)


def _words(target: TargetRecord | None) -> str:
    return "not in this run" if target is None else target.product or target.kind


def _services(target: str, before: TargetRecord, after: TargetRecord) -> Iterator[Difference]:
    was, now = (
        {one.sop_class or one.service: one for one in each.seen} for each in (before, after)
    )
    for key, named in {**was, **now}.items():
        first, then = was.get(key), now.get(key)
        subject = f"{target} › {named.service} {named.sop_class}".rstrip()
        if way := _way(_outcome(first), _outcome(then)):
            yield Difference(way, "peer", subject, _outcome(first), _outcome(then))
        elif first is not None and then is not None:
            yield from _syntaxes(subject, first.transfer_syntaxes, then.transfer_syntaxes)


def _outcome(seen: SeenRecord | None) -> str:
    return _NOT_PROPOSED if seen is None else seen.outcome


def _syntaxes(
    subject: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Difference]:
    """Of a service that can be used as before."""
    for uid, then in after.items():
        if way := _way(before.get(uid, then), then):
            yield Difference(way, "peer", f"{subject} › {uid}", before[uid], then)


def _way(before: str, after: str) -> Way | None:
    """What that is; None for nothing to speak of."""
    if _NOT_PROPOSED in (before, after):
        return None if before == after else "worse" if before == "used" else "different"
    was, now = _TAKEN.get(before), _TAKEN.get(after)
    if was is None or now is None or was == now:
        return None
    return "better" if now else "worse"
