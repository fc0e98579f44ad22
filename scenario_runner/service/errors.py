"""What the service refuses, each with a code that stays: programs read the code, people the message."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.errors import FabricatorError


class ServiceError(FabricatorError):
    """Something the service does not do. ``code`` names it for programs and never changes.

    errors: what is wrong one by one, as plain data, where there is more than one thing.
    """

    kind: ClassVar[str] = "refused"
    """What sort of refusal it is; a face turns that into its own, such as a status of HTTP."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        errors: list[dict[str, object]] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.errors = errors or []


class Malformed(ServiceError):
    """The request is not what it says it is: a body that cannot be read."""

    kind = "malformed"


class Unacceptable(ServiceError):
    """The request can be read, and asks for what cannot be."""

    kind = "unacceptable"


class NotLoggedIn(ServiceError):
    """Nobody is known to ask."""

    kind = "not-logged-in"


class NotAllowed(ServiceError):
    """Who asks may not do that."""

    kind = "not-allowed"


class NotThere(ServiceError):
    """What is asked for is not there."""

    kind = "not-there"


class Conflicting(ServiceError):
    """What is asked for cannot be as things are now."""

    kind = "conflicting"


class ChangedMeanwhile(ServiceError):
    """What is to be replaced is not what whoever asks has seen."""

    kind = "changed-meanwhile"


class Unconditional(ServiceError):
    """Nobody says what is to be replaced."""

    kind = "unconditional"


class TooLarge(ServiceError):
    """A limit is exceeded."""

    kind = "too-large"


class WrongMediaType(ServiceError):
    """The body is of a kind that is not taken here."""

    kind = "wrong-media-type"


class TooSlow(ServiceError):
    """The body does not come in time."""

    kind = "too-slow"


class TooMany(ServiceError):
    """Too much at once, or too often."""

    kind = "too-many"
    wait: int | None = None
    """Seconds after which it may be tried again, where that is known."""


class Unavailable(ServiceError):
    """The service cannot do it now: the disk is full, the archive does not answer."""

    kind = "unavailable"
