"""The main job in environments other than this one: the lowest versions, other Pythons, the wheel alone.

What ``pyproject.toml`` says is enough has to be enough: a floor that no longer holds is found here and
not by the first who has it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OTHERS = ("3.12", "3.13")


def interpreters() -> list[str]:
    """Other Pythons that are installed here, on the path or by pyenv; there may be none."""
    found = []
    for version in OTHERS:
        kept = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
        for candidate in (shutil.which(f"python{version}"), *map(str, kept)):
            if candidate and _works(candidate, version):
                found.append(candidate)
                break
    return found


def _works(python: str, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == version


def floors() -> list[str]:
    """Each dependency at the lowest version that is said to do."""
    lowest = []
    for line in PROJECT["dependencies"]:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            [floor] = requirement.specifier
            assert floor.operator == ">=", f"{line}: a floor is written with >="
            lowest.append(f"{requirement.name}=={floor.version}")
    return lowest


def pinned() -> list[str]:
    """The versions that the tests here run with, of whatever is installed."""
    return ["--constraint", str(ROOT / "constraints.txt")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=200)
    [made] = folder.glob("*.whl")
    return made


def run_in(folder: Path, python: str, wheel: Path, packages: list[str]) -> str:
    """What the main job prints in a new environment with the wheel and these packages."""
    environment = folder / "env"
    subprocess.run(
        [python, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=100
    )
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    there = str(scripts / "python")
    by_uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", there]
    by_pip = [sys.executable, "-m", "pip", "--python", there, "install", "--quiet", "--no-compile"]
    done = subprocess.run([*by_uv, str(wheel), *packages], check=False, timeout=250)
    if done.returncode != 0:  # as behind an index that pip alone is told of
        subprocess.run([*by_pip, str(wheel), *packages], check=True, timeout=250)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    ran = subprocess.run(
        [str(scripts / "fabricate"), "run", "xray_smoke.yaml", "--registry", ":memory:"],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a copy of a shipped scenario and nothing of this checkout."""
    shutil.copy(ROOT / "scenarios/xray_smoke.yaml", tmp_path)
    return tmp_path


@pytest.mark.timeout(600)
def test_the_lowest_versions_do_the_main_job(place: Path, wheel: Path) -> None:
    assert "1 case: 1 passed" in run_in(place, sys.executable, wheel, floors())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("python", interpreters(), ids=lambda path: Path(path).parts[-3])
def test_other_pythons_do_the_main_job(python: str, place: Path, wheel: Path) -> None:
    assert "1 case: 1 passed" in run_in(place, python, wheel, pinned())


def test_the_source_archive_has_what_the_readme_names(tmp_path: Path) -> None:
    import tarfile

    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory"]
    subprocess.run([*command, str(tmp_path)], cwd=ROOT, check=True, timeout=100)
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"dev.py", "constraints.txt", "CONTRIBUTING.md", "README.md", "LICENSE"} <= names


def test_the_wheel_says_under_which_licences_its_fonts_are(wheel: Path) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith("dist-info/METADATA")]
        metadata = files.read(name).decode("utf-8")
        licences = {Path(name).name for name in files.namelist() if "/licenses/" in name}
    assert "License-Expression: MIT AND Bitstream-Vera AND Apache-2.0 AND OFL-1.1" in metadata
    fonts = {path.name for path in (ROOT / "scenario_runner/imaging/text/fonts").glob("*.txt")}
    assert {"LICENSE", *fonts} <= licences
