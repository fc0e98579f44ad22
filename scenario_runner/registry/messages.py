"""Messages of HL7 v2 that came in and went out, the last of them, byte by byte."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import delete, func, insert, or_, select

from scenario_runner.database.counter_table import MESSAGES
from scenario_runner.database.words import WrittenMeanwhile
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.registry.tables import hl7_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.database.engine import Database

KEPT: Final = 20_000
"""Messages; of more the oldest go."""
_TRIES: Final = 5
_LONGEST: Final = {
    "peer": 300,
    "kind": 40,
    "control_id": 200,
    "patient_id": 200,
    "code": 10,
    "words": 2_000,
    "who": 200,
}
"""Characters that are kept of what a message says of itself; the message itself is kept whole."""
_SHOWN: Final = [one for one in hl7_message.c if one.name != "data"]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedMessage:
    """A message as it is noted. peer: where it came from or went to, as it was named.

    code: of its acknowledgement (HL7 table 0008), empty where none came; words: what that, or the error, said. who: the
    account that sent it. data: as it was on the wire; empty in a list.
    """

    way: Literal["in", "out"]
    peer: str
    kind: str
    control_id: str
    patient_id: str = ""
    code: str = ""
    words: str = ""
    who: str = ""
    data: bytes = b""
    at: dt.datetime = field(default_factory=_now)
    number: int = 0

    @property
    def accepted(self) -> bool:
        """Whether it was acknowledged as taken."""
        return self.code in ("AA", "CA")

    def values(self) -> dict[str, Any]:
        """A row of the table, without its number."""
        texts = {name: _fit(getattr(self, name), most) for name, most in _LONGEST.items()}
        return {"at": self.at, "way": self.way, "data": self.data, **texts}


def _fit(text: str, most: int) -> str:
    """Text that any database takes: without NUL and halves of characters, and not longer than that."""
    whole = text[:most].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return whole.encode("utf-8", "replace").decode()


def note_messages(database: Database, messages: Sequence[NotedMessage]) -> None:
    """Note some in one transaction; beyond ``KEPT`` the oldest go. Raises MachineError."""
    if not messages:
        return
    for left in range(_TRIES, -1, -1):
        try:
            with database.writing() as connection:
                connection.execute(insert(hl7_message), [one.values() for one in messages])
                newest = connection.execute(select(func.max(hl7_message.c.number))).scalar_one()
                connection.execute(delete(hl7_message).where(hl7_message.c.number <= newest - KEPT))
        except WrittenMeanwhile:
            if not left:
                raise
        else:
            return


def listed(
    database: Database, limit: int, offset: int, *, way: str = "", text: str = ""
) -> tuple[list[NotedMessage], int]:
    """The newest first, and how many there are. text: a control ID or the ID of a patient. Raises MachineError."""
    wanted = []
    if way:
        wanted.append(hl7_message.c.way == way)
    if text:
        wanted.append(or_(hl7_message.c.control_id == text, hl7_message.c.patient_id == text))
    with database.reading(MESSAGES) as connection:
        if connection is None:
            return [], 0
        total = connection.execute(select(func.count()).where(*wanted).select_from(hl7_message))
        query = select(*_SHOWN).where(*wanted).order_by(hl7_message.c.number.desc())
        rows = connection.execute(query.limit(limit).offset(offset)).mappings()
        return [NotedMessage(**row) for row in rows], total.scalar_one()


def message_of_number(database: Database, number: int) -> NotedMessage | None:
    """One, whole. Raises MachineError."""
    with database.reading(MESSAGES) as connection:
        if connection is None:
            return None
        query = select(hl7_message).where(hl7_message.c.number == number)
        row = connection.execute(query).mappings().first()
        return None if row is None else NotedMessage(**row)
