"""The embedded PACS: the archive served over DIMSE and DICOMweb, with faults that can be switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenario_runner.pacs.options import PacsOptions
    from scenario_runner.pacs.server import EmbeddedPacs, serve

__all__ = ["EmbeddedPacs", "PacsOptions", "serve"]


def __getattr__(name: str) -> Any:
    """Load the server only when somebody wants one: pydicom takes a fifth of a second."""
    if name == "PacsOptions":
        from scenario_runner.pacs.options import PacsOptions

        return PacsOptions
    if name in __all__:
        from scenario_runner.pacs import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
