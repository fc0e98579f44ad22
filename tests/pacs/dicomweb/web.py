"""What tests of DICOMweb say to a server: multipart bodies by hand, and answers taken apart."""

from __future__ import annotations

import ssl
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.archive.samples import Sample

# Made once: reading the system's authorities takes longer than most of these requests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
BOUNDARY = "FABRICATOR"
STOW_TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def body(files: Iterable[bytes], part_type: str = "application/dicom") -> bytes:
    """A multipart body of these files."""
    parts = (
        f"--{BOUNDARY}\r\nContent-Type: {part_type}\r\n\r\n".encode() + file + b"\r\n"
        for file in files
    )
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def stow(
    url: str, samples: Iterable[Sample | bytes], study: str = "", **options: Any
) -> httpx2.Response:
    """POST instances to ``/studies``, or to a study."""
    files = [one if isinstance(one, bytes) else one.file for one in samples]
    path = f"/studies/{study}" if study else "/studies"
    headers = {"Content-Type": STOW_TYPE, **options.pop("headers", {})}
    options.setdefault("verify", NO_TLS)
    return httpx2.post(url + path, content=body(files), headers=headers, timeout=120, **options)


def get(url: str, accept: str | None = None, **options: Any) -> httpx2.Response:
    """GET with an Accept header."""
    headers = {"Accept": accept} if accept else {}
    options.setdefault("verify", NO_TLS)
    return httpx2.get(url, headers=headers, timeout=120, **options)


def parts(response: httpx2.Response) -> list[tuple[str, bytes]]:
    """Content type and content of each part, read by the standard library's parser of e-mail."""
    head = f"Content-Type: {response.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + response.content)
    assert message.is_multipart(), response.text
    found = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        # That parser writes every parameter between quotes.
        found.append((str(part["Content-Type"]).replace('"', ""), bytes(content)))
    return found
