"""What a person signs: an in-toto Statement v1 with a test-result predicate v0.1 (github.com/in-toto/attestation)."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from scenario_runner.evidence.manifest import MANIFEST, Manifest

Meaning = Literal["executed", "reviewed", "approved"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)

STATEMENT: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE: Literal["https://in-toto.io/attestation/test-result/v0.1"] = (
    "https://in-toto.io/attestation/test-result/v0.1"
)

_FURTHEST = 40
"""Characters of a name in that of a file."""
_SHA256 = r"^[0-9a-f]{64}$"


def named_after(meaning: str, name: str) -> str:
    """How the file of a signature is called, behind its number."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_FURTHEST] or "signature"
    return f"{meaning}-{word}.dsse.json"


class _Part(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class Digest(_Part):
    """The digest of a subject, in hexadecimal."""

    sha256: str = Field(pattern=_SHA256)


class Subject(_Part):
    """A file that the statement is about; its name from the run folder."""

    name: str
    digest: Digest


class Signed(_Part):
    """Who signs what it means; the field ``signed`` of the predicate is ours."""

    run: str
    name: str = Field(min_length=1, max_length=400)
    role: str = ""
    meaning: Meaning
    time: str
    """ISO 8601 in UTC, by the clock of the machine that signed."""
    remark: str = ""


class Result(_Part):
    """The test-result predicate."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: list[dict[str, Any]] = []
    passed_tests: list[str] = Field(default=[], alias="passedTests")
    failed_tests: list[str] = Field(default=[], alias="failedTests")
    signed: Signed


class Statement(_Part):
    """The statement; a reader ignores what it does not know."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT, alias="_type")
    subject: list[Subject] = Field(min_length=1)
    predicate_type: Literal["https://in-toto.io/attestation/test-result/v0.1"] = Field(
        default=PREDICATE, alias="predicateType"
    )
    predicate: Result

    def digest_of(self, name: str) -> str | None:
        """The digest of the subject with that name."""
        return next((one.digest.sha256 for one in self.subject if one.name == name), None)

    def payload(self) -> bytes:
        """The JSON text that is signed."""
        fields = self.model_dump(by_alias=True)
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "backslashreplace"
        )


def statement_about(
    manifest: Manifest, digest: str, earlier: dict[str, str], cases: dict[str, str], signed: Signed
) -> Statement:
    """The statement of one person about a run.

    digest: SHA-256 of its manifest. earlier: the signatures that are there already, by name and digest, which
    this one covers too. cases: outcome of each case, by its id.
    """
    subjects = {MANIFEST: digest, **earlier}
    inputs = [file for file in manifest.files if file.path.startswith("inputs/")]
    return Statement(
        subject=[Subject(name=name, digest=Digest(sha256=one)) for name, one in subjects.items()],
        predicate=Result(
            result="PASSED" if manifest.outcome == "passed" else "FAILED",
            configuration=[
                {"name": file.path, "digest": {"sha256": file.sha256}} for file in inputs
            ],
            passed_tests=[case for case, outcome in cases.items() if outcome == "passed"],
            failed_tests=[case for case, outcome in cases.items() if outcome != "passed"],
            signed=signed,
        ),
    )


def read_statement(payload: bytes) -> Statement:
    """A statement from its JSON text. Raises ValueError (pydantic's own among them)."""
    try:
        return Statement.model_validate(json.loads(payload))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
