"""The typed shape of a site file: which PACS there are and how identifiers look."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from scenario_runner.dicom.levels import COUNTS
from scenario_runner.fields.types import AttributeName, CharacterSet, Duration, Model, Text
from scenario_runner.language.accepted import TakenSopClass, TakenTransferSyntax
from scenario_runner.language.site_services import (
    AeTitle,
    DicomService,
    EmbeddedService,
    FhirService,
    Hl7Service,
    Host,
    HttpService,
    Port,
    TlsFiles,
)
from scenario_runner.language.timezones import ZoneName, zone_of

Hl7Path = Annotated[
    Text,
    Field(pattern=r"^[A-Z][A-Z0-9]{2}-[1-9]\d{0,2}(\.[1-9]\d{0,2}){0,2}$", examples=["OBR-18"]),
]
"""A field of an HL7 v2 message, or a part of it: ``OBR-18``, ``PID-3.4.1``."""


class Hl7Rules(Model):
    """Where this site's HL7 v2 messages say what, as far as it differs from the table of ``fabricate hl7 map``.

    Of several fields the first with a value wins, in messages of every type.
    """

    accession: Annotated[list[Hl7Path], Field(min_length=1)] | None = None
    """The fields of the accession number, such as ``[OBR-18, OBR-3, ORC-3]``."""
    shorten_accession: bool = False
    """Make an accession number that is longer than 16 characters one of 16, always the same; by default it is an error."""
    attributes: dict[Text, Annotated[list[Hl7Path], Field(min_length=1)]] = Field(default={})
    """The fields of any other attribute in the table, by keyword: ``{PatientID: [PID-2.1]}``."""


FhirPath = Annotated[
    Text,
    Field(
        pattern=r"^(Patient|ImagingStudy|ServiceRequest|Encounter|series|instance)(\.\w+(\[[\w.]+=[^\]]+\])?)+$",
        max_length=300,
        examples=["ServiceRequest.identifier[type.coding.code=FILL].value"],
    ),
]
"""An element of a FHIR resource, or of a series or instance that an ImagingStudy lists. In brackets: only items that say so."""


class FhirRules(Model):
    """Where resources of this site's FHIR servers say what, as far as it differs from the table of the guide to orders.

    Of several elements the first with a value wins.
    """

    accession: Annotated[list[FhirPath], Field(min_length=1)] | None = None
    """The elements of the accession number: ``["ServiceRequest.identifier[type.coding.code=FILL].value"]``."""
    attributes: dict[Text, Annotated[list[FhirPath], Field(min_length=1)]] = Field(default={})
    """The elements of any other attribute in the table, by keyword: ``{StudyDescription: [ImagingStudy.note.text]}``."""


class Identifiers(Model):
    """Rules for identifiers that a scenario does not give."""

    accession: Text = "{YYYY}{2letters}{7digits}"
    """Pattern of accession numbers."""
    patient_id: Text = "PID{6digits}"
    """Pattern of patient IDs."""
    uid_root: Annotated[Text, Field(pattern=r"^[0-2](\.(0|[1-9]\d*))+$", max_length=30)] | None = (
        None
    )
    """An arc the site owns; null means 2.25 (UUID-derived, PS3.5 B.2)."""
    hl7: Hl7Rules = Hl7Rules.defaults()
    """Where HL7 v2 messages say what."""
    fhir: FhirRules = FhirRules.defaults()
    """Where FHIR resources say what."""


class Hl7Receiver(Model):
    """Where HL7 v2 messages come in by MLLP, for ``hl7_wait``."""

    host: Host = "127.0.0.1"
    """The address to listen on."""
    port: Port
    """The port to listen on."""
    tls: TlsFiles | None = None
    """Take TLS connections only: ``certificate`` is ours, ``ca`` whom a sender has to be signed by, if it has to
    show a certificate at all."""


class Receiver(Model):
    """Where C-MOVE, storage commitment and messages come back to."""

    ae_title: AeTitle = "FABRICATE"
    """Our AE title as a destination."""
    host: Host = "127.0.0.1"
    """The address to listen on."""
    port: Port = 11113
    """The port to listen on."""
    tls: TlsFiles | None = None
    """Take TLS associations only: ``certificate`` is ours, ``ca`` whom the PACS has to be signed by, if
    it has to show a certificate at all."""
    hl7: Hl7Receiver | None = None
    """Where HL7 v2 messages come in; without it ``hl7_wait`` has nowhere to look."""


class Expectations(Model):
    """What a PACS is known to do, where the Standard leaves it free or the PACS leaves the Standard."""

    person_name_matching: Literal["case-sensitive", "case-insensitive", "accent-insensitive"] = (
        "accent-insensitive"
    )
    """What may differ between a person name that was asked for and one that was answered (PS3.4
    C.2.2.2.1): nothing, the case of letters, or their accents as well. Answers beyond that fail the query."""
    fuzzy_matching: bool = False
    """Ask for fuzzy semantic matching of person names (PS3.4 C.5.1.1); whatever name is answered is right."""
    relational_queries: bool = False
    """Ask for queries without the unique keys above their level (PS3.4 C.4.1.2.2)."""
    uid_lists: bool = True
    """It takes a list of UIDs as one key (PS3.4 C.2.2.2.2); false: they are asked for one by one."""
    query_character_set: CharacterSet | list[CharacterSet] = "ISO_IR 192"
    """The defined terms of the character set that queries beyond ASCII are written in."""
    answer_character_set: CharacterSet | list[CharacterSet] | None = None
    """Those of the character set that its answers are in when they do not say."""
    unsupported_keys: list[AttributeName] = Field(
        default=[], json_schema_extra={"x-name-of": "attribute"}
    )
    """Keys that this PACS lacks: it does not match on them, or leaves them out of its answers. A query that
    matches by one of them is not failed for it: its answers are sorted out on our side where they have the
    attribute, and the report says which keys were not matched."""
    counts: bool = True
    """It counts right what it has; false: what it says in the attributes ``NumberOf…`` (PS3.4 C.3.4) is not looked at, as if they
    all stood under ``unsupported_keys``."""
    duplicates: Literal["kept", "replaced", "refused"] | None = None
    """What becomes of an instance that it has and is sent again: the first is kept and success answered, the second replaces it, or
    it is refused. Then that is what ``send`` has to be answered, and what comes back is held against the one that stays. By default
    a refusal fails ``send``, and what was sent last is to come back."""
    transcodes: bool = True
    """It gives out an instance in another transfer syntax than it has it in; false: what ``retrieve`` could only get so is left
    out, and told. A step of which nothing is left is skipped, and so are steps and checks that need what it would have saved."""
    transfer_syntaxes: list[TakenTransferSyntax] | None = None
    """All the transfer syntaxes that it takes instances in, ``[implicit-le, explicit-le, rle]``, by name, keyword
    or UID; by default nothing is known. What ``send`` could only send in another one is left out, and told; what
    goes in ``implicit-le`` instead, where that is listed, is not. A case of which nothing is left is skipped."""
    sop_classes: list[TakenSopClass] | None = None
    """All the storage SOP classes that it takes, ``[CTImageStorage, MRImageStorage]``, by keyword or UID; by
    default nothing is known. Instances of others are left out in the same way."""
    converts_character_sets: bool = False
    """It writes text in a character set of its own: SpecificCharacterSet may differ from what was sent, and so
    may letters that the set it answers in cannot hold. Text is compared all the same, and such letters are told."""
    private_attributes: bool = True
    """It keeps private attributes; false: that they are missing from what comes back is told and fails no check."""
    worklist: bool = True
    """It has a modality worklist; false: a step that asks for one is skipped, and so are steps and checks that need
    what it would have saved. ``false`` for ``mpps`` and ``none`` for ``commitment`` mean the same of those services."""
    mpps: bool = True
    """It takes what a modality tells of its performed procedure steps (PS3.4 annex F)."""
    commitment: Literal["none", "same", "later", "new"] | None = None
    """Whether it commits storage, and where it reports that: on the association of the request, on the next one that is
    opened for it, or on one that it opens to our receiver (PS3.4 J.3.3). By default it is awaited on all three."""
    stored_within: Duration | None = None
    """How long after it acknowledged what it was sent it may take until it finds all of it, ``10s``. ``wait`` waits at
    least that long; ``query``, ``retrieve``, ``commit``, ``migrate`` and ``delete`` and the checks ``stored`` and ``migrate`` wait until all is found,
    at most so long after the last acknowledgement, and the report says how long they did."""
    repeated_matches: bool = False
    """It answers a query above the level of images once for each instance, not once for each patient, study or
    series: answers with one unique key count as one, and the report says how many came."""
    dicomweb_delete: bool = False
    """It takes ``DELETE`` over DICOMweb, which is no part of PS3.18."""

    @property
    def lacking(self) -> frozenset[str]:
        """All keys that it is neither held to match by nor to answer."""
        counts = () if self.counts else COUNTS
        return frozenset((*self.unsupported_keys, *counts))

    @field_validator("query_character_set", "answer_character_set")
    @classmethod
    def _terms(cls, given: str | list[str] | None) -> str | list[str] | None:
        from scenario_runner.dicom.characters import faults, parse

        for term, reason in faults(parse(given)) if given else ():
            raise PydanticCustomError(
                "unknown_character_set",
                "{message}",
                {
                    "message": f"'{term}' {reason}",
                    "hint": "write defined terms of PS3.3 C.12.1.1.2, such as ISO_IR 100 or ISO_IR 192",
                },
            )
        return given


class TargetSpec(Model):
    """One PACS. Further keys come from target kinds of plugins."""

    environment: Text = "test"
    """``test``, ``staging`` and the like; ``production``, and any word that is not known to be
    harmless, needs --allow-production on the command line."""
    dicom: DicomService | None = None
    """The PACS over DIMSE."""
    dicomweb: HttpService | None = None
    """The PACS over DICOMweb."""
    orthanc: HttpService | None = None
    """Orthanc's REST API, for delete."""
    hl7: Hl7Service | None = None
    """The RIS or interface engine that takes HL7 v2 messages."""
    fhir: FhirService | None = None
    """The FHIR server with patients, orders and imaging studies."""
    embedded: EmbeddedService | None = None
    expects: Expectations = Expectations.defaults()
    """What this PACS is known to do."""


class Site(Model):
    """A whole site file."""

    schema_: Annotated[Literal["site/v1"], Field(alias="schema")]
    name: Annotated[Text, Field(max_length=64)]
    """Name of the site; counters belong to it."""
    ae_title: AeTitle = "FABRICATE"
    """Our calling AE title."""
    timezone: ZoneName | None = None
    """Where the site lies, as ``Europe/Berlin`` or ``+01:00``: ``today``, ``run.date`` and dates in patient
    IDs are days there, and objects, worklist items and MPPS say the offset from UTC. Orders by HL7 v2 with an offset of their own are
    told in its time. By default the
    machine's own zone, and objects say none."""
    identifiers: Identifiers = Identifiers.defaults()
    receiver: Receiver = Receiver.defaults()
    plugins: Text | list[Text] = Field(default=[])
    """Folders with plugins, relative to this file."""
    libraries: Text | list[Text] = Field(default=[])
    """Folders in which libraries are looked for, relative to this file, or git repositories: ``git+https://…@REF``."""
    targets: Annotated[dict[str, TargetSpec], Field(min_length=1)]
    """The PACS, by the names that scenarios use."""

    @property
    def names(self) -> dict[str, Any]:
        """What templates know as ``site``."""
        expects = {name: target.expects.model_dump() for name, target in self.targets.items()}
        return {"name": self.name, "ae_title": self.ae_title, "expects": expects}

    @property
    def zone(self) -> dt.tzinfo | None:
        """The time zone that the file gives; None for the machine's."""
        return None if self.timezone is None else zone_of(self.timezone)
