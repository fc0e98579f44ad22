"""Files are written while the next images are made, and nothing about that shows."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from scenario_runner.imaging.instance import write_all
from scenario_runner.imaging.write_behind import write_behind
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scenario_runner.imaging.instance import Instance

SERIES = plan_series("CT", images=12, size=(64, 64))


def number(instance: Instance) -> int:
    assert instance.image is not None
    return instance.image.number


def test_every_instance_is_on_disk_when_it_is_yielded_and_in_order(tmp_path: Path) -> None:
    seen = []
    for instance in write_behind(factory().instances(SERIES.images), placed(tmp_path)):
        content = (tmp_path / f"{number(instance)}.dcm").read_bytes()
        assert content == instance.meta + b"".join(instance.buffers)
        seen.append(number(instance))
    assert seen == list(range(1, 13))


def test_a_file_that_cannot_be_begun_ends_it_after_the_ones_before_it(tmp_path: Path) -> None:
    (tmp_path / "5.dcm").write_text("somebody else's", "utf-8")
    seen: list[int] = []
    with pytest.raises(FileExistsError) as raised:
        seen.extend(map(number, write_behind(factory().instances(SERIES.images), placed(tmp_path))))
    assert seen == [1, 2, 3, 4]
    assert raised.value.filename == str(tmp_path / "5.dcm")
    assert (tmp_path / "5.dcm").read_text("utf-8") == "somebody else's"


def test_a_disk_that_is_full_names_the_file_and_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = iter(range(1, 13))

    def full(descriptor: int, parts: list[Any]) -> None:
        if next(files) == 5:
            os.write(descriptor, b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        write_all(descriptor, parts)

    monkeypatch.setattr("scenario_runner.imaging.write_behind.write_all", full)
    seen: list[int] = []
    with pytest.raises(OSError, match="No space left") as raised:
        seen.extend(map(number, write_behind(factory().instances(SERIES.images), placed(tmp_path))))
    assert seen == [1, 2, 3, 4]
    assert raised.value.filename == str(tmp_path / "5.dcm")
    assert not (tmp_path / "5.dcm").exists()
    assert all(dcmread(file).PixelData for file in tmp_path.iterdir()), "the others are whole"


def test_who_stops_early_leaves_only_whole_files_and_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    stream = write_behind(factory().instances(SERIES.images), placed(tmp_path))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    files = list(tmp_path.iterdir())
    assert 1 <= len(files) < 12
    assert all(dcmread(file).PixelData for file in files)
    assert threading.active_count() == before


def test_an_image_that_cannot_be_made_is_told_after_the_ones_before_it(tmp_path: Path) -> None:
    def images() -> Iterator[Instance]:
        yield from list(factory().instances(SERIES.images))[:2]
        raise RuntimeError("no third image")

    seen: list[int] = []
    with pytest.raises(RuntimeError, match="no third image"):
        seen.extend(map(number, write_behind(images(), placed(tmp_path))))
    assert seen == [1, 2]


def placed(folder: Path) -> Callable[[Instance], Path]:
    return lambda instance: folder / f"{number(instance)}.dcm"


def test_a_write_that_lacks_memory_is_told_and_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def lacks(descriptor: int, parts: list[Any]) -> None:
        if len(written) == 2:
            raise MemoryError
        written.append(descriptor)
        write_all(descriptor, parts)

    monkeypatch.setattr("scenario_runner.imaging.write_behind.write_all", lacks)
    made = map(number, write_behind(factory().instances(SERIES.images), placed(tmp_path)))
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(MemoryError):
        next(made)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.dcm", "2.dcm"]
