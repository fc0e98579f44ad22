"""Libraries of git repositories, from a bare one on this machine: fetched once, locked by commit, or told why not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.app.libraries import lock_libraries, verify_lock
from scenario_runner.app.load import Sources, load
from scenario_runner.errors import InvalidInput, Where
from scenario_runner.language.rendering import render
from scenario_runner.libraries.git_command import Git, GitProblem
from scenario_runner.libraries.git_source import git_source
from scenario_runner.libraries.lock import read_lock
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate, record

LOOK = step_list("look", [{"echo": {"to": "pacs"}}])
USE = {"use": {"steps": "l/look"}}


def asked(folder: Path, *arguments: str) -> str:
    """What git says, whoever the user of this machine is."""
    who = [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Repository:
    """A bare repository, and the working tree that is pushed into it."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.tree = folder / "repo.git", folder / "tree"
        for place, more in ((self.bare, ("--bare",)), (self.tree, ())):
            place.mkdir(parents=True)
            asked(place, "init", "--quiet", "--initial-branch=main", *more)
        asked(self.tree, "remote", "add", "origin", str(self.bare))

    def publish(self, version: str, tag: str | None = None, **files: str) -> str:
        """Commit a version of the library in the folder libs/l, and push it; returns the commit."""
        content: dict[str, Any] = {"library.yaml": library("l", version), "steps/look.yaml": LOOK}
        write(self.tree / "libs" / "l", {**content, **files})
        asked(self.tree, "add", "--all")
        asked(self.tree, "commit", "--quiet", "--allow-empty", "-m", version)
        if tag is not None:
            asked(self.tree, "tag", "--force", "-a", tag, "-m", tag)
        asked(self.tree, "push", "--quiet", "--force", "--tags", "origin", "main")
        return asked(self.tree, "rev-parse", "HEAD")

    def address(self, ref: str | None = None) -> str:
        """As the settings name it."""
        return f"git+file://{self.bare}{'' if ref is None else f'@{ref}'}#libs/l"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "host")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return write(tmp_path / "work", {"s.yaml": scenario(USE)})


def named(work: Path, address: str) -> Sources:
    """The work, with an address in its settings."""
    write(work, {"fabricate.toml": f'# of all\nlibraries = ["{address}"]\n'})
    return Sources(paths=[work])


def found(sources: Sources) -> list[tuple[str, str | None]]:
    libraries = load(sources).libraries
    assert libraries is not None
    return [(str(one.version), one.commit) for one in libraries.used.values()]


def diagnostics(sources: Sources) -> str:
    with pytest.raises(InvalidInput) as caught:
        load(sources)
    return render(caught.value.diagnostics, "text")


def test_a_tag_a_branch_a_commit_and_the_head_are_fetched(
    work: Path, repository: Repository
) -> None:
    first = repository.publish("1.0.0", "v1.0.0")
    second = repository.publish("1.1.0")
    wanted = {
        "v1.0.0": ("1.0.0", first), first: ("1.0.0", first),
        "main": ("1.1.0", second), None: ("1.1.0", second),
    }  # fmt: skip
    for ref, expected in wanted.items():
        assert found(named(work, repository.address(ref))) == [expected]


def test_a_run_says_which_commit_it_used_and_a_rerun_needs_no_repository(
    work: Path, repository: Repository, tmp_path: Path, cache: Path
) -> None:
    commit = repository.publish("1.0.0", "v1")
    address = repository.address("v1")
    fabricate("run", "s.yaml", "--library", address, "--out", "a", cwd=work).check()
    assert f"l 1.0.0 ({address}, commit {commit[:12]})" in str(record(work / "a")["remarks"])
    for place in (tmp_path / "host", cache):
        place.rename(place.with_name("away-" + place.name))
    fabricate("rerun", "a", "--out", "b", cwd=work).check()
    assert not cache.exists()


def test_what_was_fetched_is_used_without_the_repository_until_a_lock_is_renewed(
    work: Path, repository: Repository
) -> None:
    first = repository.publish("1.0.0")
    sources = named(work, repository.address("main"))
    path, _ = lock_libraries(sources)
    lock = read_lock(path)
    assert lock is not None
    assert [(one.source, one.commit) for one in lock.libraries] == [
        (repository.address("main"), first)
    ]
    second = repository.publish("1.1.0")
    lock_libraries(sources)
    assert found(sources) == [("1.0.0", first)]
    away = repository.bare.with_name("away")
    repository.bare.rename(away)
    assert found(sources) == [("1.0.0", first)]
    verify_lock(sources)
    away.rename(repository.bare)
    _, changes = lock_libraries(sources, update=["l"])
    assert [one.told for one in changes] == ["l 1.0.0 → 1.1.0"]
    assert found(sources) == [("1.1.0", second)]


def test_a_lock_fetches_its_commit_where_nothing_is_cached_though_the_branch_went_on(
    work: Path, repository: Repository, cache: Path
) -> None:
    first = repository.publish("1.0.0")
    sources = named(work, repository.address("main"))
    lock_libraries(sources)
    repository.publish("1.1.0")
    cache.rename(cache.with_name("away"))
    assert found(sources) == [("1.0.0", first)]


def test_a_ref_that_moved_off_a_locked_commit_is_told_at_its_place(
    work: Path, repository: Repository, cache: Path
) -> None:
    repository.publish("1.0.0", "v1")
    sources = named(work, repository.address("v1"))
    lock_libraries(sources)
    repository.publish("1.0.0", "v1", other="changed")
    asked(repository.tree, "checkout", "--quiet", "--orphan", "again")
    asked(repository.tree, "branch", "-D", "main")
    asked(repository.tree, "branch", "-m", "main")
    now = repository.publish("1.0.0", "v1")
    asked(repository.bare, "reflog", "expire", "--expire=now", "--all")
    asked(repository.bare, "gc", "--quiet", "--prune=now")
    cache.rename(cache.with_name("away"))
    told = diagnostics(sources)
    assert f"{work}/fabricate.toml:2:15: error FAB614" in told
    assert "v1 has moved" in told
    assert now[:12] in told
    assert "fabricate library update" in told


def test_what_differs_from_the_lock_in_the_cache_is_refused(
    work: Path, repository: Repository, cache: Path
) -> None:
    repository.publish("1.0.0", "v1")
    sources = named(work, repository.address("v1"))
    lock_libraries(sources)
    (file,) = cache.rglob("look.yaml")
    file.write_text(file.read_text() + "# other\n")
    assert "'steps/look.yaml' has changed" in diagnostics(sources)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("@v9#libs/l", "v9"),
        ("@main#libs/none", "no folder 'libs/none'"),
        (
            "@main#sub/radiology",
            "'sub' is a submodule, whose files are in a repository of their own",
        ),
        ("@1234abc#libs/l", "a commit is named by its whole id"),
        ("-none@main", "does not"),
    ],
)
def test_what_is_not_to_be_had_is_told_at_its_place(
    work: Path, repository: Repository, end: str, said: str
) -> None:
    at = repository.publish("1.0.0")
    asked(repository.tree, "update-index", "--add", "--cacheinfo", f"160000,{at},sub")
    asked(repository.tree, "commit", "--quiet", "-m", "a submodule")
    asked(repository.tree, "push", "--quiet", "origin", "main")
    told = diagnostics(named(work, f"git+file://{repository.bare}{end}"))
    assert f"{work}/fabricate.toml:2:15: error FAB614" in told
    assert said in told
    done = fabricate("run", "l/any", cwd=work).check(3)
    assert "FAB614" in done.err


def test_without_git_it_is_told(
    work: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.publish("1.0.0")
    monkeypatch.setenv("PATH", str(work))
    assert "git is not installed" in diagnostics(named(work, repository.address("main")))


def test_who_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "git"
    write(program.parent, {"git": "#!/bin/sh\nsleep 600 & wait\n"})
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(GitProblem, match="no answer within"):
        Git()(["fetch"], patience=0.2)


@pytest.mark.parametrize(
    "text",
    [
        "git+http://host/r.git", "git+git://host/r.git", "git+ext::sh -c touch% x", "git+https://host",
        "git+https://host/r.git@--upload-pack=x", "git+https://host/r.git@a..b", "git+https:///r.git",
        "git+https://host/r.git#../x", "git+https://host/r.git@v1#a/../b", "git+file://host/r.git",
        "git+https://host/r.git?token=x", "git+https://host:port/r.git", "git+https://host/r.git@",
        "git+https://[host/r.git",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        git_source(text)
    assert [one.code for one in caught.value.diagnostics] == ["FAB615"]


def test_an_address_has_a_ref_with_slashes_and_a_folder() -> None:
    read = git_source("git+ssh://git@host:22/a/r.git@feature/x#libs/l")
    assert (read.url, read.ref, read.folder) == ("ssh://git@host:22/a/r.git", "feature/x", "libs/l")
    assert str(read) == "git+ssh://git@host:22/a/r.git@feature/x#libs/l"


SECRET = "tok-4711-secret"


def test_a_login_is_shown_nowhere(work: Path) -> None:
    address = f"git+https://user:{SECRET}@127.0.0.1:1/r.git@v1"
    write(work, {"here.toml": f'libraries = ["{address}"]\n'})
    read = git_source(address, Where(str(work / "here.toml"), 1, 15, 1, 20))
    assert read.login == ("user", SECRET)
    assert SECRET not in f"{read} {read!r}"
    told = diagnostics(named(work, address))
    assert "FAB614" in told
    assert "git+https://127.0.0.1:1/r.git@v1" in told
    wrong = diagnostics(named(work, address.replace(":1/", ":x/")))
    assert "FAB615" in wrong
    named(work, "libs")
    write(work, {"libs/l/library.yaml": library("l"), "libs/l/steps/look.yaml": LOOK})
    done = fabricate("run", "s.yaml", "--library", address, "--out", "a", cwd=work).check()
    kept = [one.read_bytes() for one in (work / "a").rglob("*") if one.is_file()]
    assert SECRET not in told + wrong + done.out + done.err + str(b"".join(kept))


def test_the_login_reaches_git_by_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin" / "git"
    write(
        program.parent,
        {"git": f'#!/bin/sh\necho "$@" > {said}\nenv >> {said}\nexit 1\n'},
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    source = git_source(f"git+https://user:{SECRET}@host/r.git")
    with pytest.raises(GitProblem):
        Git()(["fetch", "--", source.url], source=source)
    text = said.read_text()
    assert SECRET not in text
    assert "http.https://host/r.git.extraHeader" in text
    assert "Authorization: Basic dXNlcjp0b2stNDcxMS1zZWNyZXQ=" in text
    assert {"GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https:ssh:file"} <= set(text.splitlines())
