"""Studies on a PACS while one of them is corrected: those beside it wait for nothing, and nothing of it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scenario_runner.api.operations import FindRequest, StoreOptions
from scenario_runner.api.targets import TargetSetup
from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.errors import TargetError
from scenario_runner.language.site_model import Expectations
from scenario_runner.language.site_services import EmbeddedService
from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.spoiling import altered
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.homes.sending import file_at
from scenario_runner.service.homes.target import TargetHome
from scenario_runner.targets.embedded import EmbeddedTarget
from tests.web.imaging_files import ct

if TYPE_CHECKING:
    from scenario_runner.answers import StoreStatus
    from scenario_runner.archive.outcomes import Arrived
    from scenario_runner.dicom.part10 import Storable

ONE, OTHER = "1.2.1", "1.2.2"
PATIENCE = 60.0


class Pacs(EmbeddedTarget):
    """Tells before it is sent anything."""

    before_store: Callable[[], object] = staticmethod(lambda: None)

    def store(
        self, instances: Iterable[Storable], options: StoreOptions, deadline: Deadline
    ) -> Iterator[StoreStatus]:
        self.before_store()
        yield from super().store(instances, options, deadline)


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    (tmp_path / "pacs").mkdir()
    setup = TargetSetup(
        name="pacs",
        environment="test",
        calling_ae_title="FABRICATE",
        expects=Expectations.defaults(),
        services={},
        scratch=tmp_path / "pacs",
    )
    made = Pacs(setup, EmbeddedService())
    yield made
    made.close()


@pytest.fixture
def home(pacs: Pacs, tmp_path: Path) -> Iterator[TargetHome]:
    made = TargetHome(pacs, Archive(tmp_path / "staging"), tmp_path)
    for study in (ONE, OTHER):
        keep(made, study, 1, 2)
    yield made
    made.close()


def keep(home: TargetHome, study: str, *numbers: int) -> None:
    arrived = [home.staging.take_in([ct(study, number=number)]) for number in numbers]
    assert {one.outcome for one in home.keep(arrived)} == {"new"}


def same(data: bytes, _: str) -> bytes:
    return data


def counts(home: TargetHome, wanted: Wanted) -> dict[str, int]:
    found, _ = home.page(wanted, 10, 0)
    return {one.study_instance_uid: one.instances for one in found}


def test_who_asks_about_another_study_does_not_wait_and_who_asks_about_this_one_sees_it_whole(
    pacs: Pacs, home: TargetHome
) -> None:
    deleted, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        if not deleted.is_set():
            deleted.set()
            assert go_on.wait(PATIENCE)

    pacs.before_store = hold
    named = FindRequest(level="series", match={"StudyInstanceUID": OTHER}, returned=())
    with ThreadPoolExecutor(4) as pool:
        correcting = pool.submit(home.change, ONE, same)
        try:
            assert deleted.wait(PATIENCE)
            images, lists = pool.submit(home.instances, ONE), pool.submit(counts, home, Wanted())
            with ThreadPoolExecutor(1) as beside:  # all of them while the correction waits
                beside.submit(keep, home, OTHER, 3).result(PATIENCE)
                assert len(beside.submit(home.instances, OTHER).result(PATIENCE)) == 3
                assert len(beside.submit(home.search, named).result(PATIENCE)) == 1
                only = Wanted(study_uids=[OTHER])
                assert beside.submit(counts, home, only).result(PATIENCE) == {OTHER: 3}
                assert beside.submit(home.delete, OTHER).result(PATIENCE)
        finally:
            go_on.set()
        assert correcting.result(PATIENCE) == 2
        assert len(images.result(PATIENCE)) == 2
        assert lists.result(PATIENCE) == {ONE: 2}


def test_what_somebody_else_stores_while_a_study_is_written_down_is_not_deleted_with_it(
    pacs: Pacs, home: TargetHome, tmp_path: Path
) -> None:
    third = tmp_path / "third.dcm"
    third.write_bytes(ct(ONE, number=3))
    is_first = True

    def change(data: bytes, _: str) -> bytes:
        nonlocal is_first
        if is_first:
            is_first = False
            one = file_at(third)
            contexts = [(one.sop_class_uid, one.transfer_syntax_uid)]
            list(pacs.store([one], StoreOptions(contexts=contexts), Deadline(PATIENCE)))
        return data

    assert home.change(ONE, change) == 3
    assert counts(home, Wanted(study_uids=[ONE])) == {ONE: 3}


def told(pacs: Pacs, *faults: list[str]) -> None:
    """Have the PACS misbehave so, each for one time that something is stored; then it is well."""
    left = [parse_faults(one) for one in faults]
    pacs.before_store = lambda: pacs.misbehave(left.pop(0) if left else [])


def renamed(data: bytes, syntax: str) -> bytes:
    return altered(data, syntax, "PatientName", "NOVAK^JANA")


def names(home: TargetHome) -> dict[str, str]:
    found, _ = home.page(Wanted(), 10, 0)
    return {one.study_instance_uid: one.patient_name for one in found}


def test_what_the_pacs_refuses_is_put_back_as_it_was_and_can_be_corrected_again(
    pacs: Pacs, home: TargetHome
) -> None:
    settled: list[str] = []
    home.on_settled(settled.append)
    told(pacs, ["answer=A900"])
    with pytest.raises(TargetError, match=r"\(2 of 2 instances\); the study is there as it was"):
        home.change(ONE, renamed)
    assert counts(home, Wanted()) == {ONE: 2, OTHER: 2}
    assert set(names(home).values()) == {"CITIZEN^JANE"}
    assert home.change(ONE, renamed) == 2
    assert names(home)[ONE] == "NOVAK^JANA"
    assert settled == []


def test_what_the_pacs_takes_in_no_form_is_kept_and_comes_back_unless_it_is_deleted(
    pacs: Pacs, home: TargetHome, tmp_path: Path
) -> None:
    for study in (ONE, OTHER):
        told(pacs, ["answer=A900"], ["answer=A700"])
        with pytest.raises(TargetError, match="nor does it take the study as it was"):
            home.change(study, renamed)
    assert home.delete(OTHER)
    again = TargetHome(pacs, home.staging, tmp_path)
    assert counts(again, Wanted()) == {ONE: 2}
    assert names(again) == {ONE: "CITIZEN^JANE"}
    assert not list((tmp_path / "correcting").iterdir())
    again.brought.close()


def test_what_became_of_an_instance_is_said_of_the_same_one_that_came_with_it(
    pacs: Pacs, home: TargetHome
) -> None:
    def came(*numbers: int) -> list[Arrived]:
        return [home.staging.take_in([ct(ONE, number=number)]) for number in numbers]

    assert [how and how.outcome for how in home.foreseen(came(1, 3))] == ["duplicate", None]
    assert [how.outcome for how in home.keep(came(3, 3, 1))] == ["new", "duplicate", "duplicate"]
    told(pacs, ["answer=A700"])
    first, second = home.keep(came(4, 4))
    assert (first.outcome, first.error) == (second.outcome, second.error)
    assert first.outcome == "failed"
