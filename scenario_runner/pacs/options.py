"""How the embedded PACS behaves, as one typed object."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from scenario_runner.dicom.elements import Elements
    from scenario_runner.fields.pacs_faults import Fault
    from scenario_runner.orders.hl7.mapping import Line
    from scenario_runner.orders.mllp.listener import Answer
    from scenario_runner.orders.order import Order
    from scenario_runner.ul.peer import UserIdentity
    from scenario_runner.ul.tls import Tls


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an AE title can be reached."""

    host: str
    port: int
    tls: Tls | None = None
    """How it is spoken to over TLS; None for without."""
    identity: UserIdentity | None = None
    """Whom to log in as."""

    def peer(self, ae_title: str, ours: str) -> Peer:
        """As we call it. ours: the AE title that we call ourselves."""
        return Peer(
            host=self.host,
            port=self.port,
            ae_title=ae_title,
            calling_ae_title=ours,
            tls=self.tls,
            identity=self.identity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """DICOMweb on an HTTP port of its own, with the TLS files of the DICOM port when there are any.

    HTTP Basic authentication asks for one of ``PacsOptions.users``. HTTP has no AE titles: where the PACS
    lets in only AE titles it knows, its HTTP port refuses everybody unless there are users or a token.
    """

    port: int = 0
    """0 takes a free one."""
    token: str | None = None
    """For bearer authentication; with users too, either will do."""
    allow_origins: tuple[str, ...] = ()
    """Web pages of other origins that may read the answers (CORS); ``*`` is any."""
    allow_hosts: tuple[str, ...] = ()
    """Names it is reached by besides addresses, localhost and the machine's own; ``*`` is any."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose ``Forwarded`` and ``X-Forwarded-*`` headers are believed."""
    delete: bool | None = None
    """Whether ``DELETE /studies/{study}`` is done; it is not in the Standard, but many servers have it. None:
    where only this machine reaches the port, or somebody has to log in."""
    maximum_request: int = 1 << 36
    """Bytes of one request; each instance in it is bounded by ``PacsOptions.maximum_instance``."""
    head_timeout: float = 30.0
    """Seconds from a request's first byte to the end of its headers."""
    body_timeout: float = 60.0
    """Seconds the client may take for each 256 KiB that it sends or is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PacsOptions:
    """Policies and bounds; the defaults suit a test on one machine."""

    check_called_ae_title: bool = False
    """Refuse an association called by another AE title (PS3.8 9.3.4, reason 7)."""
    calling_ae_titles: frozenset[str] | None = None
    """Who may associate; None lets anybody in (reason 3 for the others)."""
    users: Mapping[str, str] | None = None
    """User names and passwords of which one has to be given (PS3.7 D.3.3.7); None asks nobody."""
    sop_classes: frozenset[str] | None = None
    """SOP class UIDs that are stored; None takes every storage class."""
    transfer_syntaxes: frozenset[str] | None = None
    """Transfer syntax UIDs that instances are taken in; None takes all."""
    coerce: Mapping[str, str] = field(default_factory=dict)
    """Keyword to the value that an attribute is given in what is stored, told with B000 (PS3.4 B.2.3)."""
    relational_queries: bool = False
    """Answer queries without the unique keys above their level even when not negotiated (PS3.4 C.5)."""
    archive: ArchiveOptions = field(default_factory=ArchiveOptions)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    """AE titles that C-MOVE and storage commitment can reach; others are unknown (A801)."""
    commitment: Literal["same", "later", "new"] = "same"
    """On which association a storage commitment is told: the one it was asked on, the next one of the
    same AE title that has the service, or one of our own."""
    worklist: Path | None = None
    """A folder of worklist items; by default ``worklist`` in the folder of the PACS."""
    scheduled: Callable[[], Iterable[Elements]] = tuple
    """Worklist items beside those of the folder, asked for at each query; called from any thread."""
    tls: Tls | None = None
    """Speak TLS on the DICOM port (PS3.15 B), and nothing else; with ``ca``, to who has a certificate of it."""
    web: WebOptions = field(default_factory=WebOptions)
    """DICOMweb, once ``EmbeddedPacs.open_web`` is called."""
    station: str = ""
    """The AE title of who is to do what orders by HL7 ask of nobody in particular."""
    hl7_port: int = 0
    """Of the HL7 port, once ``EmbeddedPacs.open_hl7`` is called; 0 takes a free one."""
    hl7_synced: bool = False
    """Acknowledge a message when its worklist items are on the disk, which a power cut leaves; else when they are with
    the system, which outlives this process."""
    hl7_mapping: Sequence[Line] = ()
    """Which field of a message fills which attribute; by default the table that ships."""
    ordered: Callable[[Sequence[Order]], object] | None = None
    """Told of the orders of a message once they are on the worklist."""
    heard: Callable[[bytes, str, Answer], object] | None = None
    """Told of each message of HL7, its sender's address and its answer, once that is known; from any thread."""
    faults: Sequence[Fault] = ()
    """What goes wrong on purpose; nothing by default."""
    maximum_associations: int = 100
    """Beyond it an association is refused for now: local limit exceeded."""
    maximum_pdu: int = 1 << 20
    """Bytes of a P-DATA-TF we announce and accept (PS3.8 D.1)."""
    maximum_instance: int = 1 << 31
    """Bytes of one received data set; a longer one is aborted."""
    idle_timeout: float = 300.0
    """Seconds a peer may be silent within an association."""
    crowded_timeout: float = 10.0
    """Seconds of the same silence after which an association has to go when its place is wanted."""
    request_timeout: float = 30.0
    """Seconds from the connection to a whole A-ASSOCIATE-RQ (the ARTIM timer, PS3.8 9.1.5)."""
