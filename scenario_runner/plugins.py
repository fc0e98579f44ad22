"""The hook specifications, and how plugins are found and loaded. Built-ins come in through the same hooks.

A plugin is a module (or any object) with functions marked ``@hookimpl``; it is found through the
entry-point group ``scenario_runner.plugins`` or as a ``*.py`` file or package in a folder that the
site file names under ``plugins``. A scenario can never load one.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from scenario_runner.errors import FabricatorError, PluginError, described
from scenario_runner.hooks import PROJECT, Later

if TYPE_CHECKING:
    from scenario_runner.api import Check, Step, TargetKind
    from scenario_runner.conformance.api import NamesItsRules, Validator
    from scenario_runner.evidence.api import Reporter
    from scenario_runner.imaging.api import DocumentBuilder, Fault, IodBuilder, Phantom
    from scenario_runner.planning.api import Demographics, PatternField
    from scenario_runner.planning.sources import PatientSource

hookspec = pluggy.HookspecMarker(PROJECT)

BUILT_IN = (
    "scenario_runner.steps",
    "scenario_runner.checks",
    "scenario_runner.planning.built_in",
    "scenario_runner.registry.built_in",
    "scenario_runner.orders.built_in",
    "scenario_runner.imaging.built_in",
    "scenario_runner.targets",
    "scenario_runner.conformance",
    "scenario_runner.evidence.built_in",
)


_KEYS = {"fabricate_iod_builders": ("defaults", "key")}
"""What tells the things of a hook apart, where it is not their ``name``: an attribute's attribute."""


class Hooks:
    """Every door of the program. Each hook returns a list; names must be unique across plugins."""

    @hookspec
    def fabricate_steps(self) -> list[type[Step] | Later]:  # type: ignore[empty-body]
        """Steps a scenario can use, named by their ``name``."""

    @hookspec
    def fabricate_checks(self) -> list[type[Check] | Later]:  # type: ignore[empty-body]
        """Checks that ``assert`` can use, named by their ``name``."""

    @hookspec
    def fabricate_iod_builders(self) -> list[IodBuilder | DocumentBuilder]:  # type: ignore[empty-body]
        """Makers of one kind of DICOM instance, named by the ``key`` of their ``defaults``.

        That is the modality, or modality and SOP class for one that is made only when a series names
        its class (``by_sop_class``).
        """

    @hookspec
    def fabricate_phantoms(self) -> list[Phantom]:  # type: ignore[empty-body]
        """Sources of pixels, named by their ``name`` (``ct/abdomen``)."""

    @hookspec
    def fabricate_faults(self) -> list[Fault]:  # type: ignore[empty-body]
        """Things that can be wrong with an object on purpose, named by their ``name``."""

    @hookspec
    def fabricate_pattern_fields(self) -> list[PatternField]:  # type: ignore[empty-body]
        """Fields of identifier patterns, named by their ``name``."""

    @hookspec
    def fabricate_demographics(self) -> list[Demographics]:  # type: ignore[empty-body]
        """Sources of synthetic names and addresses, named by their ``name``."""

    @hookspec
    def fabricate_sources(self) -> list[PatientSource]:  # type: ignore[empty-body]
        """Where patients come from, named by their ``name``, which is a key under ``from``."""

    @hookspec
    def fabricate_target_kinds(self) -> list[type[TargetKind] | Later]:  # type: ignore[empty-body]
        """Kinds of PACS, named by their ``name``, which is a key of a target in the site file."""

    @hookspec
    def fabricate_validators(self) -> list[Validator]:  # type: ignore[empty-body]
        """Judges of DICOM objects, named by their ``name`` (``dciodvfy``)."""

    @hookspec
    def fabricate_reporters(self) -> list[type[Reporter]]:  # type: ignore[empty-body]
        """Writers of a file of evidence, named by their ``name``."""


_RESERVED = {"fabricate_steps": {"case"}}
"""Names of what no scenario can write, for it is put there: the case that judges a load of cases."""


class Plugins:
    """All plugins of one program run; the one place that knows what names exist.

    folders: where a site's own plugins lie. outside: whether to load installed entry points.
    Raises PluginError for a plugin that cannot be loaded or breaks a hook's contract.
    """

    def __init__(self, folders: Iterable[Path] = (), *, outside: bool = True) -> None:
        self.folders = tuple(folders)
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._named: dict[str, _Things] = {}
        for name in BUILT_IN:
            self._manager.register(importlib.import_module(name), name=name)
        if outside:
            self._load_entry_points()
        for folder in self.folders:
            self._load_folder(folder)

    def named(self, hook: str) -> Mapping[str, Any]:
        """What all plugins give for one hook, by name, built-ins first.

        Raises PluginError when two plugins claim one name; the message says which.
        """
        if hook not in self._named:
            found: dict[str, Any] = {}
            owner: dict[str, str] = {}
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                plugin = implementation.plugin_name
                try:
                    things = list(implementation.function())
                    if plugin not in BUILT_IN:
                        things = [_ready(thing) for thing in things]
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    raise PluginError(
                        f"plugin '{plugin}' failed in {hook}: {_reason(error)}"
                    ) from error
                for thing in things:
                    keys = _KEYS.get(hook, ("name",))
                    name = reduce(lambda it, key: getattr(it, key, None), keys, thing)
                    if not isinstance(name, str) or not name:
                        raise PluginError(f"plugin '{plugin}': {thing!r} has no '{'.'.join(keys)}'")
                    if name in _RESERVED.get(hook, ()) and plugin not in BUILT_IN:
                        raise PluginError(
                            f"plugin '{plugin}' claims '{name}', which is a name of the program's own",
                            hint="give it another name",
                        )
                    if name in found:
                        raise PluginError(
                            f"'{name}' is claimed by two plugins: '{owner[name]}' and '{plugin}'",
                            hint="rename one of them, or remove one of the plugins",
                        )
                    found[name], owner[name] = thing, plugin
            self._named[hook] = _Things(found)
        return self._named[hook]

    def require_all(self) -> None:
        """Ask every hook once. Raises PluginError now rather than in the middle of a run."""
        for hook in vars(Hooks):
            if hook.startswith("fabricate_"):
                self.named(hook)

    def steps(self) -> Mapping[str, type[Step]]:
        """Steps by name."""
        return self.named("fabricate_steps")

    def checks(self) -> Mapping[str, type[Check]]:
        """Checks by name."""
        return self.named("fabricate_checks")

    def rules(self, validator: str) -> frozenset[str] | None:
        """What findings of a validator are called; None for one that is unknown or does not tell.

        Those of no named rule are called after the validator.
        """
        found: Validator | NamesItsRules | None = self.named("fabricate_validators").get(validator)
        if found is None or not hasattr(found, "rules"):
            return None
        return found.rules() or frozenset({validator})

    def names(self) -> list[str]:
        """The names of the plugins loaded from outside the package, for the evidence."""
        return sorted(
            name
            for name, _ in self._manager.list_name_plugin()
            if not name.startswith("scenario_runner.")
        )

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Name the plugin whose code throws within. Raises PluginError for it."""
        try:
            yield
        except (FabricatorError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if (name := self._thrower(error)) is None:
                raise
            raise PluginError(f"plugin '{name}' failed: {_reason(error)}") from error

    def _thrower(self, error: BaseException) -> str | None:
        """The plugin from outside the package that was at work when something was thrown."""
        outside = {
            getattr(plugin, "__name__", name): name
            for name, plugin in self._manager.list_name_plugin()
            if name not in BUILT_IN
        }
        for frame, _ in traceback.walk_tb(error.__traceback__):
            module = str(frame.f_globals.get("__name__", ""))
            parts = module.split(".")
            for end in range(len(parts), 0, -1):
                if name := outside.get(".".join(parts[:end])):
                    return name
        return None

    def _load_entry_points(self) -> None:
        try:
            self._manager.load_setuptools_entrypoints("scenario_runner.plugins")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"an installed plugin cannot be loaded: {_reason(error)}") from error

    def _load_folder(self, folder: Path) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - false for what is no name
            raise PluginError(
                f"plugin folder '{folder}' does not exist",
                hint="the site file's 'plugins' is relative to the site file",
            )
        for path in sorted(folder.iterdir()):
            entry = path / "__init__.py" if path.is_dir() else path
            if entry.suffix != ".py" or path.name.startswith((".", "_")) or not entry.is_file():
                continue
            self._register_file(f"fabricate_plugin_{path.stem}", path.name, entry)

    def _register_file(self, module_name: str, plugin_name: str, file: Path) -> None:
        spec = importlib.util.spec_from_file_location(module_name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
            self._manager.register(module, name=plugin_name)
            self._manager.check_pending()
        except BaseException as error:
            del sys.modules[module_name]
            if isinstance(error, KeyboardInterrupt):
                raise
            raise PluginError(
                f"plugin '{plugin_name}' cannot be loaded: {_reason(error)}"
            ) from error


class _Things(Mapping[str, Any]):
    """What a hook gave, by name; what is to be loaded later is loaded when it is looked up."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def __getitem__(self, name: str) -> Any:
        thing = self._given[name]
        if isinstance(thing, Later):
            thing = self._given[name] = thing.load()
        return thing

    def __contains__(self, name: object) -> bool:
        return name in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _ready(thing: Any) -> Any:
    """A thing of a plugin, loaded, its models built: what is wrong with it shows before a run."""
    if isinstance(thing, Later):
        thing = thing.load()
    for model in (thing, getattr(thing, "model", None)):
        build = getattr(model, "model_rebuild", None)
        if build is not None:
            build()
    return thing


def _reason(error: BaseException) -> str:
    """What went wrong, in a line for people."""
    if isinstance(error, SyntaxError):
        return f"{Path(error.filename or '?').name}:{error.lineno}: {error.msg}"
    return described(error)
