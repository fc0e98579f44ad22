"""What is accepted, refused and read of an association request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_AC

from scenario_runner.dicom.sop_classes import is_storage
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.services import negotiate
from scenario_runner.ul.accepting import acceptance
from scenario_runner.ul.associate_pdus import (
    AssociationRequest,
    MalformedPduError,
    ProposedContext,
    Role,
    UserInformation,
)
from tests.pacs.wire import associate_rq

FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
CT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4.50"


def request(
    *contexts: ProposedContext,
    roles: dict[str, Role] | None = None,
    extended: dict[str, bytes] | None = None,
) -> AssociationRequest:
    user = UserInformation(maximum_pdu=16384, roles=roles or {}, extended=extended or {})
    return AssociationRequest(
        called_ae_title="PACS", calling_ae_title="CT1", contexts=contexts, user=user
    )


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (CT, True),
        ("1.2.840.10008.5.1.4.1.1.104.1", True),
        ("1.2.840.10008.5.1.4.1.1.9999.1", True),
        ("1.3.46.670589.11.0.0.12.1", True),
        ("1.2.840.10008.1.20.1", False),
        ("1.2.840.10008.1.1", False),
        ("1.2.840.10008.5.1.1.1", False),
        ("1.2.840.10008.1.2.1", False),
        ("not a uid", True),
    ],
)
def test_every_storage_class_is_taken_private_and_future_ones_too(
    uid: str, *, expected: bool
) -> None:
    assert is_storage(uid) is expected


def test_the_first_usable_transfer_syntax_is_chosen_and_nothing_else_is_promised() -> None:
    answer = negotiate(
        request(
            ProposedContext(1, CT, (JPEG, EXPLICIT)),
            ProposedContext(3, FIND, (JPEG, IMPLICIT)),
            ProposedContext(5, FIND, (JPEG,)),
            ProposedContext(7, "1.2.840.10008.5.1.1.1", (EXPLICIT,)),
            ProposedContext(9, CT, ("1.2.840.10008.9.9",)),
            ProposedContext(11, CT, ()),
        ),
        PacsOptions(),
    )
    assert [(one.result, one.transfer_syntax) for one in answer] == [
        (0, JPEG), (0, IMPLICIT), (4, None), (3, None), (4, None), (4, None),
    ]  # fmt: skip


def test_the_scp_role_is_granted_for_storage_only() -> None:
    asked = request(
        ProposedContext(1, CT, (EXPLICIT,)),
        ProposedContext(3, GET, (EXPLICIT,)),
        roles={CT: Role(scu=False, scp=True), GET: Role(scu=True, scp=True)},
    )
    answer = negotiate(asked, PacsOptions())
    assert [one.scp for one in answer] == [True, False]
    pdu = A_ASSOCIATE_AC()
    pdu.decode(acceptance(asked, answer, 65536))
    assert pdu.user_information is not None
    assert pdu.user_information.maximum_length == 65536
    granted = {str(uid): role.scp_role for uid, role in pdu.user_information.role_selection.items()}
    assert granted == {CT: True, GET: False}


def test_for_instances_to_come_the_transfer_syntax_is_chosen_that_all_can_come_in() -> None:
    contexts = (
        ProposedContext(1, CT, (JPEG, IMPLICIT, EXPLICIT)),
        ProposedContext(3, CT, (JPEG,)),
    )
    for role, chosen in (
        (Role(scu=False, scp=True), IMPLICIT),
        (Role(scu=True, scp=True), JPEG),
        (Role(scu=True, scp=False), JPEG),
    ):
        answer = negotiate(request(*contexts, roles={CT: role}), PacsOptions())
        assert [one.transfer_syntax for one in answer] == [chosen, JPEG]


def test_relational_queries_and_periods_are_granted_of_what_extended_negotiation_offers() -> None:
    asked = request(
        ProposedContext(1, FIND, (EXPLICIT,)),
        ProposedContext(3, GET, (EXPLICIT,)),
        ProposedContext(5, CT, (EXPLICIT,)),
        extended={FIND: b"\1\1\1", GET: b"\1\1", CT: b"\2\0\1"},
    )
    answer = negotiate(asked, PacsOptions())
    assert [one.extended for one in answer] == [b"\1\1\0", b"\1\0", b""]


def test_a_request_is_read_as_it_was_meant() -> None:
    read = AssociationRequest.decode(associate_rq(CT, EXPLICIT, 32768)[6:])
    assert (read.called_ae_title, read.calling_ae_title) == ("EMBEDDED", "TESTER")
    assert read.contexts == (ProposedContext(1, CT, (EXPLICIT,)),)
    assert read.user.maximum_pdu == 32768


@given(st.data())
def test_a_damaged_request_is_read_or_complained_about(data: st.DataObject) -> None:
    body = bytearray(associate_rq()[6:])
    for _ in range(data.draw(st.integers(0, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    try:
        negotiate(AssociationRequest.decode(cut), PacsOptions())
    except MalformedPduError:
        return
