"""Packed libraries: used like a folder, the same bytes each time, and nothing in them is believed."""

from __future__ import annotations

import json
import stat
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.app.libraries import pack
from scenario_runner.app.load import Sources, load
from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.libraries.archive import MANIFEST, unpack
from scenario_runner.libraries.content import file_digests
from scenario_runner.libraries.places import Places
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate

LOOK = step_list("look", [{"log": {"message": "{{ studies[0].acession }}"}}])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sound = step_list("look", [{"echo": {"to": "pacs"}}])
    files = {
        "library.yaml": library("l"),
        "steps/look.yaml": sound,
        "data/a.bin": "x",
        ".git/HEAD": "x",
    }
    return write(tmp_path / "l", files)


def test_the_same_files_give_the_same_bytes_and_come_back(folder: Path, tmp_path: Path) -> None:
    first = pack(folder, tmp_path / "a.fablib")
    (folder / "data" / "a.bin").touch()
    second = pack(folder, tmp_path / "b.fablib")
    assert first.read_bytes() == second.read_bytes()
    libraries = Places()
    assert file_digests(libraries.read(first)) == file_digests(libraries.read(folder))
    assert list(file_digests(libraries.read(first))) == [
        "data/a.bin",
        "library.yaml",
        "steps/look.yaml",
    ]
    with pytest.raises(UsageError):
        pack(folder, first)


def test_a_packed_library_is_used_like_a_folder(folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    write(work, {"s.yaml": scenario({"use": {"steps": "l/look@^1"}})})
    (work / "libs").mkdir()
    pack(folder, work / "libs" / "l-1.0.0.fablib")
    loaded = load(Sources(paths=[work / "s.yaml"]))
    assert [one.id for one in loaded.scenarios[0].steps] == ["use.echo"]
    assert loaded.libraries is not None
    assert [one.source for one in loaded.libraries.used.values()] == [
        work / "libs" / "l-1.0.0.fablib"
    ]


def test_the_scenarios_of_a_packed_library_are_run_by_its_name(
    folder: Path, tmp_path: Path
) -> None:
    write(folder, {"scenarios/own.yaml": scenario({"use": {"steps": "look"}})})
    packed = pack(folder, tmp_path / "elsewhere.fablib")
    (one,) = load(Sources(paths=[packed])).scenarios
    assert [step.id for step in one.steps] == ["use.echo"]


def test_a_folder_of_libraries_runs_the_scenarios_of_the_newest_of_each(
    folder: Path, tmp_path: Path
) -> None:
    libs = tmp_path / "libs"
    look = scenario({"use": {"steps": "look"}}, name="look")
    sound = step_list("look", [{"echo": {"to": "pacs"}}])
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        files = {"library.yaml": library("a", version), "steps/look.yaml": sound}
        write(libs / f"a-{version}", {**files, "scenarios/look.yaml": look})
    other = scenario({"use": {"steps": "look"}}, name="other")
    write(folder, {"scenarios/other.yaml": other})
    pack(folder, libs / "l-1.0.0.fablib")
    loaded = load(Sources(paths=[libs]))
    assert [one.header.name for one in loaded.scenarios] == ["look", "other"]
    assert "a-1.10.0" in loaded.scenarios[0].document.file
    assert "a/look" in fabricate("list", libs).check().out
    page = fabricate("library", "docs", "a@~1.9", cwd=tmp_path).check().out
    assert page.startswith("# a 1.9.0\n")
    assert "there is: 1.10.0, 1.9.0, 1.0.0" in fabricate(
        "library", "docs", "a@^2", cwd=tmp_path
    ).check(2).err  # fmt: skip


def test_a_library_that_is_not_sound_is_not_packed(folder: Path, tmp_path: Path) -> None:
    write(folder, {"steps/look.yaml": "schema: steps/v1\nname: look\n"})
    with pytest.raises(InvalidInput):
        pack(folder, tmp_path / "a.fablib")
    assert not (tmp_path / "a.fablib").exists()


Spoil = Callable[[dict[str, bytes], dict[str, Any]], object]


def renamed(name: str) -> Spoil:
    def spoil(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
        files[name] = files.pop("data/a.bin")
        manifest["files"][name] = manifest["files"].pop("data/a.bin")

    return spoil


SPOILT: dict[str, tuple[Spoil, str]] = {
    "up": (renamed("../a.bin"), "leads out of its folder"),
    "absolute": (renamed("/etc/a.bin"), "leads out of its folder"),
    "drive": (renamed("C:/a.bin"), "leads out of its folder"),
    "backslash": (renamed("..\\a.bin"), "leads out of its folder"),
    "odd": (renamed("data/./a.bin"), "is no name of a file"),
    "case": (renamed("steps/Look.yaml"), "upper and lower case"),
    "changed": (lambda files, _: files.update({"data/a.bin": b"y"}), "its digest differs"),
    "missing": (lambda files, _: files.pop("data/a.bin"), "lacks 'data/a.bin'"),
    "more": (lambda files, _: files.update({"b": b""}), "does not list"),
    "manifest": (lambda _, manifest: manifest.update({"files": {}}), "manifest is damaged"),
}


@pytest.mark.parametrize("name", [*SPOILT, "link", "no manifest", "no zip"])
def test_an_archive_that_is_not_sound_is_refused_and_nothing_leaves_its_folder(
    name: str, folder: Path, tmp_path: Path
) -> None:
    path = pack(folder, tmp_path / "a.fablib")
    with zipfile.ZipFile(path) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    words = {
        "link": "which is no file",
        "no manifest": "has no manifest",
        "no zip": "no archive of a library",
    }
    spoil, said = SPOILT.get(name, (lambda *_: None, words.get(name, "")))
    spoil(files, manifest)
    if name != "manifest":
        from scenario_runner.libraries.content import whole_digest

        manifest["sha256"] = whole_digest(manifest["files"])
    with zipfile.ZipFile(path, "w") as archive:
        if name != "no manifest":
            archive.writestr(MANIFEST, json.dumps(manifest))
        for one, content in files.items():
            info = zipfile.ZipInfo(one)
            info.external_attr = (stat.S_IFLNK if name == "link" else stat.S_IFREG) << 16
            archive.writestr(info, content)
    if name == "no zip":
        path.write_bytes(b"PK not really")
    before = sorted(tmp_path.rglob("*"))
    to = tmp_path / "to" / "deep"
    to.mkdir(parents=True)
    with pytest.raises(InvalidInput, match=said) as caught:
        unpack(path, to)
    assert {one.code for one in caught.value.diagnostics} == {"FAB613"}
    after = [one for one in sorted(tmp_path.rglob("*")) if not one.is_relative_to(tmp_path / "to")]
    assert after == before


def test_an_archive_with_a_damaged_byte_is_refused_wherever_it_is(
    folder: Path, tmp_path: Path
) -> None:
    """What decompresses for zipfile has errors of its own."""
    sound = pack(folder, tmp_path / "a.fablib").read_bytes()
    damaged, codes = tmp_path / "b.fablib", Counter[str]()
    for at in range(len(sound)):
        damaged.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        try:
            unpack(damaged, tmp_path / f"unpacked{at}")
        except InvalidInput as error:
            codes.update(one.code for one in error.diagnostics)
    assert set(codes) == {"FAB613"}
    assert codes["FAB613"] > len(sound) / 2
