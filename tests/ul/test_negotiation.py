"""What is negotiated beyond contexts: who we are, and how queries are understood."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.sop_classes import VERIFICATION
from scenario_runner.errors import AssociationRejected, OperationFailed
from scenario_runner.network.echo import echo
from scenario_runner.network.find import Query, find
from scenario_runner.network.store import store
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer, UserIdentity
from tests.network.objects import PAIR, Study

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


PASSWORD = "s3cr3t"


@contextlib.contextmanager
def demanding() -> Iterator[tuple[Peer, list[tuple[Any, ...]]]]:
    """A pynetdicom acceptor that lets only one user in."""
    seen: list[tuple[Any, ...]] = []

    def judge(event: Any) -> tuple[bool, None]:
        seen.append((event.user_id_type, event.primary_field, event.secondary_field))
        return event.primary_field == b"fab" and event.secondary_field == PASSWORD.encode(), None

    entity = AE("DEMANDING")
    entity.add_supported_context(VERIFICATION)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_USER_ID, judge)]
    )
    assert server is not None
    try:
        assert server.socket is not None
        port = server.socket.getsockname()[1]
        yield Peer(host="127.0.0.1", port=port, ae_title="DEMANDING"), seen
    finally:
        server.shutdown()


def _as(peer: Peer, identity: UserIdentity) -> Peer:
    return Peer(host=peer.host, port=peer.port, ae_title=peer.ae_title, identity=identity)


def test_a_user_logs_in_and_another_is_rejected() -> None:
    with demanding() as (peer, seen):
        known = _as(peer, UserIdentity(user="fab", password=PASSWORD))
        assert echo(known, Deadline(10)).status == 0
        with pytest.raises(AssociationRejected):
            echo(_as(peer, UserIdentity(user="fab", password="wrong")), Deadline(10))
        with pytest.raises(AssociationRejected):
            echo(_as(peer, UserIdentity(user="åsa")), Deadline(10))
    assert [kind for kind, _, _ in seen] == [2, 2, 1]
    assert seen[2][1] == "åsa".encode()


def test_a_password_shows_neither_in_the_peer_nor_in_the_evidence() -> None:
    with demanding() as (peer, _):
        known = _as(peer, UserIdentity(user="fab", password=PASSWORD))
        evidence = echo(known, Deadline(10)).association
    assert PASSWORD not in f"{known!r} {evidence!r}"


def test_relational_queries_are_negotiated_and_then_answered(tmp_path: Path) -> None:
    study = Study()
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.SOPInstanceUID = ""
    identifier.AccessionNumber = study.accession
    opened: list[Mapping[str, Any]] = []
    query = Query(level="image", identifier=identifier, opened=opened.append)
    with EmbeddedPacs(tmp_path) as pacs:
        peer = Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)
        list(store(peer, study.instances(3), [PAIR], Deadline(20)))
        with pytest.raises(OperationFailed):
            list(find(peer, [query], Deadline(20)))
        [answer] = find(peer, [query], Deadline(20), relational=True)
    assert len(answer.matches) == 3
    assert [c["extended"][:2] for c in opened[-1]["contexts"][:2]] == ["01", "01"]
