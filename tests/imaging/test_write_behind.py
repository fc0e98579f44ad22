"""Files are written while the next images are made, and nothing about that shows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from scenario_runner.imaging.write_behind import write_behind
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.imaging.instance import Instance

SERIES = plan_series("CT", images=12, size=(64, 64))


def number(instance: Instance) -> int:
    assert instance.image is not None
    return instance.image.number


def test_every_instance_is_on_disk_when_it_is_yielded_and_in_order(tmp_path: Path) -> None:
    def write(instance: Instance) -> None:
        instance.write(tmp_path / f"{number(instance)}.dcm")

    seen = []
    for instance in write_behind(factory().instances(SERIES.images), write):
        content = (tmp_path / f"{number(instance)}.dcm").read_bytes()
        assert content == instance.meta + b"".join(instance.buffers)
        seen.append(number(instance))
    assert seen == list(range(1, 13))


def test_a_full_disk_ends_it_where_it_happened() -> None:
    def write(instance: Instance) -> None:
        if number(instance) == 5:
            raise OSError(28, "No space left on device")

    seen: list[int] = []
    with pytest.raises(OSError, match="No space left"):
        seen.extend(map(number, write_behind(factory().instances(SERIES.images), write)))
    assert seen == [1, 2, 3, 4]


def test_who_stops_early_leaves_no_write_half_done_and_no_thread() -> None:
    begun, ended = [], []
    before = threading.active_count()

    def write(instance: Instance) -> None:
        begun.append(number(instance))
        ended.append(number(instance))

    stream = write_behind(factory().instances(SERIES.images), write)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert begun == ended
    assert len(begun) < 12
    assert threading.active_count() == before


def test_an_image_that_cannot_be_made_is_told_after_the_ones_before_it_are_written() -> None:
    def images() -> Iterator[Instance]:
        yield from list(factory().instances(SERIES.images))[:2]
        raise RuntimeError("no third image")

    written: list[int] = []
    with pytest.raises(RuntimeError, match="no third image"):
        list(write_behind(images(), lambda one: written.append(number(one))))
    assert written == [1, 2]
