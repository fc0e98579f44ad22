"""A lock: what was meant stays what is used, and what differs is told by its file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.app.libraries import lock_libraries, lock_path, verify_lock
from scenario_runner.app.load import Sources, load
from scenario_runner.errors import InvalidInput, NothingSelected
from scenario_runner.libraries.content import whole_digest
from scenario_runner.libraries.lock import Locked, read_lock, write_lock
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate

LOOK = step_list("look", [{"echo": {"to": "pacs"}}])
USE = {"use": {"steps": "l/look@^1"}}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        {
            "s.yaml": scenario(USE), "libs/l/library.yaml": library("l", "1.0.0"),
            "libs/l/steps/look.yaml": LOOK,
        },
    )  # fmt: skip


def sources(work: Path) -> Sources:
    return Sources(paths=[work])


def codes(work: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load(sources(work))
    return [f"{one.code} {one.message}" for one in caught.value.diagnostics]


def newer(work: Path, version: str) -> None:
    write(
        work / "libs" / f"l-{version}",
        {"library.yaml": library("l", version), "steps/look.yaml": LOOK},
    )


@pytest.mark.parametrize(
    "command", [("library", "lock"), ("library", "update"), ("validate", "s.yaml"), ("copy", "l/x")]
)
def test_a_library_that_cannot_be_read_is_told_once_and_is_not_just_missing(
    work: Path, command: tuple[str, ...]
) -> None:
    with (work / "libs" / "l" / "library.yaml").open("a") as file:
        file.write("\nversoin: 1\n")
    done = fabricate(*command, cwd=work).check(3)
    assert (done.out + done.err).count("unknown key 'versoin'; did you mean 'version'?") == 1


def test_a_run_refuses_what_is_not_as_it_was_locked_and_names_the_file(work: Path) -> None:
    fabricate("library", "lock", cwd=work).check()
    (work / "libs" / "l" / "steps" / "look.yaml").write_text("# other\n" + yaml_of(LOOK))
    done = fabricate("run", "s.yaml", "--out", "out", cwd=work).check(3)
    assert (
        "error FAB610: 'l' 1.0.0 in libs/l is not what was locked: 'steps/look.yaml' has changed"
        in done.err
    )
    assert not (work / "out").exists()
    fabricate("library", "lock", cwd=work).check()
    done = fabricate("run", "s.yaml", "--out", "out", cwd=work).check()
    assert "without a lock" not in done.err
    assert (work / "out" / "inputs" / "fabricate.lock").is_file()


def test_a_lock_of_the_working_folder_holds_what_lies_below_it_and_is_run_by_name(
    work: Path,
) -> None:
    own = scenario({"use": {"steps": "look"}}, name="own")
    write(work, {"a/b/mine.yaml": scenario(USE, name="mine"), "libs/l/scenarios/own.yaml": own})
    fabricate("library", "lock", cwd=work).check()
    for what in ("a/b/mine.yaml", "l", "libs"):
        done = fabricate("run", what, cwd=work).check()
        assert "without a lock" not in done.err
    (work / "libs" / "l" / "steps" / "look.yaml").write_text("# other\n" + yaml_of(LOOK))
    for what in ("a/b/mine.yaml", "l", "libs/l/scenarios/own.yaml"):
        assert "fabricate.lock:5:14: error FAB610" in fabricate("run", what, cwd=work).check(3).err
    assert lock_path(Sources(paths=[work / "a"])) == work / "fabricate.lock"


def test_libraries_that_are_run_by_their_names_alone_are_locked(work: Path) -> None:
    own = scenario({"use": {"steps": "look"}}, name="own")
    write(work, {"libs/l/scenarios/own.yaml": own})
    (work / "s.yaml").unlink()
    assert "l 1.0.0 added" in fabricate("library", "lock", cwd=work).check().out
    assert "without a lock" not in fabricate("run", "l/own", cwd=work).check().err
    (work / "libs" / "l" / "steps" / "look.yaml").write_text("# other\n" + yaml_of(LOOK))
    assert "FAB610" in fabricate("run", "l/own", cwd=work).check(3).err


def yaml_of(data: object) -> str:
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False))


def test_a_locked_version_stays_until_it_is_updated(work: Path) -> None:
    lock_libraries(sources(work))
    newer(work, "1.5.0")
    load(sources(work))
    _, changes = lock_libraries(sources(work))
    assert changes == []
    _, changes = lock_libraries(sources(work), ["l"])
    assert [one.told for one in changes] == ["l 1.0.0 → 1.5.0"]
    lock = read_lock(work / "fabricate.lock")
    assert lock is not None
    assert [(one.version, one.source) for one in lock.libraries] == [("1.5.0", "libs/l-1.5.0")]


def test_what_the_lock_does_not_have_is_not_used(work: Path) -> None:
    lock_libraries(sources(work))
    write(work, {"s.yaml": scenario({"use": {"steps": "l/look@^1.5"}})})
    newer(work, "1.5.0")
    assert codes(work) == ["FAB610 fabricate.lock has 'l' 1.0.0; ^1.5 is asked for"]
    (work / "libs" / "l").rename(work / "old")
    write(work, {"s.yaml": scenario({"use": {"steps": "l/look"}})})
    assert codes(work) == ["FAB610 fabricate.lock has 'l' 1.0.0; here is 1.5.0"]
    write(work / "libs" / "m", {"library.yaml": library("m"), "steps/look.yaml": LOOK})
    write(work, {"s.yaml": scenario({"use": {"steps": "m/look"}})})
    assert codes(work) == ["FAB610 fabricate.lock does not have 'm'"]


def test_a_lock_verifies_wherever_the_work_is_copied_to(work: Path, tmp_path: Path) -> None:
    lock_libraries(sources(work))
    other = tmp_path / "elsewhere"
    shutil.copytree(work / "libs", other / "libs")
    for name in ("s.yaml", "fabricate.lock"):
        shutil.copy(work / name, other)
    assert verify_lock(sources(other))[1] == [f"l 1.0.0 ({other / 'libs' / 'l'})"]
    (other / "libs" / "l" / "more.txt").write_text("")
    with pytest.raises(InvalidInput, match=r"'more\.txt' is new"):
        verify_lock(sources(other))
    shutil.rmtree(other / "libs")
    with pytest.raises(InvalidInput, match="is locked and not here"):
        verify_lock(sources(other))


def test_without_a_lock_there_is_nothing_to_verify(work: Path) -> None:
    with pytest.raises(NothingSelected):
        verify_lock(sources(work))


def test_the_lock_lies_beside_the_settings_and_says_the_commit(work: Path) -> None:
    (work / "fabricate.toml").write_text('libraries = ["libs"]\n')
    below = work / "a" / "b"
    below.mkdir(parents=True)
    (work / "s.yaml").rename(below / "s.yaml")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(work)]
    for arguments in (["init", "-q"], ["add", "libs"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    path, _ = lock_libraries(Sources(paths=[below]))
    assert path.resolve() == (work / "fabricate.lock").resolve()
    lock = read_lock(path)
    assert lock is not None
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert lock.libraries[0].commit == head.stdout.strip()


def test_a_lock_that_was_edited_is_refused(work: Path) -> None:
    lock_libraries(sources(work))
    path = work / "fabricate.lock"
    path.write_text(path.read_text().replace('sha256: "', 'sha256: "0', 1))
    assert codes(work)[0].startswith("FAB610 the digest of 'l' 1.0.0")


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Cf")),
    min_size=1,
    max_size=12,
)


@given(st.dictionaries(NAMES, st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=4), NAMES)
def test_what_a_lock_is_written_with_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], source: str
) -> None:
    path = tmp_path_factory.mktemp("lock") / "fabricate.lock"
    one = Locked(name="l", version="1.0.0", source=source, sha256=whole_digest(files), files=files)
    write_lock(path, [one])
    lock = read_lock(path)
    assert lock is not None
    assert lock.libraries == (one,)


@pytest.mark.parametrize(
    ("text", "told"),
    [("3", "the file must be a mapping"), ("schema: site/v1\nname: x\n", "this is a site file")],
)
def test_what_is_no_scenario_is_told_with_its_place_where_a_lock_is_made(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "s.yaml").write_text(text, "utf-8")
    for command in (("lock",), ("update", "--of")):
        done = fabricate("library", *command, "s.yaml", cwd=tmp_path)
        assert done.code == 3
        assert "s.yaml:1:" in done.err
        assert told in done.err
