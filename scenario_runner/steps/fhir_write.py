"""The step ``fhir_write``: resources of the plan, or as they stand, to a FHIR server."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.amounts import amount
from scenario_runner.api import Saved, Step, StepContext, StepResult, TargetName, Text
from scenario_runner.errors import OperationFailed, UsageError
from scenario_runner.orders.fhir import writing
from scenario_runner.steps.of_plan import OfPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.answers import ResourceWritten
    from scenario_runner.api import Target
    from scenario_runner.planning.plan import PlannedPatient, PlannedStudy


class FhirWrite(Step):
    """Write to a FHIR server: an ImagingStudy, Patient or ServiceRequest of the plan, or a body as it stands.

    What is there already under the same identifier is left as it is (conditional create), or brought up to date with
    ``existing: update``, and then one without a UID by its series. An ImagingStudy lists what the case has had stored, where it has sent anything; its Patient
    is created with it. ``save_as`` gives the list of ``{reference, outcome, on}``,
    with the server's name in ``on``.
    """

    name: ClassVar[str] = "fhir_write"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "fhir_write: {to: ehr, resource: imaging_study}"

    to: TargetName
    """Who takes it: a target with ``fhir``."""
    resource: Literal["imaging_study", "patient", "service_request"] | None = None
    """What of the plan is written."""
    of: OfPlan | None = None
    """A study (accession number, StudyInstanceUID, key such as ``p1.s2``, or ``{{ studies[1] }}``) or a patient (PatientID,
    key, or ``{{ patients[1] }}``); by default all of the plan."""
    body: dict[Text, Any] | None = None
    """A resource to write as it stands: put under its ``id``, or created where it has none."""
    existing: Literal["keep", "update"] = "keep"
    """What becomes of a resource that is there already under the same identifier."""
    endpoint: TargetName | None = None
    """The target whose DICOMweb service has the images: an Endpoint for it is created, and the ImagingStudy refers to it."""

    @model_validator(mode="after")
    def _one_source(self) -> FhirWrite:
        if (self.resource is None) == (self.body is None):
            raise PydanticCustomError("one_resource", "give 'resource' or 'body', one of them")
        return self

    def run(self, context: StepContext) -> StepResult:
        """Write each; the first that is refused fails the step."""
        written = list(self._written(context))
        counts = {word: sum(1 for one in written if one.outcome == word)
                  for word in ("created", "updated", "unchanged")}  # fmt: skip
        said = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        message = f"{amount(len(written), 'resource')}: {said}"
        if lost := {one.reference: list(one.lost) for one in written if one.lost}:
            reference, names = next(iter(lost.items()))
            message += f"; '{self.to}' gave {reference} back with other {', '.join(names)} than was written"
            message += f", and {len(lost) - 1} more likewise" if len(lost) > 1 else ""
        return StepResult(
            outcome="passed",
            message=message,
            value=[
                {"reference": one.reference, "outcome": one.outcome, "on": self.to}
                for one in written
            ],
            facts={
                "references": [one.reference for one in written],
                **({"given_back_otherwise": lost} if lost else {}),
            },
        )

    def _written(self, context: StepContext) -> Iterator[ResourceWritten]:
        target = context.target(self.to)
        if self.body is not None:
            if not isinstance(self.body.get("resourceType"), str):
                raise UsageError("the body has no resourceType", hint="resourceType: Patient")
            yield target.fhir_write(self.body, context.deadline)
            return
        release = target.fhir_release(context.deadline)
        if self.resource == "patient":
            for patient in self._patients(context):
                yield self._put(context, target, writing.patient(patient))
            return
        endpoint = self._endpoint(context, target, release)
        kept = {one.image.uid for one in context.ledger.sent() if one.stored} or None
        for study in self._studies(context):
            if self.resource == "imaging_study" and self.existing == "update":
                # Whose it is says the one that is there.
                made = writing.imaging_study(study, release, "", kept, endpoint=endpoint)
                found = self._there(context, target, made) or self._by_series(context, target, made)
                if found is not None:
                    yield target.fhir_write(writing.merged(found, made), context.deadline)
                    continue
            who = self._put(context, target, writing.patient(study.patient), keep=True).reference
            if self.resource == "service_request":
                yield self._put(context, target, writing.service_request(study, release, who))
                continue
            made = writing.imaging_study(study, release, who, kept, endpoint=endpoint)
            yield self._put(context, target, made)

    def _put(
        self, context: StepContext, target: Target, resource: dict[str, Any], *, keep: bool = False
    ) -> ResourceWritten:
        """Create it, or leave or update the one with its first identifier."""
        if self.existing == "update" and not keep:
            found = self._there(context, target, resource)
            if found is not None:
                return target.fhir_write(writing.merged(found, resource), context.deadline)
        condition = {"identifier": writing.token(resource)}
        return target.fhir_write(resource, context.deadline, unless=condition)

    def _there(
        self, context: StepContext, target: Target, resource: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The one with its first identifier."""
        kind, token = resource["resourceType"], writing.token(resource)
        query = {"identifier": token}
        found = target.fhir_search(kind, query, context.deadline, limit=2).resources
        if len(found) > 1:
            raise UsageError(f"the server has more than one {kind} with {token}")
        return found[0] if found else None

    def _by_series(
        self, context: StepContext, target: Target, study: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The study with its first series, where that one has no UID: what the plan has stands for it."""
        series = study["series"][0]["uid"] if study["series"] else None
        if series is None:
            return None
        query = {"series": series}
        try:
            found = target.fhir_search("ImagingStudy", query, context.deadline, limit=2).resources
        except OperationFailed as error:
            if error.http_status != HTTPStatus.BAD_REQUEST:
                raise
            return None  # a server that cannot search by series
        unnamed = [one for one in found if writing.is_unnamed(one, series)]
        return unnamed[0] if len(unnamed) == 1 else None

    def _endpoint(self, context: StepContext, target: Target, release: str) -> str | None:
        if self.endpoint is None:
            return None
        url = context.target(self.endpoint).facts.url
        if url is None:
            raise UsageError(
                f"target '{self.endpoint}' has no DICOMweb service that an Endpoint could name",
                hint="give it 'dicomweb: {url: …}' in the site file",
            )
        return self._put(context, target, writing.endpoint(url, release), keep=True).reference

    def _studies(self, context: StepContext) -> list[PlannedStudy]:
        found = [
            study
            for study in context.case.studies()
            if self.of in (None, study.accession, study.uid, study.id, study.patient.id)
            or self.of == study.patient.patient_id
        ]
        return found or self._nobody()

    def _patients(self, context: StepContext) -> list[PlannedPatient]:
        found = [one for one in context.case.patients if self.of in (None, one.patient_id, one.id)]
        return found or self._nobody()

    def _nobody(self) -> Any:
        raise UsageError(
            f"the plan has no '{self.of}'" if self.of else "the plan has nothing to write",
            hint="name a study or a patient of the plan, or leave 'of' out for all",
        )
