"""A study is retrieved as it was when that began, whatever becomes of it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.together import replace_all
from scenario_runner.pacs.dicomweb.desk import Call, WebDesk
from scenario_runner.pacs.dicomweb.retrieving import retrieve_instances
from scenario_runner.pacs.misbehaviour import Misbehaviour
from scenario_runner.pacs.options import PacsOptions, WebOptions
from tests.archive.samples import put, sample

_SYNTAXES = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"] * 2
_IMAGES = [sample("1.2.3", 1, n, transfer_syntax=syntax) for n, syntax in enumerate(_SYNTAXES)]


def _corrected(archive: Archive) -> None:
    found = archive.instances(study_uids=["1.2.3"])
    changed = ((one, [bytes(archive.data(one)).replace(b"JANE", b"JOAN")]) for one in found)
    replace_all(archive, changed, len(found))


def _deleted(archive: Archive) -> None:
    assert archive.delete_study("1.2.3")


@pytest.mark.parametrize("change", [_corrected, _deleted])
@pytest.mark.parametrize("syntax", ["*", "1.2.840.10008.1.2.1"])
def test_a_study_comes_whole_though_it_is_corrected_or_deleted_meanwhile(
    tmp_path: Path, change: Callable[[Archive], None], syntax: str
) -> None:
    with Archive(tmp_path) as archive:
        for one in _IMAGES:
            put(archive, one)
        stopping = threading.Event()
        nothing = Misbehaviour([], stopping)
        desk = WebDesk(
            archive=archive,
            options=PacsOptions(),
            web=WebOptions(),
            misbehaving=lambda: nothing,
            stopping=stopping,
        )
        accept = f'multipart/related; type="application/dicom"; transfer-syntax={syntax}'
        call = Call(base="", uids={"study": "1.2.3"}, headers={"accept": accept})
        reply = retrieve_instances(desk, call)
        assert not isinstance(reply.content, bytes)
        content = next(reply.content)
        change(archive)
        content += b"".join(reply.content)
        assert (content.count(b"CITIZEN^JANE"), content.count(b"DICM")) == (4, 4)
        del reply
        assert list(archive.files.incoming.iterdir()) == []
