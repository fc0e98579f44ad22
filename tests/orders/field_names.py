"""Writes the table of field and component names of HL7 v2 from the package hl7types (MIT).

    python -m tests.orders.field_names

hl7types has a class for each segment and data type of each version, whose documentation says number,
name and data type of its fields. The names are those of version 2.5.1, fields that came later those of
the version that brought them.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from scenario_runner.orders.hl7 import field_names

_VERSIONS = ("v2_5_1", "v2_6", "v2_7", "v2_8", "v2_3")
_SEGMENTS = """
    MSH MSA ERR EVN PID PD1 NK1 PV1 PV2 MRG ORC OBR OBX NTE TQ1 TQ2 IPC AL1 DG1 GT1 IN1 ROL SFT SPM
    FHS BHS BTS FTS PRT CTI BLG FT1 TXA SCH DSC QRD QRF
""".split()  # noqa: SIM905
_LINE = re.compile(
    r"^\s*([A-Z][A-Z0-9]{1,2})\.(\d+)(?: \(\w+\))? - (.+?) \(([A-Z]{2,4})\)", re.MULTILINE
)


def table() -> str:
    """The whole file: owner, number, data type, name; tab-separated, in order."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    types: list[str] = []
    for version in _VERSIONS:
        for name in _SEGMENTS:
            for number, kind, words in _of(version, "segments", name):
                found.setdefault((name, number), (kind, words))
    types = sorted({kind for kind, _ in found.values()})
    for version in _VERSIONS:
        for name in types:
            for number, kind, words in _of(version, "datatypes", name):
                found.setdefault((name, number), (kind, words))
    order = {name: at for at, name in enumerate([*_SEGMENTS, *types])}
    lines = [
        f"{name}\t{number}\t{kind}\t{words}"
        for (name, number), (kind, words) in sorted(
            found.items(), key=lambda one: (order[one[0][0]], one[0][1])
        )
    ]
    return "\n".join(lines) + "\n"


def _of(version: str, kind: str, name: str) -> list[tuple[int, str, str]]:
    try:
        module = importlib.import_module(f"hl7types.hl7.{version}.{kind}.{name}")
    except ImportError:
        return []
    text = getattr(module, name, module).__doc__ or ""
    return [
        (int(number), data_type, " ".join(words.split()))
        for owner, number, words, data_type in _LINE.findall(text)
        if owner == name
    ]


if __name__ == "__main__":
    Path(str(field_names.TABLE)).write_text(table(), encoding="utf-8", newline="\n")
