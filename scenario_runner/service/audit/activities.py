"""What the audit trail tells apart, and how the Standard codes it (PS3.15 A.5.3, PS3.16 CID 400, 401)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from scenario_runner.lazy_dataclasses import dataclass


class Activity(StrEnum):
    """What was done, or was tried."""

    UPLOADED = "uploaded"
    SEARCHED = "searched"
    VIEWED = "viewed"
    DOWNLOADED = "downloaded"
    SENDING = "sending"
    """A study begins to go to a PACS."""
    SENT = "sent"
    """What became of that: a success when each instance was acknowledged."""
    MESSAGES_SENT = "messages-sent"
    CORRECTED = "corrected"
    LINKED = "linked"
    DELETED = "deleted"
    DELETION_ASKED = "deletion-asked"
    DELETION_REFUSED = "deletion-refused"
    SHARED = "shared"
    """A token was given that lets somebody see one study."""
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    REFUSED = "refused"
    """Somebody asked for what they may not have."""
    ACCOUNT_CHANGED = "account-changed"
    ROLES_CHANGED = "roles-changed"
    TRAIL_READ = "trail-read"
    RUN_ASKED = "run-asked"
    RUN_STOPPED = "run-stopped"
    RUN_SIGNED = "run-signed"
    SCHEDULE_CHANGED = "schedule-changed"
    SCENARIO_SAVED = "scenario-saved"
    SITE_CHANGED = "site-changed"
    STARTED = "started"
    STOPPED = "stopped"
    BACKED_UP = "backed-up"
    RESTORED = "restored"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILED = "failed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Code:
    """A coded entry of the scheme DCM."""

    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Coded:
    """How an activity is written in an audit message. action: C, R, U, D or E (PS3.15 A.5.1)."""

    event: Code
    action: Literal["C", "R", "U", "D", "E"]
    kind: Code | None = None


_ACCESSED: Final = Code("110103", "DICOM Instances Accessed")
_SECURITY: Final = Code("110113", "Security Alert")
_APPLICATION: Final = Code("110100", "Application Activity")
_AUTHENTICATION: Final = Code("110114", "User Authentication")
_CONFIGURED: Final = Code("110131", "Software Configuration")
_RESTRICTED: Final = Code("110132", "Use of Restricted Function")

CODED: Final[Mapping[Activity, Coded]] = {
    Activity.UPLOADED: Coded(Code("110107", "Import"), "C"),
    Activity.SEARCHED: Coded(Code("110112", "Query"), "E"),
    Activity.VIEWED: Coded(_ACCESSED, "R"),
    Activity.DOWNLOADED: Coded(Code("110106", "Export"), "R"),
    Activity.SENDING: Coded(Code("110102", "Begin Transferring DICOM Instances"), "E"),
    Activity.SENT: Coded(Code("110104", "DICOM Instances Transferred"), "C"),
    Activity.MESSAGES_SENT: Coded(Code("110106", "Export"), "R"),
    Activity.CORRECTED: Coded(_ACCESSED, "U"),
    Activity.LINKED: Coded(_ACCESSED, "U"),
    Activity.DELETED: Coded(Code("110105", "DICOM Study Deleted"), "D"),
    Activity.DELETION_ASKED: Coded(_SECURITY, "E", _RESTRICTED),
    Activity.DELETION_REFUSED: Coded(_SECURITY, "E", _RESTRICTED),
    Activity.SHARED: Coded(_SECURITY, "E", Code("110135", "Object Security Attributes Changed")),
    Activity.LOGGED_IN: Coded(_AUTHENTICATION, "E", Code("110122", "Login")),
    Activity.LOGGED_OUT: Coded(_AUTHENTICATION, "E", Code("110123", "Logout")),
    Activity.REFUSED: Coded(_SECURITY, "E", _RESTRICTED),
    Activity.ACCOUNT_CHANGED: Coded(
        _SECURITY, "E", Code("110137", "User Security Attributes Changed")
    ),
    Activity.ROLES_CHANGED: Coded(_SECURITY, "E", Code("110136", "Security Roles Changed")),
    Activity.TRAIL_READ: Coded(Code("110101", "Audit Log Used"), "R"),
    Activity.RUN_ASKED: Coded(_APPLICATION, "E", Code("110120", "Application Start")),
    Activity.RUN_STOPPED: Coded(_APPLICATION, "E", Code("110121", "Application Stop")),
    Activity.RUN_SIGNED: Coded(
        _SECURITY, "E", Code("110135", "Object Security Attributes Changed")
    ),
    Activity.SCHEDULE_CHANGED: Coded(_SECURITY, "E", _CONFIGURED),
    Activity.SCENARIO_SAVED: Coded(_SECURITY, "E", _CONFIGURED),
    Activity.SITE_CHANGED: Coded(_SECURITY, "E", _CONFIGURED),
    Activity.STARTED: Coded(_APPLICATION, "E", Code("110120", "Application Start")),
    Activity.STOPPED: Coded(_APPLICATION, "E", Code("110121", "Application Stop")),
    Activity.BACKED_UP: Coded(Code("110106", "Export"), "R"),
    Activity.RESTORED: Coded(Code("110107", "Import"), "C"),
}
ALTERED: Final = Coded(_SECURITY, "E", Code("110135", "Object Security Attributes Changed"))
"""An entry that says of itself what no service writes: somebody has changed it in the database."""
