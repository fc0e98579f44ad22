"""Corrections on a PACS that knows no transactions: whatever comes between, no instance of a study is lost."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from scenario_runner.answers import StoreStatus
from scenario_runner.errors import OperationFailed, TargetError
from scenario_runner.service.homes.corrections import Corrections, RefusedError, UnfinishedError
from scenario_runner.service.homes.home import InstanceFacts
from tests.web.imaging_files import ct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scenario_runner.api.targets import Target


class Killed(BaseException):
    """The process ends here."""


class Pacs:
    """Has instances by study, and is away or refuses a study when told to."""

    name = "pacs"

    def __init__(self, *studies: str) -> None:
        self.kept = {study: {f"{study}.1.{n}" for n in range(1, 4)} for study in studies}
        self.is_away = False
        self.refused: set[str] = set()

    def delete(self, studies: Iterable[str], _deadline: Any) -> int:
        if self.is_away:
            raise TargetError("nobody is there")
        return sum(bool(self.kept.pop(study, None)) for study in studies)

    def store(self, files: Iterable[Any], _options: Any, _deadline: Any) -> Iterator[StoreStatus]:
        for file in files:
            uid = file.sop_instance_uid
            study = next(one for one in STUDIES if uid.startswith(f"{one}."))
            status = 0xA700 if study in self.refused else 0
            if status == 0:
                self.kept.setdefault(study, set()).add(uid)
            yield StoreStatus(sop_instance_uid=uid, sop_class_uid=file.sop_class_uid, status=status)


STUDIES = ("1.6.71", "1.6.72")


@contextmanager
def retrieved(folder: Path, study: str) -> Iterator[Iterator[tuple[InstanceFacts, Path]]]:
    folder = folder / f"came-{study}"
    folder.mkdir()
    found = []
    for number in range(1, 4):
        path = folder / f"{number}.dcm"
        path.write_bytes(ct(study, number=number))
        found.append(
            (
                InstanceFacts(
                    sop_class_uid="",
                    sop_instance_uid=f"{study}.1.{number}",
                    series_instance_uid=f"{study}.1",
                ),
                path,
            )
        )
    yield iter(found)
    shutil.rmtree(folder)


def begun(pacs: Pacs, folder: Path) -> Corrections:
    return Corrections(
        cast("Target", pacs),
        folder / "correcting",
        lambda study: pacs.kept.get(study, set()),
        lambda _: None,
        within=0.0,
    )


def change(made: Corrections, folder: Path, study: str) -> int:
    return made.change(study, lambda one: retrieved(folder, one), lambda data, _: data)


def test_a_kill_while_a_finished_correction_is_cleared_away_loses_no_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pacs = Pacs(*STUDIES)
    whole = set(pacs.kept[STUDIES[0]])
    made = begun(pacs, tmp_path)
    really = shutil.rmtree

    def half(path: Path, **options: Any) -> None:
        if (path / "study").exists():
            next(path.glob("*.dcm")).unlink()
            raise Killed
        really(path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", half)
        with pytest.raises(Killed):
            change(made, tmp_path, STUDIES[0])
    begun(pacs, tmp_path).settle()
    assert pacs.kept[STUDIES[0]] == whole
    assert not list((tmp_path / "correcting").iterdir())


def test_a_study_that_is_refused_holds_up_no_other_one(tmp_path: Path) -> None:
    pacs = Pacs(*STUDIES)
    made = begun(pacs, tmp_path)
    pacs.refused = {STUDIES[0]}
    with pytest.raises(UnfinishedError):
        change(made, tmp_path, STUDIES[0])
    made.settle()
    pacs.is_away = True
    with pytest.raises(UnfinishedError, match="nobody is there"):
        change(made, tmp_path, STUDIES[1])
    pacs.is_away = False
    told: list[str] = []
    made.settled = told.append
    made.settle()
    assert told == [STUDIES[1]]
    assert len(pacs.kept[STUDIES[1]]) == 3


def test_a_correction_is_told_as_unfinished_only_where_it_is_written_down(tmp_path: Path) -> None:
    pacs = Pacs(*STUDIES)
    made = begun(pacs, tmp_path)
    pacs.refused = {STUDIES[0]}
    with pytest.raises(UnfinishedError, match=r"\(3 of 3 instances\); nor does it"):
        change(made, tmp_path, STUDIES[0])
    # The next one of the same study is not even begun.
    with pytest.raises(RefusedError):
        change(made, tmp_path, STUDIES[0])
    pacs.refused = set()
    told: list[str] = []
    made.settled = told.append
    assert change(made, tmp_path, STUDIES[0]) == 3
    assert told == [STUDIES[0]]
    assert len(pacs.kept[STUDIES[0]]) == 3


def test_a_study_that_cannot_be_retrieved_stays_as_it_was(tmp_path: Path) -> None:
    pacs = Pacs(*STUDIES)
    made = begun(pacs, tmp_path)

    @contextmanager
    def gone(_study: str) -> Iterator[Iterator[tuple[InstanceFacts, Path]]]:
        raise OperationFailed("the PACS did not give 1 of 3 instances")
        yield iter(())

    with pytest.raises(OperationFailed, match="did not give") as raised:
        made.change(STUDIES[0], gone, lambda data, _: data)
    assert not isinstance(raised.value, UnfinishedError)
    made.settle()
    assert len(pacs.kept[STUDIES[0]]) == 3
