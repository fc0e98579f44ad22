"""The check ``conformant``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from scenario_runner.api import (
    Check,
    CheckResult,
    Difference,
    SavedName,
    StepContext,
    ValidatorName,
)

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Finding

_SHOWN = 200
_SAMPLE = 500


class Conformant(Check):
    """Holds when no validator reports an error about the instances."""

    name: ClassVar[str] = "conformant"
    example: ClassVar[str] = "conformant: {of: back, with: [standard, dciodvfy]}"

    of: SavedName = None
    """What ``retrieve`` saved, by name or as a template; by default what was generated."""
    with_: list[ValidatorName] = Field(default=["standard"], alias="with", min_length=1)
    """Validators by name: ``standard`` is built in, ``dciodvfy`` must be installed."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Judge each file, then all together; an absent validator is an error, not a pass."""
        validators = [context.validator(name) for name in self.with_]
        versions = {one.name: one.version() for one in validators}
        files = self._files(context)
        names = {str(file): name for name, file in files}
        findings: list[tuple[str, Finding]] = []
        for name, file in files:
            context.deadline.check()
            findings += [(name, found) for one in validators for found in one.check(file)]
        if len(files) > 1:
            for validator in validators:
                context.deadline.check()
                for found in validator.check_study([file for _, file in files]):
                    findings.append((names.get(found.file, "all instances"), found))
        differences = [
            _difference(name, found) for name, found in findings if found.severity == "error"
        ]
        message = f"{len(files)} instances checked by {', '.join(versions)}"
        if differences:
            first = differences[0]
            message = f"{len(differences)} errors; first: {first.attribute} {first.actual}"
        return CheckResult(
            outcome="passed" if files and not differences else "failed",
            expected="no error",
            actual={"instances": len(files), "errors": len(differences), "validators": versions},
            message=message,
            differences=differences[:_SHOWN],
        )

    def _files(self, context: StepContext) -> list[tuple[str, Any]]:
        if self.of is not None:
            return list(context.retrieved(self.of).files.items())
        folder = context.scratch()
        files: list[tuple[str, Any]] = []
        images = (image for series in context.selection(None) for image in series.images)
        for instance in context.instances(images):
            assert instance.image is not None
            path = folder / f"{len(files):06}.dcm"
            instance.write(path)
            files.append((instance.image.id, path))
            if len(files) >= _SAMPLE:
                context.log(f"only the first {_SAMPLE} instances were checked", "warning")
                break
        return files


def _difference(subject: str, finding: Finding) -> Difference:
    return Difference(
        subject=subject,
        attribute=finding.attribute or finding.rule or finding.validator,
        expected=finding.section or "conformant",
        actual=finding.message,
    )
