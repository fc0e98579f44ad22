"""Presentation contexts: what is proposed, what came of it, and what a refusal means (PS3.8 9.3.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.syntaxes import IMPLICIT_LE
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.words import RESULTS, either, named

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_CONTEXTS: Final = 128
"""Presentation context ids are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""

ACCEPTED, ABSTRACT_SYNTAX_NOT_SUPPORTED, TRANSFER_SYNTAXES_NOT_SUPPORTED = 0, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One presentation context to ask for. scp: we want to be its SCP (PS3.7 D.3.3.4).

    extended: service class application information of its SOP class (PS3.7 D.3.3.5).
    """

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    scp: bool = False
    extended: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A presentation context as it was negotiated, whoever asked for it."""

    id: int
    abstract_syntax: str
    proposed: tuple[str, ...]
    """Transfer syntax UIDs."""
    transfer_syntax: str | None
    """The one the acceptor chose; None unless accepted."""
    result: int | None
    """Of PS3.8 9.3.3.2; None when the acceptor did not answer."""
    reason: str
    """``accepted``, or why not."""
    scp: bool = False
    """Whether the requestor is the SCP: of storage, that it takes C-STORE sub-operations in it."""
    to_receive: bool = False
    """Whether the requestor wanted to be the SCP, whatever the acceptor made of it."""
    extended: bytes = b""
    """The acceptor's answer to extended negotiation for the SOP class."""

    @property
    def accepted(self) -> bool:
        """Whether messages may go in it."""
        return self.transfer_syntax is not None


def reason_of(result: int) -> str:
    """A result in words, with its number where it is a refusal."""
    if result == ACCEPTED:
        return RESULTS[ACCEPTED]
    return f"refused with result {result}, {RESULTS.get(result, 'which PS3.8 does not have')}"


def refusal(context: Context, others: Iterable[Context]) -> str:
    """Why nothing can be sent in a context: what was proposed, how it was refused, what else is known.

    others: contexts negotiated with the same peer. Some peers answer 3, that they lack the SOP class,
    where it is the transfer syntax that they lack; another context of the class tells, and so does the default
    transfer syntax, which whoever has a class takes (PS3.5 10.1).
    """
    same = [one for one in others if one.abstract_syntax == context.abstract_syntax]
    alike = [one for one in same if one.result == context.result and not one.accepted]
    proposed = dict.fromkeys(uid for one in (context, *alike) for uid in one.proposed)
    words = (
        f"{named(context.abstract_syntax)} in {either(proposed)} was proposed and {context.reason}"
    )
    taken = dict.fromkeys(one.transfer_syntax for one in same if one.transfer_syntax is not None)
    if taken:
        return f"{words}; it takes the same SOP class in {either(taken)}"
    if context.result == ABSTRACT_SYNTAX_NOT_SUPPORTED and IMPLICIT_LE in proposed:
        return f"{words}, also in the default transfer syntax, which whoever has a SOP class takes"
    if context.result == ABSTRACT_SYNTAX_NOT_SUPPORTED:
        return f"{words} (some peers say so where it is the transfer syntax that they lack)"
    return words
