"""A refused presentation context says in words what was asked, how it was refused, and what else is known."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, JPEG_LOSSLESS_SV1
from scenario_runner.errors import NoAcceptedContext
from scenario_runner.network.echo import echo
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.network.hostile import Wire, hostile
from tests.network.objects import CT, PAIR, Study
from tests.peers.processes import dcmqrscp, orthanc, storescp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.network.objects import Encoded
    from tests.peers.processes import Server

COMPRESSED = (CT, JPEG_LOSSLESS_SV1)


def instances() -> Iterator[Encoded]:
    """One that anybody takes, and one said to be in JPEG Lossless; nobody here gets as far as its pixels."""
    plain, other = Study().instances(2)
    yield plain
    yield dataclasses.replace(other, transfer_syntax_uid=JPEG_LOSSLESS_SV1)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("server", "result"),
    [
        ("dcmqrscp", "result 3, abstract syntax (SOP class) not supported"),
        ("storescp", "result 4, transfer syntaxes not supported"),
        ("orthanc", "result 3, abstract syntax (SOP class) not supported"),
    ],
)
def test_a_transfer_syntax_that_a_peer_lacks_is_not_mistaken_for_its_sop_class(
    tmp_path: Path, server: str, result: str
) -> None:
    """Result 3 is what some answer for a transfer syntax; the class was stored on the same association."""
    servers: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        "dcmqrscp": lambda: dcmqrscp(tmp_path),
        "storescp": lambda: storescp(tmp_path),
        "orthanc": lambda: orthanc(
            tmp_path, configuration={"AcceptedTransferSyntaxes": [IMPLICIT_LE, EXPLICIT_LE]}
        ),
    }
    with servers[server]() as running:
        peer = Peer(host=running.host, port=running.port, ae_title=running.ae_title)
        stored, refused = store(peer, instances(), [PAIR, COMPRESSED], Deadline(30))
    assert stored.status == 0
    assert refused.status is None
    for words in (
        "CT Image Storage (1.2.840.10008.5.1.4.1.1.2)", "JPEG Lossless", result,
        "it takes the same SOP class in Explicit VR Little Endian",
    ):  # fmt: skip
        assert words in refused.comment


def test_a_refusal_for_the_sop_class_alone_is_not_taken_at_its_word() -> None:
    with hostile(lambda wire: Wire.accept(wire, only=frozenset())) as peer:
        [answer] = store(peer, Study().instances(1), [PAIR], Deadline(10))
        assert "refused with result 3" in answer.comment
        assert "some peers say so where it is the transfer syntax that they lack" in answer.comment
        with pytest.raises(NoAcceptedContext) as caught:
            echo(peer, Deadline(10))
    assert caught.value.reason.startswith(
        "Verification SOP Class (1.2.840.10008.1.1) in Explicit VR Little Endian or Implicit VR"
    )
    # What has to be taken of every class is no question of the transfer syntax (PS3.5 10.1).
    assert caught.value.reason.endswith(
        "default transfer syntax, which whoever has a SOP class takes"
    )


@pytest.mark.peer
def test_a_class_refused_in_the_default_transfer_syntax_as_well_is_told_with_both(
    tmp_path: Path,
) -> None:
    [image] = Study().instances(1)
    unknown = dataclasses.replace(image, sop_class_uid="1.2.3.4", transfer_syntax_uid=IMPLICIT_LE)
    pairs = [("1.2.3.4", EXPLICIT_LE), ("1.2.3.4", IMPLICIT_LE)]
    with storescp(tmp_path) as running:
        peer = Peer(host=running.host, port=running.port, ae_title=running.ae_title)
        [answer] = store(peer, [unknown], pairs, Deadline(30))
    assert "in Implicit VR Little Endian or Explicit VR Little Endian" in answer.comment
    assert "some peers say so" not in answer.comment
