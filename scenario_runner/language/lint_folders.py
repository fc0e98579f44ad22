"""Warnings about folders of the run that are called as a target is, where something was perhaps to be sent there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic
from scenario_runner.fields.scalars import as_written
from scenario_runner.fields.types import RunFolder

if TYPE_CHECKING:
    from pydantic import BaseModel

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.language.schema_marks import Mark

_FOLDERS = (RunFolder, RunFolder | None)


def named_as_targets(
    document: Document, marked: Iterable[Mark], plugins: Offered, targets: Collection[str]
) -> Iterator[Diagnostic]:
    """Steps that write into a folder of the run whose name is that of a target: ``retrieve: {to: archive}``."""
    steps = plugins.steps()
    for mark in marked:
        if (mark.kind, mark.what) != ("x-entry-of", "step") or not isinstance(mark.value, dict):
            continue
        for step in filter(steps.__contains__, mark.value):
            given = mark.value[step]
            for key in _folders(steps[step]) if isinstance(given, dict) else ():
                name = as_written(given.get(key))
                if isinstance(name, str) and name in targets:
                    yield Diagnostic(
                        "FAB909",
                        document.where((*mark.path, step, key)),
                        f"'{name}' is a folder of the run here, and a target is called so too",
                        f"to send there, add a step: send: {{to: {name}}}; for a folder, take another name",
                        "warning",
                    )


@lru_cache(maxsize=256)
def _folders(model: type[BaseModel]) -> list[str]:
    """The parameters of a step that name a folder of the run."""
    fields = model.model_fields.items()
    return [field.alias or key for key, field in fields if field.annotation in _FOLDERS]
