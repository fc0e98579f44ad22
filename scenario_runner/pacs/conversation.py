"""One connection from its A-ASSOCIATE-RQ to its end, whichever way it ends."""

from __future__ import annotations

import contextlib
import hmac
import logging
from typing import TYPE_CHECKING

from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT
from scenario_runner.pacs.association import Aborted, Association, Message, Released
from scenario_runner.pacs.commitment import tell_later
from scenario_runner.pacs.connection import Connection
from scenario_runner.pacs.misbehaviour import DeliberateAbort, DeliberateDrop
from scenario_runner.pacs.services import Desk, Handler, handlers, negotiate, negotiate_extended
from scenario_runner.ul.associate_pdus import (
    APPLICATION_CONTEXT_NOT_SUPPORTED,
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    LOCAL_LIMIT_EXCEEDED,
    NOT_WHO_IT_SAYS,
    PROTOCOL_VERSION_NOT_SUPPORTED,
    AssociationRequest,
    MalformedPduError,
    Rejection,
    decode_request,
    encode_acceptance,
)
from scenario_runner.ul.commands import Element
from scenario_runner.ul.pdu import ASSOCIATE_RQ

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER = logging.getLogger(__name__)

_REQUEST_MAX = 1 << 20
_UNRECOGNIZED_OPERATION = 0x0211


class Conversation:
    """One connection from the A-ASSOCIATE-RQ to its end, whichever way it ends."""

    def __init__(self, connection: Connection, desk: Desk, *, full: bool) -> None:
        self._connection = connection
        self._desk = desk
        self._full = full
        self._handlers: dict[int, Handler] = handlers()

    def run(self) -> None:
        """Talk until the peer releases, aborts, closes, is silent for too long or breaks the rules."""
        association: Association | None = None
        try:
            association = self._associate()
            if association is not None:
                tell_later(self._desk, association)
            while association is not None:
                self._answer(association, association.receive())
        except Released:
            self._connection.finish()
        except DeliberateDrop:
            self._connection.interrupt()
        except DeliberateAbort:
            self._abort()
        except Aborted:
            LOGGER.info("the peer aborted the association")
        except (MalformedPduError, TimeoutError) as error:
            LOGGER.warning("aborting the association: %s", str(error) or "the peer is silent")
            self._abort()
        except OSError as error:
            LOGGER.info("the connection is gone: %s", error)
        except Exception:
            # Whatever a stranger's bytes have led to must not end in silence on the wire.
            LOGGER.exception("aborting the association")
            self._abort()

    def _answer(self, association: Association, message: Message) -> None:
        misbehaviour = self._desk.misbehaviour
        misbehaviour.before(association, message)
        wrong = misbehaviour.status(message)
        if wrong is not None and wrong[0] & 0xF000 != 0xB000:
            status, comment = wrong
            association.respond(
                message, status, {Element.ERROR_COMMENT: comment} if comment else {}
            )
            return
        # A warning means that it was done all the same: only success is said in other words.
        association.success = wrong or (0, "")
        handler = self._handlers.get(message.kind)
        if handler is None:
            association.respond(message, _UNRECOGNIZED_OPERATION)
        else:
            handler(self._desk, association, message)

    def _abort(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.send([b"\7\0\0\0\0\4\0\0\2\0"], timeout=1.0)
            self._connection.finish()

    def _associate(self) -> Association | None:
        options = self._desk.options
        self._connection.handshake(options.request_timeout)
        kind, body = self._connection.read_pdu(
            longest=_REQUEST_MAX, timeout=options.request_timeout
        )
        if kind != ASSOCIATE_RQ:
            raise MalformedPduError(f"a PDU of type {kind:02X} instead of an A-ASSOCIATE-RQ")
        request = decode_request(bytes(body))
        rejection = LOCAL_LIMIT_EXCEEDED if self._full else refusal(request, self._desk)
        rejection = rejection or self._desk.misbehaviour.rejection()
        if rejection is not None:
            self._connection.send([rejection.encode()], timeout=1.0)
            self._connection.finish()
            return None
        contexts = negotiate(request, options)
        acceptance = encode_acceptance(
            request,
            contexts,
            maximum_pdu=options.maximum_pdu,
            extended=negotiate_extended(request),
        )
        self._connection.send([acceptance], timeout=options.request_timeout)
        return Association(self._connection, request, contexts, options)


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
    if request.identity is None:
        return False
    name, password = request.identity
    wanted = users.get(name)
    return wanted is not None and hmac.compare_digest(wanted.encode(), password.encode())
