"""What the streams of server-sent events share: how a browser asks for one that does not keep a connection."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

Brief = Annotated[
    bool,
    Query(
        description="End after what there is now, and have the browser ask again in a second: "
        "a stream keeps one of the six connections that a browser gives a server."
    ),
]
AGAIN: Final = "retry: 1000\n\n"
"""What a brief stream begins with: milliseconds after which a browser asks again (HTML, 9.2.6)."""
