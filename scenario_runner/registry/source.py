"""The source ``registry``: patients that earlier runs have kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from random import Random
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from scenario_runner.amounts import amount
from scenario_runner.errors import FabricatorError, Where
from scenario_runner.fields.types import Count, Date, Model, Text
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path, path_text
from scenario_runner.planning.sources import SourceContext, Sourced, SourceError

if TYPE_CHECKING:
    from scenario_runner.database.location import Location
    from scenario_runner.registry.patient import Patient

_TAKEN = ("id", "issuer", "name", "sex", "birth_date", "address", "phone", "locale")


class KnownParameters(Model):
    """Which patients of the registry: by ID, or some of those that fit, drawn by the seed."""

    search: Text = ""
    """Part of ID, name, birth date, telephone or address, as ``fabricate patient search`` takes it."""
    id: Text | Annotated[list[Text], Field(min_length=1)] | None = None
    """These patients, by their IDs."""
    issuer: Text | None = None
    """Whose IDs they are, where several have given them."""
    sex: Literal["M", "F", "O"] | None = None
    """PatientSex."""
    modality: Text | None = None
    """One of which a study was made for the patient."""
    born_from: Date | None = None
    """The first birth date."""
    born_to: Date | None = None
    """The last birth date."""
    count: Count = 1
    """How many, each another one."""


class KnownPatients:
    """Patients of the run's registry, with the demographics they had. What is drawn depends on the seed.

    The registry is told what was made for them, once a PACS has it.
    """

    name = "registry"
    parameters: ClassVar[type[BaseModel]] = KnownParameters
    short = "search"
    called = ""  # earlier runs have made them up

    def patients(self, parameters: KnownParameters, context: SourceContext) -> Iterator[Sourced]:
        """One for each that was chosen."""
        if not context.inputs.asks:
            # Who would be met is not known here; that somebody is will do to check what is below.
            ids = parameters.id if isinstance(parameters.id, list) else [parameters.id]
            for number in range(len(ids) if parameters.id is not None else parameters.count):
                yield Sourced({"keep": True}, _Known(f"patient {number + 1} of the registry"))
            return
        asked = parameters.model_dump(mode="json", exclude_defaults=True)
        name = f"registry/{context.entry} {json.dumps(asked, ensure_ascii=False, sort_keys=True)}"
        content = context.inputs.once(name, lambda: _chosen(parameters, context, name))
        trees = json.loads(content)
        context.met[context.entry] = [(tree["id"], tree.get("issuer", "")) for tree in trees]
        for tree in trees:
            label = f"patient {tree['id']} of the registry"
            yield Sourced({**tree, "keep": True}, _Known(label))


KNOWN = KnownPatients()
"""The one that the hook gives."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A patient of the registry as the origin of what is said about it."""

    label: str

    def where(self, path: Path, *, key: bool = False) -> Where:
        """Which patient; there is no line to look at."""
        del key
        return Where("", path=path_text(path), label=self.label)


def _chosen(parameters: KnownParameters, context: SourceContext, name: str) -> bytes:
    met = {key for entry, keys in context.met.items() if entry < context.entry for key in keys}
    if context.registry is None:
        raise SourceError("there is no registry to ask here")
    try:
        found = _found(parameters, context.registry, f"{context.seed} {name}", met)
    except FabricatorError as error:
        raise SourceError(error.message, error.hint) from error
    trees = [
        {
            key: one.birth_date.isoformat() if key == "birth_date" else getattr(one, key)
            for key in _TAKEN
        }
        for one in found
    ]
    # An issuer or a locale that there is none of is said by saying nothing.
    kept = [
        {key: value for key, value in tree.items() if value or key in ("address", "phone")}
        for tree in trees
    ]
    return json.dumps(kept, ensure_ascii=False, indent=1).encode()


def _found(
    parameters: KnownParameters, registry: Location, seed: str, met: Collection[tuple[str, str]]
) -> list[Patient]:
    from scenario_runner.database.engine import Database
    from scenario_runner.registry.people import People

    with Database(registry) as database:
        people = People(database)
        if parameters.id is not None:
            ids = [parameters.id] if isinstance(parameters.id, str) else parameters.id
            return [people.get(one, parameters.issuer) for one in ids]
        numbers = people.numbers(
            parameters.search,
            sex=parameters.sex,
            modality=parameters.modality,
            born=(parameters.born_from, parameters.born_to),
        )
        if met:
            others = {one.number for one in people.taken(met).values()}
            numbers = [number for number in numbers if number not in others]
        if len(numbers) < parameters.count:
            beside = f" beside the {len(met)} that entries above have" if met else ""
            raise SourceError(
                f"the registry has {amount(len(numbers), 'patient')} that fit{beside}, and "
                f"{parameters.count} are wanted",
                "fabricate patient generate makes some; fabricate patient search finds who is there",
            )
        digest = hashlib.sha256(seed.encode()).digest()
        drawn = Random(int.from_bytes(digest[:8])).sample(numbers, parameters.count)  # noqa: S311
        return people.numbered(drawn)
