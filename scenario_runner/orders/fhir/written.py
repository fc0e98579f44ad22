"""What a server's answer to a write says: which resource it is now, and what it did not keep."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.documents import Resource, name_of


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a resource. created: False where there was one already, or one was changed."""

    reference: str
    created: bool
    status: int
    resource: Resource | None
    lost: tuple[str, ...] = ()
    """Elements that the server gives back without, or with something else, than was written."""


def reference_of(location: str, resource: Resource) -> str:
    """``Patient/123`` of a Location header, without its history; empty where nobody says."""
    parts = [one for one in urlsplit(location).path.split("/") if one]
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    if len(parts) >= 2:
        return "/".join(parts[-2:])
    return name_of(resource) if resource.get("id") else ""


def lost(written: Resource, kept: Resource | None) -> tuple[str, ...]:
    """Elements that are not in what the server kept; what it adds is its own business."""
    if kept is None:
        return ()
    names = (name for name in written if name not in ("id", "meta", "text"))
    return tuple(name for name in names if not _is_in(written[name], kept.get(name)))


def _is_in(written: Any, kept: Any) -> bool:
    if isinstance(written, dict):
        return isinstance(kept, dict) and all(
            _is_in(value, kept.get(key)) for key, value in written.items()
        )
    if isinstance(written, list):
        return isinstance(kept, list) and all(
            any(_is_in(one, other) for other in kept) for one in written
        )
    return bool(written == kept)
