"""A validator on its own says how it does, too: its disk, its broker, its queues."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.service.validator.studies import file
from tests.web.validator.test_uploads import served


def test_it_tells_its_health_its_readiness_and_its_numbers_to_who_may_know(tmp_path: Path) -> None:
    with (
        served(tmp_path / "data", token="a-token-of-the-site") as url,
        httpx2.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        assert client.get("/health").json() == {"status": "ok"}
        ready = client.get("/ready")
        assert ready.status_code == 200
        assert ready.json()["checks"] == {"disk": "ok", "broker": "ok"}
        assert client.get("/metrics").status_code == 401
        bearer = {"Authorization": "Bearer a-token-of-the-site"}
        assert client.post("/upload", files={"file": file()}, headers=bearer).status_code == 201
        text = client.get("/metrics", headers=bearer).text
        assert 'route="/upload",status="201"} 1.0' in text
        assert "fabricator_validator_queue_descriptor" in text
        assert "default-src" in ready.headers["content-security-policy"]
