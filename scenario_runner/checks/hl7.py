"""The check ``hl7``: what a message says at a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import field_validator

from scenario_runner.api import Check, CheckResult, StepContext, Text
from scenario_runner.checks.compare import verdict
from scenario_runner.checks.equality import short
from scenario_runner.errors import Advised, InvalidInput, UsageError


class Hl7(Check):
    """Holds when an HL7 v2 message says this at a path.

    Where several messages came, each has to. A path such as OBR-18 looks at every OBR, OBR[2]-18 at the
    second; of a field with components the first ones will do.
    """

    name: ClassVar[str] = "hl7"
    example: ClassVar[str] = "hl7: {of: ack, path: MSA-1, expected: AA}"

    of: Text
    """``ack``, which is the acknowledgement of the last ``hl7_send``; or what ``hl7_wait`` or ``hl7_send`` saved:
    the messages that came in, or the one that was sent."""
    path: Text
    """Where, such as PID-5.1 or OBR[2]-18."""
    expected: Text | None
    """What it says, without escape sequences; null: nothing."""

    @field_validator("path")
    @classmethod
    def _a_field(cls, given: str) -> str:
        from scenario_runner.orders.hl7.paths import parse_path

        if not parse_path(given).field:
            raise Advised(f"'{given}' is a whole segment", "name a field, such as PID-5.1")
        return given

    def evaluate(self, context: StepContext) -> CheckResult:
        """Look at every message."""
        from scenario_runner.orders.hl7.matching import says, values_at
        from scenario_runner.orders.hl7.message_text import message_of

        texts = _texts(self.of, context)
        actual: list[Any] = []
        holds = bool(texts)
        for text in texts:
            try:
                message = message_of(text, self.of)
                _ = message.segments
            except InvalidInput as error:
                raise UsageError(f"'{self.of}' holds no message: {error.message}") from None
            actual += values_at(message, self.path) or [None]
            holds = holds and says(message, self.path, self.expected)
        shown = actual[0] if len(actual) == 1 else actual
        wanted = "nothing" if self.expected is None else short(self.expected)
        return verdict(holds, self.expected, shown, f"{self.path} is {short(shown)}, not {wanted}")


def _texts(of: str, context: StepContext) -> list[str]:
    """The messages that a name stands for, each as text."""
    if of == "ack":
        acknowledgement = context.notes.get("hl7_send")
        if acknowledgement is None:
            raise UsageError("no 'hl7_send' was acknowledged before")
        return [acknowledgement]
    value = context.saved(of)
    entries = value if isinstance(value, list) else [value]
    texts = [one.get("message") for one in entries if isinstance(one, Mapping)]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f"'{of}' holds no messages", hint="name what 'hl7_wait' or 'hl7_send' saved, or ack"
        )
    return [str(text) for text in texts]
