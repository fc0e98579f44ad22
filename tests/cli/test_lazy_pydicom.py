"""A process that decodes nothing does not load GDCM; one that does has it as if nothing had been."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import sys
from scenario_runner.cli.lazy_pydicom import keep_back
keep_back()
import pydicom
assert "gdcm" not in sys.modules
assert "requests" not in sys.modules
from scenario_runner.decoding import can_decode
assert can_decode("1.2.840.10008.1.2.4.70")
assert "gdcm" in sys.modules
import gdcm
assert gdcm.Version.GetVersion()
"""


def test_gdcm_is_there_as_soon_as_something_is_to_be_decoded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_lossless_jpeg_is_written_and_read_by_the_command(tmp_path: Path) -> None:
    scenario = tmp_path / "lossless.yaml"
    scenario.write_text(
        "schema: scenario/v1\nname: lossless\npatients:\n  - studies:\n      - series:\n"
        "          - {modality: CT, images: 1, size: [64, 64], transfer_syntax: jpeg-lossless}\n"
        "steps:\n  - generate: {to: made}\n",
        encoding="utf-8",
    )
    fabricate("run", scenario, "--out", tmp_path / "run").check(0)
    (file,) = (tmp_path / "run").rglob("*.dcm")
    fabricate("view", file, "--png", tmp_path / "seen.png").check(0)
    assert (tmp_path / "seen.png").read_bytes().startswith(b"\x89PNG")
