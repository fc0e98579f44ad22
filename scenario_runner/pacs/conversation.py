"""One connection from its A-ASSOCIATE-RQ to its end, whichever way it ends."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from scenario_runner.answers import status_class
from scenario_runner.dicom import statuses
from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT
from scenario_runner.errors import (
    AssociationAborted,
    FabricatorError,
    MachineError,
    of_the_machine,
)
from scenario_runner.pacs.association import Served
from scenario_runner.pacs.commitment import tell_later
from scenario_runner.pacs.desk import comment
from scenario_runner.pacs.misbehaviour import DeliberateAbort, DeliberateDrop
from scenario_runner.pacs.services import HANDLERS, negotiate
from scenario_runner.ul import pdu
from scenario_runner.ul.associate_pdus import (
    APPLICATION_CONTEXT_NOT_SUPPORTED,
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    LOCAL_LIMIT_EXCEEDED,
    NOT_WHO_IT_SAYS,
    PROTOCOL_VERSION_NOT_SUPPORTED,
    AssociationRequest,
    Rejection,
)
from scenario_runner.ul.association import Released
from scenario_runner.ul.commands import Element, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.pacs.desk import Desk
    from scenario_runner.ul.contexts import Context
    from scenario_runner.ul.messages import Message
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

LOGGER = logging.getLogger(__name__)


class Conversation:
    """One connection from the A-ASSOCIATE-RQ to its end. peer: who connected, and our bounds.

    full: asked once an association would be taken; whether there are too many already.
    """

    def __init__(
        self,
        transport: Transport,
        peer: Peer,
        desk: Desk,
        deadline: Deadline,
        *,
        full: Callable[[], bool],
    ) -> None:
        self._transport = transport
        self._peer = peer
        self._desk = desk
        self._deadline = deadline
        self._full = full
        self._association: Served | None = None
        self._rests = False
        self._given_up = False
        self.host = peer.host
        """The address it came from."""

    def run(self) -> None:
        """Talk until the peer releases, aborts, closes, is silent for too long or breaks the rules."""
        try:
            association = Served.accept(self._transport, self._peer, self._judge, self._deadline)
            if association is None:
                return
            self._association = association
            tell_later(self._desk, association)
            while True:
                self._rests = True
                message = association.receive()
                self._rests = False
                self._answer(association, message)
        except Released:
            pass
        except DeliberateDrop:
            self._transport.interrupt()
        except DeliberateAbort:
            self._abort()
        except AssociationAborted as error:
            LOGGER.info("%s", error)
            if self._given_up:
                self._abort()
        except FabricatorError as error:
            LOGGER.warning("aborting the association: %s", error)
            self._abort()
        except BaseException:
            # Whatever a stranger's bytes have led to must not end in silence on the wire.
            LOGGER.exception("aborting the association")
            self._abort()
        finally:
            for note in self._association.evidence.notes if self._association else ():
                LOGGER.info("%s: it %s", self._peer.host, note)

    def silent_since(self) -> float | None:
        """Since when (monotonic) an association has asked for nothing; None for one that is answered or begins."""
        return self._transport.heard if self._rests else None

    def give_up(self) -> None:
        """Abort it for the sake of another one; may be called from another thread."""
        self._given_up = True
        self._transport.stop_listening()

    def _answer(self, association: Served, message: Message) -> None:
        misbehaviour = self._desk.misbehaviour
        misbehaviour.before(association, message)
        wrong = misbehaviour.status(message)
        if wrong is not None and status_class(wrong[0]) != "warning":
            status, said = wrong
            association.respond(message, status, {Element.ERROR_COMMENT: said} if said else {})
            return
        # A warning means that it was done all the same: only success is said in other words.
        association.success = wrong or (statuses.SUCCESS, "")
        handler = HANDLERS.get(message.kind)
        if handler is None:
            association.respond(message, statuses.UNRECOGNIZED_OPERATION)
            return
        try:
            handler(self._desk, association, message)
        except MachineError as error:
            _respond_unable(association, message, error)
        except OSError as error:  # of a file: what a connection says comes as a TargetError
            _respond_unable(association, message, of_the_machine("it cannot be done", error))

    def _abort(self) -> None:
        """Say A-ABORT, also to who has no association yet."""
        if self._association is not None:
            self._association.abort(pdu.SERVICE_PROVIDER)
        else:
            self._transport.end_with(pdu.abort(pdu.SERVICE_PROVIDER))

    def _judge(self, request: AssociationRequest) -> Sequence[Context] | Rejection:
        rejection = refusal(request, self._desk) or self._desk.misbehaviour.rejection()
        rejection = rejection or (LOCAL_LIMIT_EXCEEDED if self._full() else None)
        return rejection or negotiate(request, self._desk.options)


def _respond_unable(association: Served, message: Message, error: MachineError) -> None:
    """Say that a request came to nothing here, as its services may (PS3.4 B.2.3, C.4.1.1.4; PS3.7 annex C)."""
    LOGGER.warning("%s", error)
    normalized = message.kind >= Field.N_EVENT_REPORT_RQ
    status = statuses.PROCESSING_FAILURE if normalized else statuses.OUT_OF_RESOURCES
    association.respond(message, status, {Element.ERROR_COMMENT: comment(error)})


def refusal(request: AssociationRequest, desk: Desk) -> Rejection | None:
    """Why an association is not taken (PS3.8 9.3.4), or None."""
    if not request.protocol_version & 1:
        return PROTOCOL_VERSION_NOT_SUPPORTED
    if request.application_context != APPLICATION_CONTEXT:
        return APPLICATION_CONTEXT_NOT_SUPPORTED
    allowed = desk.options.calling_ae_titles
    if allowed is not None and request.calling_ae_title not in allowed:
        return CALLING_AE_TITLE_NOT_RECOGNIZED
    if desk.options.users is not None and not _is_known(request, desk.options.users):
        return NOT_WHO_IT_SAYS
    if desk.options.check_called_ae_title and request.called_ae_title != desk.ae_title:
        return CALLED_AE_TITLE_NOT_RECOGNIZED
    return None


def _is_known(request: AssociationRequest, users: Mapping[str, str]) -> bool:
    """Whether the user identity is a user name and its password (PS3.7 D.3.3.7, type 2)."""
    identity = request.user.identity
    if identity is None:
        return False
    wanted = users.get(identity.primary.decode("utf-8", "replace"))
    return wanted is not None and hmac.compare_digest(wanted.encode(), identity.secondary)
