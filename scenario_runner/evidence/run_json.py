"""``run.json``: the record as it is, case by case and image by image, so that memory holds little of its text at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import to_json

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.record import RunRecord
from scenario_runner.evidence.unseen import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class RunJsonReporter:
    """Writes ``run.json`` as ``schemas/run.v1.schema.json`` describes it."""

    name: ClassVar[str] = "run-json"
    file: ClassVar[str] = "run.json"

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file. Raises MachineError."""
        write_atomically(folder / self.file, _chunks(record))


CASES = b',\n"cases": ['
"""Where the cases begin, which may be long; what a run is as a whole stands before."""
_PIECE = 1 << 20
"""Characters of a case's text that are escaped and encoded at a time."""


def _chunks(record: RunRecord) -> Iterator[bytes]:
    """The JSON text: one line a field, cases and their members indented on lines of their own, an image on one."""
    separator = b"{\n"
    for name, field in RunRecord.model_fields.items():
        yield separator + json.dumps(field.alias or name).encode() + b": "
        separator = b",\n"
        if name == "cases":
            yield CASES[-1:]
            between = b"\n"
            for case in record.cases:
                yield between
                yield from _pieces(case.model_dump_json(indent=1, exclude={"patients"})[:-2])
                yield b',\n "patients": ['
                for number, patient in enumerate(case.patients):
                    yield b",\n  " if number else b"\n  "
                    yield from map(_encoded, _planned(patient, *_LEVELS))
                yield b"]\n}"
                between = b",\n"
            yield b"]"
        else:
            rest = record.model_dump(mode="json", include={name}, by_alias=True)
            value = rest[field.alias or name]
            text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
            yield escaped(text).encode()
    yield b"\n}\n"


_LEVELS = ("studies", "series", "images")


def _planned(node: Mapping[str, Any], *below: str) -> Iterator[str]:
    """What was planned, a line for each image: there may be a million, of which no more than one is text at a time."""
    if not below or below[0] not in node:
        yield _as_json(node)
        return
    first, *deeper = below
    own = {key: value for key, value in node.items() if key != first}
    yield _as_json(own)[:-1]
    yield f'{"," if own else ""}"{first}": ['
    for number, child in enumerate(node[first]):
        yield f"{',' if number else ''}\n{' ' * (5 - len(below))} "
        yield from _planned(child, *deeper)
    yield "]}"


def _as_json(node: Any) -> str:
    """On one line; null for what is no number, which a plan that somebody has edited may have."""
    return to_json(node, inf_nan_mode="null").decode()


def _encoded(text: str) -> bytes:
    return escaped(text).encode()


def _pieces(text: str) -> Iterator[bytes]:
    for at in range(0, len(text), _PIECE):
        yield _encoded(text[at : at + _PIECE])
