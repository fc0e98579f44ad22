"""The check ``conformant`` fails for what a validator finds in one file or between files."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.checks.conformant import Conformant
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.standard import Standard
from scenario_runner.errors import UsageError
from tests.conformance import objects

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.api import CheckResult


def evaluated(files: dict[str, Path], *, using: str = "standard") -> CheckResult:
    validators = {"standard": Standard(), "dciodvfy": Dciodvfy()}
    context: Any = SimpleNamespace(
        validator=validators.__getitem__,
        retrieved=lambda _name: SimpleNamespace(files=files),
        deadline=SimpleNamespace(check=lambda: None),
        progress=lambda *_: None,
    )
    return Conformant.model_validate({"of": "back", "with": [using]}).evaluate(context)


def stack(folder: Path, count: int = 3) -> dict[str, Path]:
    return {
        f"2.25.{index}": objects.write(folder / f"{index}.dcm", objects.ct(index))
        for index in range(count)
    }


def test_good_files_pass_and_the_validator_is_named_with_its_version(tmp_path: Path) -> None:
    result = evaluated(stack(tmp_path))
    assert result.outcome == "passed"
    assert result.actual["validators"] == {"standard": Standard().version()}


def test_one_broken_file_fails_and_is_named(tmp_path: Path) -> None:
    files = stack(tmp_path)
    broken = objects.ct(1)
    objects.put(broken, "WindowWidth", "0")
    objects.write(tmp_path / "1.dcm", broken)
    result = evaluated(files)
    assert result.outcome == "failed"
    assert {(each.subject, each.attribute) for each in result.differences} == {
        ("2.25.1", "WindowWidth")
    }


def test_files_that_disagree_fail_though_each_is_good(tmp_path: Path) -> None:
    files = stack(tmp_path)
    other = objects.ct(2)
    objects.put(other, "PatientID", "ANOTHER")
    objects.write(tmp_path / "2.dcm", other)
    result = evaluated(files)
    (difference,) = result.differences
    assert result.outcome == "failed"
    assert (difference.subject, difference.attribute) == ("2.25.2", "PatientID")


def test_an_absent_validator_is_an_error_not_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = stack(tmp_path, 1)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="'dciodvfy' is not installed"):
        evaluated(files, using="dciodvfy")


def test_no_file_at_all_is_no_pass() -> None:
    assert evaluated({}).outcome == "failed"
