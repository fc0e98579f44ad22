"""What we say when an association is negotiated is what another implementation reads, and the other way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import PresentationContext

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT
from scenario_runner.ul.associate_pdus import (
    AnsweredContext,
    AssociationAcceptance,
    AssociationRequest,
    Identity,
    MalformedPduError,
    ProposedContext,
    Rejection,
    Role,
    UserInformation,
)

UIDS = st.lists(st.integers(0, 10**9), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, (1, *parts)))
)
TITLES = st.text("ABCXYZ_019", min_size=1, max_size=16)
SYNTAXES = st.lists(UIDS, min_size=1, max_size=4, unique=True).map(tuple)
IDS = st.integers(0, 127).map(lambda number: 2 * number + 1)
NAMES = st.binary(min_size=1, max_size=20)
ROLES = st.sampled_from(
    [Role(scu=True, scp=False), Role(scu=False, scp=True), Role(scu=True, scp=True)]
)
USERS = st.builds(
    UserInformation,
    maximum_pdu=st.integers(0, 0xFFFFFFFF),
    roles=st.dictionaries(UIDS, ROLES, max_size=3),
    extended=st.dictionaries(UIDS, st.binary(min_size=1, max_size=6), max_size=3),
)
IDENTITIES = st.one_of(
    st.none(),
    st.builds(Identity, st.just(1), NAMES, st.just(b""), st.booleans()),
    st.builds(Identity, st.just(2), NAMES, NAMES, st.booleans()),
)


@st.composite
def requests(draw: st.DrawFn) -> AssociationRequest:
    ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    user = draw(USERS)
    user.identity = draw(IDENTITIES)
    return AssociationRequest(
        called_ae_title=draw(TITLES),
        calling_ae_title=draw(TITLES),
        contexts=tuple(ProposedContext(one, draw(UIDS), draw(SYNTAXES)) for one in ids),
        user=user,
    )


@st.composite
def acceptances(draw: st.DrawFn) -> AssociationAcceptance:
    ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    user = draw(USERS)
    user.identity_response = draw(st.none() | st.binary(max_size=8))
    return AssociationAcceptance(
        contexts=tuple(AnsweredContext(one, draw(st.integers(0, 4)), draw(UIDS)) for one in ids),
        user=user,
    )


def same_user(theirs: Any, ours: UserInformation) -> None:
    assert theirs.maximum_length == ours.maximum_pdu
    assert str(theirs.implementation_class_uid) == IMPLEMENTATION_CLASS_UID
    assert theirs.implementation_version_name == IMPLEMENTATION_VERSION_NAME
    assert {
        str(uid): Role(bool(role.scu_role), bool(role.scp_role))
        for uid, role in theirs.role_selection.items()
    } == ours.roles
    assert {str(item.uid): item.app_info for item in theirs.ext_neg} == ours.extended


@given(requests())
def test_pynetdicom_reads_a_request_as_we_meant_it(ours: AssociationRequest) -> None:
    theirs = A_ASSOCIATE_RQ()
    theirs.decode(ours.encode())
    assert theirs.called_ae_title.strip() == ours.called_ae_title
    assert theirs.calling_ae_title.strip() == ours.calling_ae_title
    assert str(theirs.application_context_name) == APPLICATION_CONTEXT
    assert [
        (one.context_id, str(one.abstract_syntax), tuple(map(str, one.transfer_syntax)))
        for one in theirs.presentation_context
    ] == [(one.id, one.abstract_syntax, one.transfer_syntaxes) for one in ours.contexts]
    assert theirs.user_information is not None
    same_user(theirs.user_information, ours.user)
    item: Any = theirs.user_information.user_identity
    identity = ours.user.identity
    if identity is None:
        assert item is None
    else:
        assert item.id_type == identity.kind
        assert (item.primary, item.secondary or b"") == (identity.primary, identity.secondary)
        assert item.response_requested == identity.response_wanted


@given(acceptances())
def test_pynetdicom_reads_an_acceptance_as_we_meant_it(ours: AssociationAcceptance) -> None:
    theirs = A_ASSOCIATE_AC()
    theirs.decode(ours.encode())
    assert [
        (one.context_id, one.result, str(one.transfer_syntax))
        for one in theirs.presentation_context
    ] == [(one.id, one.result, one.transfer_syntax) for one in ours.contexts]
    assert theirs.user_information is not None
    same_user(theirs.user_information, ours.user)


@given(requests())
def test_we_read_our_own_request_back(ours: AssociationRequest) -> None:
    read = AssociationRequest.decode(ours.encode()[6:])
    assert (read.called_ae_title, read.calling_ae_title) == (
        ours.called_ae_title,
        ours.calling_ae_title,
    )
    assert read.contexts == ours.contexts
    assert read.user.identity == ours.user.identity
    assert (read.user.roles, read.user.extended) == (ours.user.roles, ours.user.extended)


@given(acceptances())
def test_we_read_our_own_acceptance_back(ours: AssociationAcceptance) -> None:
    read = AssociationAcceptance.decode(ours.encode()[6:])
    assert read.contexts == ours.contexts
    assert read.user.identity_response == ours.user.identity_response
    assert (read.user.roles, read.user.extended) == (ours.user.roles, ours.user.extended)


def _said_by_pynetdicom(ours: AssociationRequest) -> list[Any]:
    """User information as pynetdicom's items, with an asynchronous operations window besides."""
    length = MaximumLengthNotification()
    length.maximum_length_received = ours.user.maximum_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID("1.2.3.4")
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = "ANOTHER"
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    window.maximum_number_operations_performed = 5
    items: list[Any] = [length, implementation, version, window]
    for uid, role in ours.user.roles.items():
        item = SCP_SCU_RoleSelectionNegotiation()
        item.sop_class_uid = UID(uid)
        item.scu_role, item.scp_role = role.scu, role.scp
        items.append(item)
    for uid, value in ours.user.extended.items():
        extended = SOPClassExtendedNegotiation()
        extended.sop_class_uid = UID(uid)
        extended.service_class_application_information = value
        items.append(extended)
    if ours.user.identity is not None:
        identity = UserIdentityNegotiation()
        identity.user_identity_type = ours.user.identity.kind
        identity.primary_field = ours.user.identity.primary
        if ours.user.identity.secondary:
            identity.secondary_field = ours.user.identity.secondary
        identity.positive_response_requested = ours.user.identity.response_wanted
        items.append(identity)
    return items


@given(requests())
def test_we_read_a_request_of_pynetdicom_as_it_meant_it(meant: AssociationRequest) -> None:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT)
    primitive.called_ae_title = meant.called_ae_title
    primitive.calling_ae_title = meant.calling_ae_title
    contexts = []
    for one in meant.contexts:
        context = PresentationContext()
        context.context_id = one.id
        context.abstract_syntax = UID(one.abstract_syntax)
        context.transfer_syntax = [UID(uid) for uid in one.transfer_syntaxes]
        contexts.append(context)
    primitive.presentation_context_definition_list = contexts
    primitive.user_information = _said_by_pynetdicom(meant)
    theirs = A_ASSOCIATE_RQ()
    theirs.from_primitive(primitive)
    read = AssociationRequest.decode(theirs.encode()[6:])
    assert (read.called_ae_title, read.calling_ae_title) == (
        meant.called_ae_title,
        meant.calling_ae_title,
    )
    assert read.application_context == APPLICATION_CONTEXT
    assert read.contexts == meant.contexts
    assert read.user.maximum_pdu == meant.user.maximum_pdu
    assert read.user.implementation_class_uid == "1.2.3.4"
    assert read.user.implementation_version_name == "ANOTHER"
    assert (read.user.roles, read.user.extended) == (meant.user.roles, meant.user.extended)
    assert read.user.identity == meant.user.identity


@given(st.sampled_from([(1, 1, 7), (2, 3, 1), (1, 2, 2)]))
def test_a_rejection_is_the_same_to_both(said: tuple[int, int, int]) -> None:
    ours = Rejection(*said)
    theirs = A_ASSOCIATE_RJ()
    theirs.decode(ours.encode())
    assert (theirs.result, theirs.source, theirs.reason_diagnostic) == said
    assert Rejection.decode(theirs.encode()[6:]) == ours


@given(st.binary(max_size=400), st.booleans())
def test_arbitrary_bytes_are_read_or_refused_never_a_crash(body: bytes, whole: bool) -> None:
    body = bytes(68) + body if whole else body
    for kind in (AssociationRequest, AssociationAcceptance):
        try:
            kind.decode(body)
        except MalformedPduError:
            continue


@pytest.mark.parametrize("title", ["", "   ", "SEVENTEEN_LETTERS", "ÄRZTE"])
def test_an_ae_title_that_cannot_be_one_is_not_sent(title: str) -> None:
    request = AssociationRequest(called_ae_title=title, calling_ae_title="A", contexts=())
    with pytest.raises(ValueError, match=r"AE title|ascii"):
        request.encode()
