"""Bulk C-STORE over one association at a time, straight from the instances' own buffers.

One operation is outstanding at any moment, as PS3.7 D.3.3.3 wants it unless more is negotiated; while
the peer works on one instance the next one is pulled, so making and sending overlap.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from scenario_runner.errors import FabricatorError, ProtocolViolation
from scenario_runner.network import commands
from scenario_runner.network.association import Association
from scenario_runner.network.commands import Element, Field
from scenario_runner.network.negotiation import (
    MAX_CONTEXTS,
    AssociationEvidence,
    Context,
    Proposal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.peer import Peer
    from scenario_runner.network.transport import Buffer

Pair = tuple[str, str]
"""SOP class UID and transfer syntax UID."""
_MEDIUM_PRIORITY = 0


class Storable(Protocol):
    """An encoded SOP instance; ``buffers`` is its data set in pieces, without file meta information."""

    @property
    def sop_class_uid(self) -> str: ...  # noqa: D102
    @property
    def sop_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def transfer_syntax_uid(self) -> str: ...  # noqa: D102
    @property
    def buffers(self) -> Sequence[Buffer]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAnswer:
    """What became of one instance.

    status: DIMSE status, None when no answer came. seconds: from the first byte sent to the answer.
    maybe_stored: no answer, but all of it was handed over, so the peer may have it.
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: int | None
    comment: str = ""
    seconds: float = 0.0
    maybe_stored: bool = False


@dataclass(frozen=True, slots=True)
class _InFlight:
    instance: Storable
    context_id: int
    message_id: int
    started: float


class Sender:
    """Sends instances one by one to one peer, opening associations as their contexts need it.

    contexts: every pair that will be sent; more than fit one association are spread over several,
    of which one is open at a time. opened: told of each association.
    """

    def __init__(
        self,
        peer: Peer,
        contexts: Sequence[Pair],
        deadline: Deadline,
        opened: Callable[[AssociationEvidence], None] | None = None,
    ) -> None:
        pairs = list(dict.fromkeys(contexts))
        self._peer = peer
        self._deadline = deadline
        self._opened = opened
        self._groups = [pairs[i : i + MAX_CONTEXTS] for i in range(0, len(pairs), MAX_CONTEXTS)]
        self._group_of = {pair: n for n, group in enumerate(self._groups) for pair in group}
        self._group: int | None = None
        self._association: Association | None = None
        self._negotiated: dict[Pair, Context] = {}

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
        contexts = self._association.evidence.contexts
        self._negotiated = dict(zip(self._groups[group], contexts, strict=True))
        if self._opened:
            self._opened(self._association.evidence)

    def send(self, instance: Storable) -> _InFlight | StoreAnswer:
        """Hand one instance to the peer without waiting, or say at once why it cannot go."""
        pair = (instance.sop_class_uid, instance.transfer_syntax_uid)
        if pair not in self._group_of:
            return unsent(instance, f"no presentation context was proposed for {_words(pair)}")
        self.open(self._group_of[pair])
        context = self._negotiated[pair]
        if not context.accepted:
            return unsent(
                instance, f"no accepted presentation context for {_words(pair)}: {context.reason}"
            )
        association = self._standing()
        message_id = association.next_message_id()
        started = time.monotonic()
        association.send(
            context.id,
            {
                Element.AFFECTED_SOP_CLASS_UID: instance.sop_class_uid,
                Element.COMMAND_FIELD: Field.C_STORE_RQ,
                Element.MESSAGE_ID: message_id,
                Element.PRIORITY: _MEDIUM_PRIORITY,
                Element.COMMAND_DATA_SET_TYPE: commands.WITH_DATA_SET,
                Element.AFFECTED_SOP_INSTANCE_UID: instance.sop_instance_uid,
            },
            instance.buffers,
        )
        return _InFlight(instance, context.id, message_id, started)

    def answer(self, sent: _InFlight) -> StoreAnswer:
        """Wait for the peer's word on an instance that was sent."""
        message = self._standing().response(Field.C_STORE_RQ, sent.message_id, sent.context_id)
        uid = commands.text(message.command, Element.AFFECTED_SOP_INSTANCE_UID)
        if uid and uid != sent.instance.sop_instance_uid:
            raise self._peer.error(
                ProtocolViolation,
                "the peer broke the protocol",
                f"it answered for SOP instance '{uid[:64]}', not for the one sent",
            )
        return StoreAnswer(
            sop_instance_uid=sent.instance.sop_instance_uid,
            sop_class_uid=sent.instance.sop_class_uid,
            status=commands.number(message.command, Element.STATUS),
            comment=commands.comment(message.command),
            seconds=time.monotonic() - sent.started,
        )

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

    def _standing(self) -> Association:
        assert self._association is not None
        return self._association


class Pace:
    """Lets at most ``rate`` a second through; evenly, without saving up for bursts."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1.0 / rate if rate else 0.0
        self._next = 0.0

    def wait(self, deadline: Deadline) -> None:
        """Return when the next one may go. Raises what the deadline raises."""
        if not self._gap:
            return
        now = time.monotonic()
        if self._next > now:
            deadline.sleep(self._next - now)
        self._next = max(now, self._next) + self._gap


def store(
    peer: Peer,
    instances: Iterable[Storable],
    contexts: Sequence[Pair],
    deadline: Deadline,
    *,
    rate: float | None = None,
    opened: Callable[[AssociationEvidence], None] | None = None,
) -> Generator[StoreAnswer, None, None]:
    """Send instances over one association, yielding each one's answer as it is known.

    Instances are pulled one ahead of the answers and never kept. Every instance pulled gets exactly
    one answer: with the peer's status; or, when no context for it was accepted, with status None
    and the reason as comment, while the others go on. When the association breaks, whatever has no
    answer yet is yielded with status None, and then the error is raised: TargetError children, or
    what the deadline raises. contexts: every pair that may come. rate: at most so many a second.
    """
    sender = Sender(peer, contexts, deadline, opened)
    try:
        sender.open()
        yield from run(sender, iter(instances), Pace(rate), deadline)
    except GeneratorExit:
        sender.release()
        raise
    except BaseException:
        sender.abort()
        raise
    sender.release()


def run(
    sender: Sender, instances: Iterator[Storable], pace: Pace, deadline: Deadline
) -> Iterator[StoreAnswer]:
    """Send everything through one sender; the loop of ``store``."""
    instance = next(instances, None)
    while instance is not None:
        following: Storable | None = None
        trouble: Exception | None = None
        sent: _InFlight | StoreAnswer | None = None
        try:
            pace.wait(deadline)
            sent = sender.send(instance)
            try:
                following = next(instances, None)
            except Exception as error:  # noqa: BLE001 - raised again after this answer
                trouble = error
            outcome = sender.answer(sent) if isinstance(sent, _InFlight) else sent
        except FabricatorError as error:
            sender.abort()
            yield unsent(instance, _why(error), maybe_stored=isinstance(sent, _InFlight))
            if following is not None:
                yield unsent(following, f"not sent: {_why(error)}")
            raise
        yield outcome
        if trouble is not None:
            raise trouble
        instance = following


def unsent(instance: Storable, comment: str, *, maybe_stored: bool = False) -> StoreAnswer:
    """The answer for an instance that the peer has said nothing about."""
    return StoreAnswer(
        sop_instance_uid=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        status=None,
        comment=comment,
        maybe_stored=maybe_stored,
    )


def _why(error: FabricatorError) -> str:
    reason = getattr(error, "reason", "")
    return f"{error.message}: {reason}" if reason else error.message


def _words(pair: Pair) -> str:
    return f"SOP class {pair[0]} with transfer syntax {pair[1]}"
