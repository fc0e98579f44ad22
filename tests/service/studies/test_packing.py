"""A study that is given out is what it was when that began, whatever becomes of it meanwhile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.archive.together import keep_all
from scenario_runner.service.asking import Asking
from scenario_runner.service.errors import NotThere
from scenario_runner.service.homes.embedded import EmbeddedHome
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.service import open_service
from scenario_runner.service.studies.packing import packed
from tests.archive.samples import sample

_ASKING = Asking(LOCAL)
_IMAGES = [sample("1.2.3", 1, number).file for number in range(1, 5)]


def _corrected(home: EmbeddedHome) -> None:
    home.change("1.2.3", lambda data, _: bytes(data).replace(b"CITIZEN^JANE", b"SOMEBODY^ELS"))


def _deleted(home: EmbeddedHome) -> None:
    assert home.delete("1.2.3")


@pytest.mark.parametrize("change", [_corrected, _deleted])
def test_a_download_is_whole_though_the_study_is_corrected_or_deleted_meanwhile(
    tmp_path: Path, change: Callable[[EmbeddedHome], None]
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        home = service.home
        assert isinstance(home, EmbeddedHome)
        keep_all(home.archive, [home.archive.take_in([one]) for one in _IMAGES])
        pieces = packed(service, _ASKING, "1.2.3")
        content = next(pieces)
        change(home)
        content += b"".join(pieces)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name != "DICOMDIR"]
            given = [archive.read(name) for name in names]
        assert sorted(given) == sorted(_IMAGES)
        assert list(home.archive.files.incoming.iterdir()) == []


def test_what_is_deleted_before_a_download_begins_is_not_an_empty_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        home = service.home
        assert isinstance(home, EmbeddedHome)
        keep_all(home.archive, [home.archive.take_in([one]) for one in _IMAGES])
        located = home.archive.instances

        def deleted_meanwhile(**asked: Any) -> list[object]:
            found = located(**asked)
            home.delete("1.2.3")
            return list(found)

        monkeypatch.setattr(home.archive, "instances", deleted_meanwhile)
        with pytest.raises(NotThere):
            packed(service, _ASKING, "1.2.3")


def test_a_file_that_somebody_took_out_of_the_folder_is_told(tmp_path: Path) -> None:
    with open_service(tmp_path, ":memory:") as service:
        home = service.home
        assert isinstance(home, EmbeddedHome)
        keep_all(home.archive, [home.archive.take_in([one]) for one in _IMAGES])
        [gone, *_] = home.archive.instances(study_uids=["1.2.3"])
        home.archive.files.path(gone.file).unlink()
        with pytest.raises(Exception, match="cannot be read"):
            packed(service, _ASKING, "1.2.3")
        assert list(home.archive.files.incoming.iterdir()) == []
