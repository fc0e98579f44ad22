"""Identifiers of one part of a plan: the k-th of them on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import (
    Diagnostic,
    FabricatorError,
    InvalidInput,
    PluginError,
    described,
)
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.planning.identifiers import VRS
from scenario_runner.planning.shuffle import shuffled
from scenario_runner.planning.value_problems import check_text

if TYPE_CHECKING:
    import datetime as dt

    from scenario_runner.planning.blueprint import Identifier
    from scenario_runner.planning.number_ranges import Reserved


class PartIdentifiers:
    """Writes the identifiers of one rule for one part.

    scope: run and case that random identifiers are to be different within.
    """

    def __init__(self, rule: Identifier, *, scope: str, site: str, reserved: Reserved) -> None:
        self._rule, self._site = rule, site
        self._pattern = pattern = rule.pattern
        self._counted = [
            (first, counter.step)
            for first, counter in zip(
                reserved.numbers(rule.kind, pattern, rule.use), pattern.counters, strict=False
            )
        ]
        self._space = pattern.space
        self._order = f"{scope} {rule.kind} {pattern}"

    def text(self, nth: int, seed: int, moment: dt.datetime, modality: str = "") -> str:
        """The identifier of the part's nth entity (from 0), which has this seed.

        Raises InvalidInput when a plugin's field wrote what does not fit; a plan cannot know before. PluginError when
        one throws.
        """
        draw = 0
        if self._space > 1:
            if self._counted:
                draw = seed % self._space
            else:
                use = (self._rule.use + nth) % self._space
                draw = shuffled(use, self._space, self._order)
        try:
            text = self._pattern.render(
                moment,
                modality=modality,
                site=self._site,
                numbers=[first + nth * step for first, step in self._counted],
                draw=draw,
                seed=seed,
            )
        except (FabricatorError, KeyboardInterrupt):
            raise
        except BaseException as error:
            place = self._rule.where.named
            raise PluginError(
                f"a field of the pattern '{self._pattern}' failed: {described(error)}",
                hint=f"it is a plugin's; the pattern stands in {place}" if place else None,
            ) from error
        if self._pattern.has_open_fields:
            self._check(text)
        return text

    def _check(self, text: str) -> None:
        if problem := check_text(text, VRS[self._rule.kind], quoted(text)):
            where = self._rule.where
            raise InvalidInput([Diagnostic(problem.code, where, problem.message, problem.hint)])
