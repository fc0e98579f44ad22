"""The templates of ``report.html``, compiled once and kept beside their source like Python's modules."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from scenario_runner.evidence.html_text import FILTERS, Grid, brief
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from jinja2.bccache import Bucket

_OPTIONS: dict[str, Any] = {
    "autoescape": True,
    "trim_blocks": True,
    "lstrip_blocks": True,
    # Compiled code then depends on the template alone, not on what filters say of its constants.
    "optimized": False,
}


def templates() -> jinja2.Environment:
    """The environment that renders the folder ``reports/``."""
    environment = jinja2.Environment(  # noqa: S701 - the options have autoescape
        loader=jinja2.FileSystemLoader(resource("reports")),
        undefined=jinja2.StrictUndefined,
        bytecode_cache=CompiledBeside(),
        **_OPTIONS,
    )
    environment.filters.update(FILTERS)
    environment.tests.update(grid=lambda thing: isinstance(thing, Grid), brief=brief)
    return environment


class CompiledBeside(jinja2.BytecodeCache):
    """Keeps compiled templates in ``__pycache__``, by the rules that Python has for its own.

    ``PYTHONDONTWRITEBYTECODE`` and ``PYTHONPYCACHEPREFIX`` hold, a folder that cannot be written to is
    no error, and the name tells which Python, which Jinja and which options a file is of. Jinja
    compares the checksum of the source.
    """

    def __init__(self) -> None:
        made_by = repr((jinja2.__version__, sorted(_OPTIONS.items())))
        self._made_by = hashlib.sha256(made_by.encode()).hexdigest()[:16]

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002
        """The path of the compiled template; empty when it has no place."""
        if filename is None or sys.implementation.cache_tag is None:
            return ""
        # The path has the tag of this Python; whatever else makes a difference it calls optimization.
        return importlib.util.cache_from_source(filename, optimization=self._made_by)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was kept, if it is there and whole."""
        try:
            bucket.bytecode_from_string(Path(bucket.key).read_bytes())
        except Exception:  # noqa: BLE001 - a file that cannot be read, for whatever reason, is made again
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, whole or not at all, where that is possible and wanted."""
        if sys.dont_write_bytecode or not bucket.key:
            return
        path = Path(bucket.key)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(bucket.bytecode_to_string())
            part.replace(path)
