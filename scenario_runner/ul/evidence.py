"""What was asked of a peer and what it answered when an association was negotiated, for the record."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.ul.contexts import Context

_MOST_NOTES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationEvidence:
    """One association. host, port: of the peer."""

    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    contexts: tuple[Context, ...]
    max_pdu: int
    """The longest P-DATA-TF the peer takes, in bytes; 0 is no limit."""
    implementation_class_uid: str
    implementation_version_name: str
    connect_seconds: float
    negotiate_seconds: float
    notes: list[str] = field(default_factory=list)
    """What the peer was sloppy about where nothing was in doubt; grows while the association lasts."""

    def note(self, words: str) -> None:
        """Add a note, once."""
        if words not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(words)

    def plain(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON; ``notes`` is the list that grows."""
        return {
            "host": self.host,
            "port": self.port,
            "calling_ae_title": self.calling_ae_title,
            "called_ae_title": self.called_ae_title,
            "contexts": [_plain(context) for context in self.contexts],
            "max_pdu": self.max_pdu,
            "implementation_class_uid": self.implementation_class_uid,
            "implementation_version_name": self.implementation_version_name,
            "connect_seconds": self.connect_seconds,
            "negotiate_seconds": self.negotiate_seconds,
            "notes": self.notes,
        }


def _plain(context: Context) -> dict[str, Any]:
    return {
        "id": context.id,
        "abstract_syntax": context.abstract_syntax,
        "proposed": list(context.proposed),
        "accepted": context.accepted,
        "transfer_syntax": context.transfer_syntax,
        "result": context.result,
        "reason": context.reason,
        "scp": context.scp,
        "extended": context.extended.hex(),
    }
