"""C-STORE of single instances, straight from their own buffers, on the association they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.answers import StoreStatus
from scenario_runner.dicom import statuses
from scenario_runner.dicom.part10 import Storable
from scenario_runner.dicom.syntaxes import IMPLICIT_LE, LOSSY
from scenario_runner.errors import ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.bulk.wording import Wording
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field, StoreRequests
from scenario_runner.ul.contexts import (
    MAX_CONTEXTS,
    Context,
    Proposal,
    refusal,
)
from scenario_runner.ul.words import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer

Pair = tuple[str, str]
"""SOP class UID and transfer syntax UID."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """An instance on its way, not yet answered for."""

    instance: Storable
    context_id: int
    message_id: int
    started: float
    sent_as: str = ""
    """The transfer syntax it was brought into, when it could not go as it is."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The next message, cut into PDUs for the association that will carry it."""

    instance: Storable
    association: Association
    message_id: int
    pieces: Sequence[Buffer]


class Sender:
    """Sends instances one by one to one peer, opening associations as their contexts need it.

    contexts: every pair that will be sent; more than fit one association are spread over several,
    of which one is open at a time. opened: told of each association. recode: brings an instance into the
    default transfer syntax, which then is offered for whatever is not lossy compressed (PS3.5 10.1) and used
    where it alone was accepted; raises ValueError for what cannot be brought into it.
    """

    def __init__(
        self,
        peer: Peer,
        contexts: Sequence[Pair],
        deadline: Deadline,
        opened: Callable[[Mapping[str, Any]], None] | None = None,
        recode: Callable[[Storable], Storable] | None = None,
    ) -> None:
        pairs = [pair for pair in dict.fromkeys(contexts) if all(map(_can_be_proposed, pair))]
        self._recode = recode
        self._peer = peer
        self._deadline = deadline
        self._opened = opened
        self._groups = _groups(pairs, with_default=recode is not None)
        asked = set(pairs)
        self._group_of = {
            pair: n for n, group in enumerate(self._groups) for pair in group if pair in asked
        }
        self._group: int | None = None
        self._association: Association | None = None
        self._negotiated: dict[Pair, Context] = {}
        self._known: dict[Pair, Context] = {}
        """What came of every pair, on whichever association it was proposed last."""
        self._alone: dict[Pair, int | None] = {}
        """Groups of a single context, which was refused behind others of its class; None where it was so alone."""
        self._requests = {sop_class: StoreRequests(sop_class) for sop_class, _ in pairs}
        self._prepared: _Prepared | None = None
        self._wording = Wording()

    @property
    def standing(self) -> bool:
        """Whether an association was opened and not ended since, though it may be broken."""
        return self._association is not None

    def open(self, group: int = 0) -> None:
        """Make sure the association for that group of contexts stands. Raises as Association.open."""
        if self._group == group or not self._groups:
            return
        self.release()
        proposals = [
            Proposal(abstract_syntax=sop_class, transfer_syntaxes=(syntax,))
            for sop_class, syntax in self._groups[group]
        ]
        self._association = Association.open(self._peer, proposals, self._deadline)
        self._group = group
        self._wording = Wording()
        contexts = self._association.evidence.contexts
        self._negotiated = dict(zip(self._groups[group], contexts, strict=True))
        self._known |= self._negotiated
        if self._opened:
            self._opened(self._association.evidence.plain())

    def send(self, instance: Storable) -> InFlight | StoreStatus:
        """Hand one instance to the peer without waiting, or say at once why it cannot go."""
        pair = (instance.sop_class_uid, instance.transfer_syntax_uid)
        if not _can_be_said(instance.sop_instance_uid):
            return StoreStatus.unsent(
                instance, "its SOP Instance UID has characters that no command set can hold"
            )
        if pair not in self._group_of:
            return StoreStatus.unsent(
                instance, f"no presentation context was proposed for {_words(pair)}"
            )
        context = self._context_of(pair)
        if not context.accepted and self._default_for(pair) is not None:
            return self._send_recoded(instance)
        if not context.accepted:
            known = self._known.values()
            return StoreStatus.unsent(
                instance, f"no accepted presentation context: {refusal(context, known)}"
            )
        association = self._current()
        ready, self._prepared = self._prepared, None
        if ready is None or ready.instance is not instance or ready.association is not association:
            ready = self._encoded(instance, context, association)
        association.send_pieces(ready.pieces)
        return InFlight(instance, context.id, ready.message_id, association.departed)

    def _context_of(self, pair: Pair) -> Context:
        """The context of a pair, with the association open that it is to be sent over.

        Some acceptors look at the first context of a SOP class and refuse the others whatever they are. Where
        an association shows no sign that this one does better, what was refused behind another context is
        proposed again without one, and so is the default transfer syntax.
        """
        self.open(self._group_of[pair])
        if self._known[pair].accepted or self._default_for(pair) is not None:
            return self._known[pair]
        for wanted in self._overlooked(pair):
            if wanted not in self._alone:
                self._groups.append([wanted])
                self.open(len(self._groups) - 1)
                accepted = self._negotiated[wanted].accepted
                self._alone[wanted] = self._group if accepted else None
            if (group := self._alone[wanted]) is not None:
                self._group_of[pair] = group
                self.open(group)
                break
        return self._known[pair]

    def _overlooked(self, pair: Pair) -> list[Pair]:
        """What was perhaps refused for its place: of a pair itself, and in the default transfer syntax."""
        first: dict[str, Pair] = {}
        for one in self._negotiated:
            first.setdefault(one[0], one)
        behind = self._negotiated.keys() - first.values()
        if any(self._negotiated[one].accepted for one in behind):
            return []
        recoded = self._recode is not None and pair[1] not in LOSSY
        wanted = [pair, (pair[0], IMPLICIT_LE)] if recoded else [pair]
        return [one for one in wanted if one in behind]

    def _default_for(self, pair: Pair) -> Context | None:
        """The accepted context of the default transfer syntax, where an instance may go over it."""
        if self._recode is None or pair[1] in LOSSY:
            return None
        context = self._negotiated.get((pair[0], IMPLICIT_LE))
        return context if context is not None and context.accepted else None

    def _send_recoded(self, instance: Storable) -> InFlight | StoreStatus:
        """Send an instance in the default transfer syntax, which alone was accepted."""
        pair = (instance.sop_class_uid, instance.transfer_syntax_uid)
        context = self._default_for(pair)
        assert self._recode is not None
        assert context is not None
        try:
            recoded = self._recode(instance)
        except ValueError as error:
            return StoreStatus.unsent(
                instance,
                f"only {named(IMPLICIT_LE)} was accepted, and it cannot be sent so: {error}",
            )
        association = self._current()
        ready = self._encoded(recoded, context, association)
        association.send_pieces(ready.pieces)
        return InFlight(recoded, context.id, ready.message_id, association.departed, IMPLICIT_LE)

    def make_ready(self, instance: Storable) -> None:
        """Open the association an instance is to go over, and encode what ``send`` will want. Raises as ``send`` does."""
        pair = (instance.sop_class_uid, instance.transfer_syntax_uid)
        if pair in self._group_of:
            self._context_of(pair)
            self.prepare(instance)

    def prepare(self, instance: Storable) -> None:
        """Encode early what ``send`` will want next, if it can go over the standing association."""
        context = self._negotiated.get((instance.sop_class_uid, instance.transfer_syntax_uid))
        if self._association is not None and context is not None and context.accepted:
            self._prepared = self._encoded(instance, context, self._association)

    def _encoded(self, instance: Storable, context: Context, association: Association) -> _Prepared:
        message_id = association.next_message_id()
        command = self._requests[instance.sop_class_uid].encode(
            message_id, instance.sop_instance_uid
        )
        pieces = association.pieces(context.id, command, instance.buffers)
        return _Prepared(instance, association, message_id, pieces)

    def answer(self, sent: InFlight) -> StoreStatus:
        """Wait for the peer's word on an instance that was sent."""
        instance = sent.instance
        association = self._current()
        form = self._wording.success(sent.context_id, sent.message_id, instance.sop_instance_uid)
        if form is not None and association.hears(form):
            return _answered(sent, 0, arrived=association.arrived)
        message = association.response(Field.C_STORE_RQ, sent.message_id, sent.context_id)
        uid = commands.text(message.command, Element.AFFECTED_SOP_INSTANCE_UID)
        if uid and uid != instance.sop_instance_uid:
            raise self._peer.error(
                ProtocolViolation,
                "the peer broke the protocol",
                f"it answered for SOP instance '{uid[:64]}', not for the one sent",
            )
        answer = _answered(
            sent,
            message.status,
            commands.comment(message.command),
            arrived=association.arrived,
        )
        if answer.status == statuses.SUCCESS and not answer.comment:
            self._wording.learn(
                association.last_pdu,
                message.command,
                sent.context_id,
                sent.message_id,
                instance.sop_instance_uid,
            )
        return answer

    def release(self) -> None:
        """End the open association in good order, if there is one."""
        if self._association is not None:
            self._association.release()
        self._association, self._group = None, None

    def abort(self) -> None:
        """End the open association at once, if there is one."""
        if self._association is not None:
            self._association.abort()
        self._association, self._group = None, None

    def _current(self) -> Association:
        assert self._association is not None
        return self._association


def _answered(
    sent: InFlight, status: int | None, comment: str = "", *, arrived: float
) -> StoreStatus:
    """arrived: when the answer came, which is before it was read while the next instance was made."""
    return StoreStatus(
        sop_instance_uid=sent.instance.sop_instance_uid,
        sop_class_uid=sent.instance.sop_class_uid,
        status=status,
        comment=comment,
        seconds=max(0.0, arrived - sent.started),
        sent_as=sent.sent_as,
    )


def _groups(pairs: Sequence[Pair], *, with_default: bool) -> list[list[Pair]]:
    """Contexts that fit one association, each pair with the default transfer syntax of its SOP class."""
    groups: list[dict[Pair, None]] = []
    for pair in pairs:
        wanted = [pair]
        if with_default and pair[1] not in LOSSY:
            wanted.append((pair[0], IMPLICIT_LE))
        if not groups or len({**groups[-1], **dict.fromkeys(wanted)}) > MAX_CONTEXTS:
            groups.append({})
        groups[-1].update(dict.fromkeys(wanted))
    return [list(group) for group in groups]


def _can_be_proposed(uid: str) -> bool:
    """Whether an association request can hold it; negative tests send worse than that."""
    return 0 < len(uid) <= 64 and uid.isascii()


def _can_be_said(uid: str) -> bool:
    """Whether a command set can hold it, so that the peer's answer is known to be about it."""
    return uid.isascii() and uid.isprintable() and uid == uid.strip(" ")


def _words(pair: Pair) -> str:
    return f"{named(pair[0])} in {named(pair[1])}"
