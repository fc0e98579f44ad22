"""What is fuzzed of files beside a scenario: packed libraries, and rows in each form."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from scenario_runner.errors import FabricatorError, Where
from scenario_runner.language.rows import read_rows
from scenario_runner.libraries.archive import packed, unpack
from scenario_runner.libraries.library import read_library

_ROOT = Path(__file__).resolve().parents[2]
_LIBRARIES = "tests/examples/invalid/libs/[a-z]*/library.yaml"
"""Small ones with which nothing is wrong by themselves."""
_FORMS = (".csv", ".json", ".yaml")


def libraries() -> list[bytes]:
    """Those that there are, packed."""
    return [packed(read_library(one.parent)) for one in sorted(_ROOT.glob(_LIBRARIES))]


def library(data: bytes) -> None:
    """Unpacked and read."""
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(FabricatorError):
        path = Path(name, "fuzz.fablib")
        path.write_bytes(data)
        unpack(path, Path(name, "unpacked"))
        read_library(Path(name, "unpacked"))


def tables() -> list[bytes]:
    """People in each form."""
    return [
        b'id,name,modality\nP1,"A^B",CT\nP2,C,MR\n',
        b"\xef\xbb\xbfid;name\r\n1;2\r\n",
        b'[{"id": "1", "n": 2}, {"id": "2", "n": null}]',
        b"- {id: P1, name: A}\n- {id: P2, name: B}\n",
    ]


def rows(data: bytes) -> None:
    """Read as each form."""
    for form in _FORMS:
        with contextlib.suppress(FabricatorError):
            read_rows(f"rows{form}", Path(f"rows{form}"), Where("fuzz.yaml"), lambda _: data)
