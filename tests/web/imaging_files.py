"""Files for uploads, and what is done with them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.archive.samples import sample

if TYPE_CHECKING:
    import httpx2

    from tests.web.served import Served


def ct(study: str = "1.2.3", series: int = 1, number: int = 1, **attributes: Any) -> bytes:
    """A small CT image as a file."""
    return sample(study, series, number, **attributes).file


def upload(service: Served, *files: bytes | tuple[str, bytes], to: str = "") -> httpx2.Response:
    """Send files as a browser does."""
    named = [one if isinstance(one, tuple) else (f"{n}.dcm", one) for n, one in enumerate(files)]
    to = to or ("upload" if len(files) == 1 else "upload-multiple")
    parts = [("files", (name, data, "application/dicom")) for name, data in named]
    return service.client.post(f"{service.api}/{to}", files=parts)
