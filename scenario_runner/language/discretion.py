"""Findings that repeat no secret of a site file: a scenario may use what the site has from the environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.diagnostic_words import CUT
from scenario_runner.redaction import Redactor


def discreet(diagnostics: Iterable[Diagnostic], secrets: Collection[str]) -> list[Diagnostic]:
    """The same findings without the secrets, also where a finding cuts a long value short."""
    found = list(diagnostics)
    if not found or not secrets:
        return found
    redactor = Redactor({*secrets, *(secret[:CUT] for secret in secrets)})
    return [
        replace(
            each,
            where=replace(each.where, path=redactor.text(each.where.path)),
            message=redactor.text(each.message),
            hint=None if each.hint is None else redactor.text(each.hint),
        )
        for each in found
    ]


@contextmanager
def discreetly(secrets: Collection[str]) -> Iterator[None]:
    """Within, what is raised as InvalidInput holds no secret."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(discreet(error.diagnostics, secrets)) from None
