"""A decoder of JPEG-LS that throws or ends its process, in whatever process of Python finds this folder on its path.

FABRICATE_TEST_DECODER says what it does, FABRICATE_TEST_REACHED a file in which it notes that it was asked.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

DECODER = "pydicom.pixels.decoders.pyjpegls"
KINDS: dict[str, type[BaseException]] = {
    "Exception": RuntimeError,
    "BaseException": BaseException,
    "SystemExit": SystemExit,
    "MemoryError": MemoryError,
}


def decode(*_: object) -> NoReturn:
    """Throw, or end this process."""
    with Path(os.environ["FABRICATE_TEST_REACHED"]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    kind = os.environ["FABRICATE_TEST_DECODER"]
    if kind == "a kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if kind == "an end":
        os._exit(0)
    raise KINDS[kind]("thrown by a test")


class Ours(importlib.abc.Loader):
    """Loads pydicom's, and puts ours in the place of its function."""

    def __init__(self, theirs: importlib.abc.Loader) -> None:
        self.theirs = theirs

    def exec_module(self, module: ModuleType) -> None:
        self.theirs.exec_module(module)
        vars(module)["_decode_frame"] = decode


class Finder(importlib.abc.MetaPathFinder):
    """Has pydicom's module loaded by ours."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != DECODER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        spec.loader = Ours(spec.loader)
        return spec


if "FABRICATE_TEST_DECODER" in os.environ:
    sys.meta_path.insert(0, Finder())
