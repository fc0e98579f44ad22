"""Faults as they are typed on a command line.

What faults there are and what each takes stands in ``fields.pacs_faults``, for files and ``--fault`` alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from scenario_runner.errors import UsageError
from scenario_runner.fields.pacs_faults import Fault, Faults

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")


def _settings(name: str) -> type[BaseModel]:
    kinds: tuple[type[BaseModel], ...] = get_args(Fault.model_fields[name].annotation)
    return kinds[0]


SETTINGS: Final[Mapping[str, type[BaseModel]]] = {
    name: _settings(name) for name in Fault.model_fields
}
"""What each fault takes. On a command line the first value belongs to the first field."""


def parse_faults(texts: Sequence[str]) -> list[Fault]:
    """Faults as typed: ``refuse=congestion``, ``answer=A700,share=0.5``, ``hang=3,on=store``, ``lose``.

    Raises UsageError that says what is wrong and what there is.
    """
    return [_fault(text) for text in texts]


def _fault(text: str) -> Fault:
    name, _, rest = text.partition("=")
    name = name.strip()
    if name not in SETTINGS:
        raise UsageError(f"there is no fault '{name}'", hint=f"one of: {', '.join(SETTINGS)}")
    try:
        return Fault.model_validate({name: _fields(name, rest)})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        takes = ", ".join(SETTINGS[name].model_fields)
        raise UsageError(
            f"fault '{where}': {first['msg']}", hint=f"{name} takes: {takes}"
        ) from error


def _fields(name: str, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    model = SETTINGS[name].model_fields
    for position, part in enumerate(part for part in text.split(",") if part.strip()):
        key, equals, value = part.partition("=")
        if not equals and position:
            raise UsageError(f"fault '{name}': '{part}' needs a name, as in 'share=0.5'")
        field, value = (key.strip(), value) if equals else (next(iter(model)), key)
        # The models are strict, so that YAML's "3" is no number; on a command line all is text.
        is_number = field in ("after", "by") and _WHOLE.fullmatch(value.strip())
        fields[field] = int(value) if is_number else value.strip()
    return fields


ADAPTER: Final[TypeAdapter[list[Fault]]] = TypeAdapter(Faults)
"""Reads and writes a list of faults."""
