"""The services of a target as a site file describes them: DIMSE, DICOMweb, HL7, FHIR, and the embedded PACS."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from scenario_runner.errors import Advised
from scenario_runner.fields.pacs_faults import Faults
from scenario_runner.fields.types import (
    AttributeName,
    Duration,
    Model,
    StorageClass,
    Text,
    TransferSyntax,
    advised,
)

AeTitle = Annotated[
    Text, Field(min_length=1, max_length=16, pattern=r"^[ -\[\]-~]*[!-\[\]-~][ -\[\]-~]*$")
]
"""VR AE: 1 to 16 printable ASCII characters without backslash, not only spaces (PS3.5 6.2)."""

_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f]")
"""Neither in the name of a host (RFC 3986 2); urlsplit passes over some of them, wherever they stand."""

Port = Annotated[int, Field(ge=1, le=65535)]


def _host(text: str) -> str:
    if not text or _NOT_IN_A_URL.search(text):
        raise advised("host", "a host has no blanks and no line ends", "write a name or an address")
    return text


Host = Annotated[Text, AfterValidator(_host)]


def _service_url(url: str) -> str:
    """Raises ValueError for what is no address of a service."""
    parts = urlsplit(url)
    if _NOT_IN_A_URL.search(url):
        raise Advised("the url has a blank or a line end", "leave it out (within a path it is %20)")
    if "@" in url:
        # Also behind a '/': a password that has one would be taken for a host, and said in messages.
        raise Advised(
            "the url holds a user",
            "say who logs in under 'auth' (an @ within a path is written %40)",
        )
    try:
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise Advised(
            "the url has no host, or a port that there is not", "write http://HOST:PORT/PATH"
        )
    if parts.query or parts.fragment:
        raise Advised("the url has a query or a fragment", "give what resources are appended to")
    return url


def _network(text: str) -> str:
    """Raises ValueError for what is no address and no network."""
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError("this is no address and no network, such as 10.0.0.0/8") from error
    return text


IpNetwork = Annotated[Text, AfterValidator(_network)]

HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
"""A token of RFC 9110 5.6.2."""

HeaderValue = Annotated[Text, Field(pattern=r"^[\t -~]*$")]
"""Visible ASCII, blanks and tabs (RFC 9110 5.5): a line break would begin another header."""


class BasicAuth(Model):
    """HTTP basic authentication."""

    user: Text
    """The user name."""
    password: Text
    """The password, from ``env``."""


class Auth(Model):
    """How to log in to an HTTP service: one of basic or bearer."""

    basic: BasicAuth | None = None
    bearer: Text | None = None
    """A token, from ``env``."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.basic is not None and self.bearer:
            raise ValueError("give 'basic' or 'bearer', for a request has one Authorization header")
        return self


class TlsFiles(Model):
    """TLS (PS3.15 annex B for DIMSE, B.9 of it for DICOMweb). PEM files, relative to the site file."""

    ca: Text | None = None
    """Whom to trust; by default whom the system trusts."""
    certificate: Text | None = None
    """Our own certificate, for a PACS that asks for one."""
    key: Text | None = None
    """The certificate's private key, when it is not in the same file."""
    verify: bool = True
    """Whether the certificate of the PACS is checked at all."""
    check_host: bool = True
    """Whether it has to name the host."""
    minimum: Annotated[Text, Field(pattern=r"^1\.[23]$")] = "1.2"
    """The oldest version of TLS allowed, 1.2 or 1.3."""


class UserIdentity(Model):
    """Who we say we are when an association is negotiated (PS3.7 D.3.3.7)."""

    user: Text
    """The user name."""
    password: Text | None = None
    """The passcode, from ``env``; without one only the name is sent."""


class DicomService(Model):
    """A DIMSE service."""

    host: Host
    """Name or address."""
    port: Port
    """TCP port."""
    ae_title: AeTitle
    """Called AE title."""
    calling_ae_title: AeTitle | None = None
    """By default the site's."""
    connect_timeout: Duration = 10.0
    """How long connecting may take."""
    response_timeout: Duration = 60.0
    """How long the peer may take for each answer."""
    association_timeout: Duration | None = None
    """How long it may take to answer an association request; by default the response_timeout."""
    network_timeout: Duration | None = None
    """How long it may be silent within a PDU, or take nothing of what is sent to it; by default the
    response_timeout."""
    tls: TlsFiles | None = None
    """Protect the association; ``{}`` is TLS with the system's certificates."""
    user_identity: UserIdentity | None = None
    """A user to log in as."""
    log_pdus: bool = False
    """Keep a log of every PDU, an evidence file for each association, as --pdu-log does for all."""


class HttpService(Model):
    """A service reached by URL."""

    url: Annotated[Text, Field(pattern=r"^https?://"), AfterValidator(_service_url)]
    """Where it is."""
    auth: Auth | None = None
    """How to log in."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    """Further headers for every request, such as an API key from ``env``."""
    tls: TlsFiles | None = None
    """For ``https``: whom to trust and our own certificate; by default whom the system trusts."""
    connect_timeout: Duration = 10.0
    """How long connecting may take."""
    timeout: Duration = 30.0
    """How long the service may take to begin its answer, and for each further 64 KiB of it."""


class Hl7Service(Model):
    """A receiver of HL7 v2 messages over MLLP."""

    host: Host
    """Name or address."""
    port: Port
    """TCP port."""
    application: Text = ""
    """Receiving Application (MSH-5)."""
    facility: Text = ""
    """Receiving Facility (MSH-6)."""
    encoding: Text | None = None
    """The character set that messages are written in, as HL7 table 0211 names it (``8859/1``); by default UTF-8
    where ASCII does not do."""
    tls: TlsFiles | None = None
    """Protect the connection; ``{}`` is TLS with the system's certificates."""
    connect_timeout: Duration = 10.0
    """How long connecting may take."""
    response_timeout: Duration = 30.0
    """How long it may take to acknowledge a message."""


class ClientCredentials(Model):
    """OAuth 2.0 client credentials (RFC 6749 4.4): a token is asked for before the first request."""

    token_url: Annotated[Text, Field(pattern=r"^https?://"), AfterValidator(_service_url)]
    """Where tokens are given."""
    client_id: Text
    """Who asks."""
    client_secret: Text
    """The secret, from ``env``."""
    scope: Text | None = None
    """What is asked for, such as ``system/*.read``."""


class FhirAuth(Auth):
    """How to log in to a FHIR server: one of basic, bearer or client credentials."""

    client_credentials: ClientCredentials | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if self.client_credentials is not None and (self.basic is not None or self.bearer):
            raise ValueError("give 'basic', 'bearer' or 'client_credentials', one of them")
        return self


class FhirService(Model):
    """A FHIR server, R4, R4B or R5."""

    url: Annotated[Text, Field(pattern=r"^https?://"), AfterValidator(_service_url)]
    """Its base, which ``/ImagingStudy`` is appended to."""
    auth: FhirAuth | None = None
    """How to log in."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    """Further headers for every request, such as an API key from ``env``."""
    tls: TlsFiles | None = None
    """For ``https``: whom to trust and our own certificate; by default whom the system trusts."""
    version: Literal["R4", "R4B", "R5"] | None = None
    """The release it speaks; by default as its CapabilityStatement says."""
    connect_timeout: Duration = 10.0
    """How long connecting may take."""
    timeout: Duration = 30.0
    """How long it may take to begin its answer, and for each further 64 KiB of it."""


class ServerTls(Model):
    """TLS on the DICOM port of the embedded PACS (PS3.15 annex B). Files are PEM."""

    certificate: Text
    """Its certificate."""
    key: Text
    """The certificate's private key."""
    ca: Text | None = None
    """Who may have signed a client's certificate; given, a client without one is refused."""


class Destination(Model):
    """Where an AE title can be reached."""

    host: Host = "127.0.0.1"
    """Name or address."""
    port: Port
    """TCP port."""


class EmbeddedWeb(Model):
    """DICOMweb of the embedded PACS: QIDO-RS, STOW-RS and WADO-RS below ``/dicom-web``, with its TLS.

    HTTP Basic authentication asks for one of its ``users``. HTTP has no AE titles: with
    ``calling_ae_titles`` and neither users nor a token, everybody is refused.
    """

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """HTTP port; 0 takes a free one."""
    token: Text | None = None
    """A bearer token (from ``env``) that clients have to give; with users too, either will do."""
    allow_origins: list[Text] = Field(default=[])
    """Origins of web pages that may read the answers (CORS), ``*`` for any; by default none."""
    allow_hosts: list[Text] = Field(default=[])
    """Names it is reached by, besides addresses, ``localhost`` and the name of the machine; ``*`` for any.
    A request under another name is refused (421), so that no web page can lead a browser here."""
    trusted_proxies: list[IpNetwork] = Field(default=[])
    """Addresses or networks (``10.0.0.0/8``) of proxies in front of it: of these ``Forwarded`` and
    ``X-Forwarded-Proto``, ``-Host``, ``-Port`` and ``-Prefix`` count for the URLs in answers. By default of none."""
    delete: bool | None = None
    """Whether ``DELETE /studies/{uid}`` is done. The Standard has no such request, many servers do. By default
    where only this machine can reach the port, or where clients have to log in."""


class EmbeddedService(Model):
    """A PACS inside this process, started for the run on a free loopback port.

    The same keys configure the one that ``fabricate pacs serve`` runs. Files and folders are relative to the
    site file.
    """

    ae_title: AeTitle = "EMBEDDED"
    """Its AE title."""
    check_called_ae_title: bool = False
    """Refuse associations that call it by another AE title."""
    calling_ae_titles: list[AeTitle] | None = None
    """Who may associate; by default anybody."""
    users: dict[Text, Text] | None = None
    """User names and passwords (from ``env``), one of which has to be given in the association's user
    identity (PS3.7 D.3.3.7); by default nobody is asked."""
    tls: ServerTls | None = None
    """Speak TLS, and nothing else."""
    dicomweb: EmbeddedWeb | None = None
    """How it does DICOMweb. In a run the port opens when a step first asks for it, with this key or
    without, or asks a ``dicomweb`` target of that port."""
    destinations: dict[AeTitle, Destination] = Field(default={})
    """AE titles that C-MOVE and storage commitment can reach, ``ARCHIVE: {host: …, port: …}``; the run's
    own is always known."""
    sop_classes: list[StorageClass] | None = None
    """SOP classes that are stored, by UID or keyword such as ``CTImageStorage``; by default all."""
    transfer_syntaxes: list[TransferSyntax] | None = None
    """Transfer syntaxes that instances are taken in, by UID or by name such as ``explicit-le``; by
    default all."""
    duplicates: Literal["keep", "overwrite", "refuse"] = "keep"
    """What becomes of a second instance with a SOP Instance UID that is there already: the first is
    kept and success is answered, the second replaces it, or it is refused (status 0111)."""
    coerce: dict[AttributeName, Text] = Field(
        default={}, json_schema_extra={"x-name-of": "attribute"}
    )
    """Attributes that are given these values in whatever is stored. A sender whose value was another
    one is told: status B000, the attributes in the comment (PS3.4 B.2.3)."""
    commitment: Literal["same", "later", "new"] = "same"
    """Where a storage commitment is reported: on the association of the request, on the next one that
    the same AE title opens for it, or on one that the PACS opens (PS3.4 J.3.3)."""
    worklist: Text = "plan"
    """What is on the worklist: ``plan`` for the studies of the case that runs, or a folder of
    worklist files, ``.wl`` or ``.dcm``."""
    hl7_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port for HL7 v2 messages by MLLP, as a RIS takes them: orders are put on the worklist, cancels taken off it,
    patients updated and merged; 0 takes a free one. In a run a port of that number opens with the PACS, when a step
    first asks something of it or sends to an ``hl7`` target of that port; otherwise one opens when a step first sends to it,
    with this key or without."""
    hl7_synced: bool = False
    """Acknowledge a message only when its worklist items are on the disk, and so outlive a power cut; without it, they outlive
    the process, however that ends. It costs a wait for the disk, one for all messages that came meanwhile."""
    relational_queries: bool = False
    """Answer queries without the unique keys above their level even when that was not negotiated."""
    faults: Faults = Field(default=[])
    """What it does wrong on purpose, from the start; see also the step ``misbehave``."""
