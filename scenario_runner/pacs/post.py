"""What one PACS is among the processes that may serve together; most serve alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import socket


@dataclass(frozen=True, slots=True)
class Post:
    """What a PACS does of what several processes do together.

    sharing: ``alone``; ``owner``, who opens ports and takes messages of HL7; ``member``, who answers on the sockets
    given. web: that of DICOMweb.
    """

    sharing: Literal["alone", "owner", "member"] = "alone"
    listening: socket.socket | None = None
    web: socket.socket | None = None
    lock: int | None = None
    """Of the owner's, on the folder, for members to hold it too: what they still do, nobody else may begin meanwhile."""
