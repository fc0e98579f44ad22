"""The API answers what its description says, whatever it is asked; and an upload can be followed."""

from __future__ import annotations

import json
import re
import threading
import uuid
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.web.described import explored
from tests.web.imaging_files import ct, upload
from tests.web.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.timeout(600)
def test_nothing_that_can_be_asked_fails_or_is_answered_as_nobody_said(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        upload(service, ct("1.2.826.0.1.3680043.8.498.1"))
        done = explored(service, 6, 280)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
        generated = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
        assert generated is not None
        assert int(generated[1]) > 100


def test_an_upload_is_followed_while_it_comes_and_told_when_it_has_ended(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        chosen, half = str(uuid.uuid4()), threading.Event()
        boundary = "b"

        def body() -> Iterator[bytes]:
            for number in (1, 2, 3):
                yield (
                    (
                        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{number}"\r\n\r\n'
                    ).encode()
                    + ct("1.2.3", number=number, size=800)
                    + b"\r\n"
                )
                if number == 2:
                    half.wait(30)
            yield f"--{boundary}--\r\n".encode()

        def send() -> None:
            httpx2.post(
                f"{service.api}/upload-multiple?upload_id={chosen}",
                content=body(),
                headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
                timeout=60,
            )

        sender = threading.Thread(target=send)
        sender.start()
        seen: list[tuple[str, dict[str, object]]] = []
        url = f"{service.api}/uploads/{chosen}/events"
        for _ in range(200):
            if service.client.get(f"{service.api}/uploads/{chosen}").status_code == 200:
                break
        with service.client.stream("GET", url) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                if line.startswith("data: "):
                    seen.append((kind, json.loads(line[6:])))
                    half.set()
        sender.join()
        assert seen[0][0] == "progress"
        assert seen[-1][0] == "ended"
        missing = service.client.get(f"{service.api}/uploads/{uuid.uuid4()}/events")
        assert missing.status_code == 404
