"""A PACS that finds what it was sent a while after it acknowledged it (``expects: {stored_within: …}``)."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from scenario_runner.checks.presence import presence
from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from scenario_runner.api import StepContext

PAUSE: Final = 0.25
"""Seconds between two questions."""
KEY: Final = "expects.stored_within"


def time_left(context: StepContext, name: str) -> float:
    """Seconds that a PACS may still take until it finds all that it was sent; 0 where nobody says that it takes any."""
    within = context.target(name).expects.stored_within
    since = context.ledger.seconds_since_stored(name)
    return 0.0 if within is None or since is None else max(0.0, within - since)


def await_stored(context: StepContext, *names: str | None) -> str:
    """Give PACS the time that they are declared to take, or less where they find all before.

    names: targets; None and those without ``stored_within`` cost nothing. Returns what a message adds, empty
    where nobody was waited for. Raises what the deadline raises; whatever else is wrong is for the step to see.
    """
    return "".join(_awaited(context, name) for name in dict.fromkeys(names) if name is not None)


def _awaited(context: StepContext, name: str) -> str:
    if not time_left(context, name):
        return ""
    settled: dict[str, set[str]] = context.notes.setdefault(KEY, {})
    images = [one.image for one in context.ledger.expected(name)]
    uids = {image.uid for image in images}
    if uids <= settled.get(name, set()):
        return ""
    target, begun, polls = context.target(name), monotonic(), 0
    if "find" not in target.capabilities:
        left = time_left(context, name)
        context.deadline.sleep(left)
        settled[name] = uids
        return f"; waited {left:.1f} s for '{name}', which cannot be asked ({KEY})"
    while True:
        try:
            found = presence(target, images, context.deadline)
        except TargetError:
            return ""
        polls += 1
        if not found.missing:
            settled[name] = uids
            took = monotonic() - begun
            words = f"; waited {took:.1f} s until '{name}' found what it was sent ({KEY})"
            return words if polls > 1 else ""
        left = time_left(context, name)
        if not left:
            return f"; '{name}' did not find all that it was sent within the time it has ({KEY})"
        context.deadline.sleep(min(PAUSE, left))
