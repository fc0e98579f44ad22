"""What a site decides about its imaging service: logins, a provider of tokens, deletions, the audit trail.

From a file ``schema: service/v1``, and from variables that win over it, one for each key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from scenario_runner.fields.types import Duration, Model
from scenario_runner.language.binding import bind
from scenario_runner.language.document_kinds import require_kind
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.service.accounts.oidc import OidcOptions
from scenario_runner.service.accounts.provider_login import LoginOptions
from scenario_runner.service.accounts.session_times import SessionTimes
from scenario_runner.service.audit.messages import AuditSource
from scenario_runner.service.audit.syslog import PORT, Receiver
from scenario_runner.service.paces import Pace
from scenario_runner.service.permissions import Role
from scenario_runner.service.rates import Rate
from scenario_runner.ul.tls import Tls

KIND: Final = "service/v1"
VARIABLE: Final = "FABRICATE_SERVICE_"
"""What the variables begin with; the rest is the name of a key in capitals."""
RoleName = Literal["admin", "doctor", "radiologist", "technician", "nurse", "monitor"]
_Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Sessions(Model):
    """How long somebody stays logged in."""

    idle: Duration = 1_800.0
    """Without a request."""
    absolute: Duration = 43_200.0
    """At most."""

    def times(self) -> SessionTimes:
        """For the gate."""
        return SessionTimes(dt.timedelta(seconds=self.idle), dt.timedelta(seconds=self.absolute))


class Provider(Model):
    """An OpenID provider whose bearer tokens are taken."""

    issuer: _Text
    """Its address, exactly as its tokens have it (``iss``)."""
    audience: _Text
    """What its tokens call this service (``aud``)."""
    jwks_uri: _Text | None = None
    """Where its keys are; by default it is asked."""
    roles_claim: _Text = "roles"
    """Where in a token the roles are, with dots into objects: ``realm_access.roles``."""
    roles: dict[str, RoleName] = Field(default_factory=dict, max_length=1_000)
    """From what stands there to a role of ours; by default the names are the same."""
    name_claim: _Text = "preferred_username"
    """What a person is called; without it ``sub``."""
    client_id: _Text | None = None
    """What it calls this service where people log in at it; by default only programs bring its tokens."""
    client_secret: _Text | None = None
    """Its password for this service, where it has given one; better by ``FABRICATE_SERVICE_OIDC``."""
    scope: _Text = "openid profile"
    """What it is asked for when people log in."""
    label: _Text | None = None
    """What it is called on the page to log in; by default its host."""
    leeway: Annotated[int, Field(ge=0, le=600)] = 60
    """Seconds that its clock and ours may differ."""
    ca: _Text | None = None
    """A PEM file with the authority of its certificate; by default those that the system trusts."""

    def options(self, folder: Path) -> OidcOptions:
        """folder: what a relative path starts from. Raises MachineError."""
        return OidcOptions(
            issuer=self.issuer,
            audience=self.audience,
            jwks_uri=self.jwks_uri,
            roles_claim=self.roles_claim,
            roles={told: Role(role) for told, role in self.roles.items()},
            name_claim=self.name_claim,
            leeway=self.leeway,
            tls=Tls(ca=folder / self.ca if self.ca is not None else None).context(),
        )

    def login(self) -> LoginOptions | None:
        """How people log in there; None where they do not."""
        if self.client_id is None:
            return None
        return LoginOptions(
            client_id=self.client_id,
            client_secret=self.client_secret,
            scope=self.scope,
            label=self.label or "",
        )


class Deletion(Model):
    """What a deletion takes."""

    second_person: bool = False
    """Whether somebody else has to consent to it."""


class Often(Model):
    """How often somebody may ask."""

    requests: Annotated[int, Field(ge=1, le=1_000_000_000)]
    """So many at once, and again"""
    within: Duration
    """within so long."""

    def rate(self) -> Rate:
        """For the gate."""
        return Rate(self.requests, self.within)


class RateLimits(Model):
    """How many requests are answered; those beyond are told when to try again (429)."""

    account: Often | None = None
    """Of one account, whatever it is known by."""
    address: Often | None = None
    """From one address, whoever asks there."""


class Bodies(Model):
    """How slowly a request may come in; one that comes more slowly is broken off (408)."""

    grace: Duration = 20.0
    """Waited for its bytes so long, it has to have come at the slowest pace; then it is looked at again."""
    slowest: Annotated[int, Field(ge=1, le=1_000_000_000)] = 4_096
    """Bytes a second."""
    slow_at_once: Annotated[int, Field(ge=1, le=10_000)] = 32
    """Of one address; one more has no grace."""

    def pace(self) -> Pace:
        """For the entrance."""
        return Pace(self.grace, self.slowest, self.slow_at_once)


class Syslog(Model):
    """A receiver of audit messages, by syslog over TLS. PEM files, relative to this file."""

    host: _Text
    """Its name or address, which its certificate has to have, too."""
    port: Annotated[int, Field(ge=1, le=65_535)] = PORT
    """Its port."""
    ca: _Text | None = None
    """Whom to trust; by default whom the system trusts."""
    certificate: _Text | None = None
    """Our own certificate, for a receiver that asks for one."""
    key: _Text | None = None
    """The certificate's private key."""

    def receiver(self, folder: Path) -> Receiver:
        """folder: what a relative path starts from."""

        def path(name: str | None) -> Path | None:
            return None if name is None else folder / name

        tls = Tls(ca=path(self.ca), certificate=path(self.certificate), key=path(self.key))
        return Receiver(host=self.host, port=self.port, tls=tls)


class Audit(Model):
    """How the audit trail leaves the house."""

    source: _Text = "dicom-fabricator"
    """What this service is called in audit messages (AuditSourceID); once at a site."""
    site: _Text | None = None
    """What the site is called (AuditEnterpriseSiteID)."""
    syslog: Syslog | None = None
    """Where each entry is sent as soon as it is written."""

    def identity(self, process: str) -> AuditSource:
        """process: the number of the one that runs."""
        return AuditSource(id=self.source, site=self.site, process=process)


class RunSettings(Model):
    """How runs are carried out that are started here."""

    at_once: Annotated[int, Field(ge=1, le=64)] = 2
    """So many processes; others wait their turn."""


class Signing(Model):
    """Signing runs in the console. PEM files, relative to this file."""

    key: _Text | None = None
    """A private key of the house, for those who have none of their own: a file, or the PKCS#11 URI of one that stays
    in a token; its password or PIN is ``FABRICATE_KEY_PASSWORD``."""
    certificate: _Text | None = None
    """The key's certificate, then those up to a root."""
    timestamp: _Text | None = None
    """The address of an authority (RFC 3161) that stamps each signature."""
    trust: list[_Text] = Field(default_factory=list, max_length=1_000)
    """Public keys and certificates that are trusted; without them a signature is held against the key it brings."""


class Settings(Model):
    """The settings of the imaging service. Without a file, everything is as usual."""

    schema_: Literal["service/v1"] = Field(KIND, alias="schema")
    """What this file is."""
    sessions: Sessions = Field(default_factory=Sessions)
    """Of people who log in."""
    oidc: Provider | None = None
    """For programs and portals that bring a token of another house."""
    deletion: Deletion = Field(default_factory=Deletion)
    """Of studies."""
    runs: RunSettings = Field(default_factory=RunSettings)
    """Started here, and not by the command."""
    signing: Signing = Field(default_factory=Signing)
    """Of their evidence."""
    rates: RateLimits = Field(default_factory=RateLimits)
    """By default everybody may ask as often as they like."""
    bodies: Bodies = Field(default_factory=Bodies)
    """Uploads, and whatever else is sent here."""
    audit: Audit = Field(default_factory=Audit)
    """Beyond the database, where it always is."""


def read_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file, or the usual ones, and of variables that win over them.

    environment: all of it; ``FABRICATE_SERVICE_OIDC`` and the like are looked at, their values written as in the
    file: ``{issuer: https://idp.example, audience: imaging}``. Raises InvalidInput with the place of what is wrong.
    """
    given: dict[str, Any] = {"schema": KIND}
    if path is not None:
        document = load_document(path)
        require_kind(document, KIND)
        bind(Settings, document.data, document, ())
        given = dict(document.data)
    for key in Settings.model_fields:
        value = environment.get(VARIABLE + key.upper())
        if value is None or key == "schema_":
            continue
        one = parse_document(f"{key}: {value}\nschema: {KIND}\n", f"${VARIABLE}{key.upper()}")
        bind(Settings, one.data, one, ())
        given[key] = one.data[key]
    return Settings.model_validate(given, by_alias=True, by_name=False)
