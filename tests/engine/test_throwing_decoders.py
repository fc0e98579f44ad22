"""A decoder of another maker that throws or dies in the middle of a whole run: it was reached, and nothing else fell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scenario_runner import decoding
from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import reported
from tests.engine.probe.decoders.sitecustomize import KINDS
from tests.engine.test_thrown import play, request, require_whole
from tests.running import steps, write_site

HOOK = Path(__file__).parent / "probe" / "decoders"
DOES = [*KINDS, "a kill", "an end"]
CANNOT = {"a kill": "the decoder ended its process", "an end": "the decoder ended its process"}
SERIES = {"modality": "CT", "images": 1, "size": [64, 64], "transfer_syntax": "jpeg-ls"}
ENTRIES: list[dict[str, Any]] = [
    {"generate": {"to": "made"}},
    {"validate": {"what": "generated"}},
    {"send": {"to": "pacs"}},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {"retrieve": {"from": "pacs", "transfer_syntax": "explicit-le"}, "fails": "A702"},
    {"retrieve": {"from": "pacs", "via": "wado", "as": "frames"}, "fails": "cannot be decoded"},
    {"retrieve": {"from": "pacs", "via": "wado", "as": "rendered"}, "fails": "cannot be shown"},
    {"assert": [{"pixels": {"of": "back", "equal": "sent"}}]},
    {"probe": {}},
]


@pytest.fixture
def reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the decoder notes that it was asked; processes that decode are new ones, which load it."""
    path = os.pathsep.join(filter(None, [str(HOOK), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("FABRICATE_TEST_REACHED", str(tmp_path / "reached"))
    decoding._workers().close()
    yield tmp_path / "reached"
    decoding._workers().close()


def asked(reached: Path) -> int:
    return len(reached.read_text().splitlines()) if reached.exists() else 0


@pytest.mark.parametrize("does", DOES)
def test_what_a_decoder_does_in_a_run_is_pixels_that_cannot_be_decoded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reached: Path,
    capsys: pytest.CaptureFixture[str],
    does: str,
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_DECODER", does)
    job = request(tmp_path, ENTRIES, patients=[{"studies": [{"series": [SERIES]}]}])
    write_site(
        tmp_path / "site.yaml",
        {"pacs": {"embedded": {"faults": [{"pixels": {}}]}}},  # equal bytes would not be decoded
        plugins=str(HOOK.parent),
    )
    assert play(job) == 1
    # A preview, the PACS three times, and the check.
    assert asked(reached) >= 5
    result = require_whole(tmp_path, "failed")
    told = steps(result)
    assert [one["outcome"] for one in list(told.values())[:8]] == ["passed"] * 7 + ["failed"]
    difference = told["assert"]["checks"][0]["differences"][0]["actual"]
    assert "cannot be decoded" in difference
    assert CANNOT.get(does, "") in difference
    assert told["probe"]["outcome"] == "skipped"
    assert list((tmp_path / "run" / "evidence").rglob("*.png")), "a card that says so"
    before = asked(reached)
    file = next((tmp_path / "run" / "made").rglob("*.dcm"))
    png = str(tmp_path / "view.png")
    assert reported(partial(fabricate.main, ["view", str(file), "--png", png])) == 3
    assert asked(reached) > before
    said = capsys.readouterr().err
    assert "the pixels cannot be shown" in said
    assert "Traceback" not in said
