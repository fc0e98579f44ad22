"""Messages as feeds send them, made here: one order of one invented patient, and ways to differ."""

from __future__ import annotations

PID = "PID|1||P1^^^HOSP^MR||TESTER^EVA||19700131|F"
OBR = "OBR|1|PL1|FI1|CTCH^CT chest^L" + "|" * 14 + "ACC1|RP1|SPS1||||CT"


def message(
    *segments: str,
    kind: str = "ORM^O01",
    charset: str = "",
    control: str = "4711",
    version: str = "2.5.1",
    end: str = "\r",
    codec: str = "utf-8",
) -> bytes:
    """A message of these segments after its MSH."""
    header = (
        f"MSH|^~\\&|RIS|HOSP|FAB|HOSP|20260101120000||{kind}|{control}|P|{version}||||||{charset}"
    )
    return end.join((header, *segments, "")).encode(codec)


def order(
    *more: str, pid: str = PID, obr: str = OBR, orc: str = "ORC|NW|PL1|FI1", **how: str
) -> bytes:
    """An ORM with one order."""
    return message(pid, "PV1|1|I||||||77^HOUSE^GREG", orc, obr, *more, **how)
