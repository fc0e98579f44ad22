"""What a killed process leaves in the system's temporary folder is gone when the next one needs some."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scenario_runner import temporary
from scenario_runner.owning import OwnedError, Ownership
from tests.engine.test_interruption import until
from tests.running import SMOKE, command, environment, fabricate, write_scenario


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_run_s_folders_are_removed_by_the_next_run_and_nothing_else(
    tmp_path: Path,
) -> None:
    temporary, out = tmp_path / "temporary", tmp_path / "run"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary), "TEMP": str(temporary)}
    scenario = write_scenario(
        tmp_path / "long.yaml", [{"send": {"to": "pacs"}}, {"pause": {"for": "60s"}}]
    )
    process = subprocess.Popen(
        command("run", scenario, "--registry", ":memory:", "--out", out),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(env),
    )  # fmt: skip
    until(out, '"step_started"', '"pause"')
    (temporary / "fabricate-of-somebody-else").mkdir()
    fabricate("run", SMOKE, "--registry", ":memory:", "--out", tmp_path / "beside", env=env).check()
    while_it_runs = left(temporary)
    process.kill()
    process.wait(30)
    assert len(while_it_runs) >= 3
    assert left(temporary) == while_it_runs
    fabricate("run", SMOKE, "--registry", ":memory:", "--out", tmp_path / "next", env=env).check()
    assert left(temporary) == ["fabricate-of-somebody-else"]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")
def test_a_link_that_looks_like_a_folder_of_ours_is_not_followed(tmp_path: Path) -> None:
    temporary, precious = tmp_path / "temporary", tmp_path / "precious"
    for folder in (temporary, precious):
        folder.mkdir()
    (precious / ".owner").touch()
    (temporary / "fabricate-link").symlink_to(precious)
    program = "from scenario_runner.temporary import TemporaryFolder as T; T().remove()"
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment({"TMPDIR": str(temporary)})
    )
    assert left(temporary) == ["fabricate-link"]
    assert (precious / ".owner").exists()


def test_a_folder_that_is_in_use_stays(tmp_path: Path) -> None:
    program = (
        "import sys; from scenario_runner.temporary import TemporaryFolder as T\n"
        "with T() as folder: print(folder, flush=True); sys.stdin.read()"
    )
    env = environment({"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)})
    start = [sys.executable, "-c", program]
    with (
        subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as first,
        subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as second,
    ):
        assert first.stdout is not None
        assert second.stdout is not None
        folders = {first.stdout.readline(), second.stdout.readline()}
        assert len(folders) == len(left(tmp_path)) == 2
        first.communicate()
        second.communicate()
    assert left(tmp_path) == []


def test_a_folder_that_was_taken_for_abandoned_while_it_was_made_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[Path] = []

    def removed_before_it_is_owned(owner: Path) -> Ownership:
        ownership = Ownership(owner)
        if not taken:
            taken.append(owner.parent)
            shutil.rmtree(owner.parent)
        return ownership

    monkeypatch.setattr(temporary, "Ownership", removed_before_it_is_owned)
    with temporary.TemporaryFolder() as folder:
        assert folder.is_dir()
        assert [folder] != taken


@pytest.mark.skipif(os.name == "nt", reason="what is open cannot be removed there")
def test_nobody_can_own_a_folder_while_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned = tmp_path / f"{temporary.PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / ".owner").touch()

    def remove(folder: Path, ignore_errors: bool) -> None:
        with pytest.raises(OwnedError):
            Ownership(folder / ".owner")
        assert ignore_errors
        real(folder)

    real = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", remove)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = temporary.TemporaryFolder()
    assert not abandoned.exists()
    real(folder.path)
