"""The step ``hl7_wait``: until messages came in at the site's receiver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    Duration,
    Inbox,
    Saved,
    Step,
    StepContext,
    StepResult,
    TargetName,
    Text,
    Turn,
)
from scenario_runner.errors import Advised

if TYPE_CHECKING:
    from scenario_runner.orders.hl7 import Message

_SHOWN = 10
_SLICE = 0.5
Code = Literal["AA", "AE", "AR", "none"]


class Hl7Wait(Step):
    """Wait until HL7 v2 messages came in by MLLP at the site's ``receiver.hl7``.

    It listens from the start of the case, so that nothing is missed that comes before this step; each message is
    given to one step only. ``save_as`` gives a list of ``{kind, control_id, message, segments, from, at, answer}``: the
    message as text and, by segment name, as lists of fields as they were written (``segments.PID[0][5]`` is PID-5).
    """

    name: ClassVar[str] = "hl7_wait"
    receives_messages: ClassVar[bool] = True
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = (
        'hl7_wait: {match: {MSH-9: "ORU^R01", OBR-18: "{{ studies[0].accession }}"}, timeout: 30s}'
    )

    on: TargetName | None = None
    """Only messages of this target: with its ``application`` and ``facility`` as the sender (MSH-3, MSH-4), or, where
    the site names neither, from its host."""
    match: dict[Text, Text | None] = Field(default={})
    """What a message says by path. OBR-3 looks at every OBR, OBR[2]-3 at the second; of a field with components the
    first ones will do; null: there is nothing."""
    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many."""
    answer: Code = "AA"
    """What the messages are answered that this step waits for, also those that come before it: ``AE`` or ``AR``
    refuses them, ``none`` says nothing. Any other message is answered AA."""
    timeout: Duration = 60.0
    """When to give up."""

    @field_validator("match")
    @classmethod
    def _paths(cls, given: dict[str, str | None]) -> dict[str, str | None]:
        from scenario_runner.orders.hl7.paths import parse_path

        for path in given:
            if not parse_path(path).field:
                raise Advised(f"'{path}' is a whole segment", "name a field, such as PID-5.1")
        return given

    @classmethod
    def announce(cls, step_id: str, parameters: Mapping[str, Any], inbox: Inbox) -> None:
        """Say what it will answer, as far as that can be known."""
        try:
            step = cls.model_validate(parameters)
        except ValueError:
            return
        inbox.announce(step.turn(step_id, None))

    def turn(self, step_id: str, context: StepContext | None) -> Turn:
        """What the inbox is told of it. context: where it runs already."""

        def wanted(data: bytes, address: str) -> bool:
            return self._fits(_read(data), address, context)

        return Turn(step_id, self.answer, self.count, wanted)

    def run(self, context: StepContext) -> StepResult:
        """Look at everything that came and was given to nobody, until it is enough."""
        inbox = context.inbox
        inbox.begin(self.turn(context.step_id, context))
        started = monotonic()
        given: set[int] = context.notes.setdefault(self.name, set())
        seen = 0
        others: Counter[str] = Counter()
        found: dict[int, dict[str, Any]] = {}
        while True:
            left = self.timeout - (monotonic() - started)
            came = inbox.wait(seen, max(0.0, min(left, _SLICE)))
            for number in range(seen, len(came)):
                if number in given or len(found) == self.count:
                    continue
                message = _read(came[number].data)
                if self._fits(message, came[number].address, context):
                    found[number] = _value(message, came[number])
                else:
                    others[
                        f"{message.kind} of {message.text('MSH-3') or came[number].address}"
                    ] += 1
            seen = len(came)
            context.progress(len(found), self.count, "messages")
            if len(found) == self.count:
                break
            context.deadline.check()
            if monotonic() - started >= self.timeout:
                inbox.end(context.step_id)
                return self._in_vain(list(found.values()), others)
        given.update(found)
        inbox.end(context.step_id)
        messages = list(found.values())
        waited = monotonic() - started
        return StepResult(
            message=f"{amount(len(messages), 'message')} came; waited {waited:.1f} s",
            value=messages,
            facts={"messages": [one["message"] for one in messages[:_SHOWN]], **_twice(messages)},
        )

    def _fits(self, message: Message, address: str, context: StepContext | None) -> bool:
        from scenario_runner.orders.hl7.matching import fits

        if self.on is not None and context is not None:
            target = context.target(self.on)
            who = target.addressed
            named = {"MSH-3": who.application, "MSH-4": who.facility}
            wanted: dict[str, str | None] = {path: text for path, text in named.items() if text}
            if wanted and not fits(message, wanted):
                return False
            if not wanted and target.facts.host not in (None, address, "localhost"):
                return False
        return fits(message, self.match)

    def _in_vain(self, found: Sequence[Mapping[str, Any]], others: Counter[str]) -> StepResult:
        rest = ", ".join(f"{n} {what}" for what, n in others.most_common(_SHOWN))
        message = f"{len(found)} of {amount(self.count, 'message')} came within {self.timeout:g} s"
        if rest:
            message += f"; what else came: {rest}"
        facts = {"messages": [one["message"] for one in found[:_SHOWN]], "others": dict(others)}
        return StepResult(outcome="failed", message=message, value=list(found), facts=facts)


def _read(data: bytes) -> Message:
    from scenario_runner.orders.hl7 import Message

    return Message.read(data)


def _value(message: Message, came: Any) -> dict[str, Any]:
    from scenario_runner.orders.hl7.matching import plain_message

    return {
        **plain_message(message),
        "from": came.address,
        "at": came.at.isoformat(),
        "answer": came.answer,
    }


def _twice(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Control IDs that came more than once, as when a sender repeats what nobody acknowledged."""
    count = Counter(one["control_id"] for one in messages)
    twice = [control for control, number in count.items() if number > 1]
    return {"control_ids_that_came_again": twice} if twice else {}
