"""A site file to a typed Site: which PACS there are, with secrets taken from the environment."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, InvalidInput, in_file_order
from scenario_runner.language.binding import bind, complaints
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.credentials import HOLDERS, glued_secret, is_credential
from scenario_runner.language.discretion import discreet
from scenario_runner.language.document_kinds import SITE, require_kind
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.language.names import check_names
from scenario_runner.language.references import check_attributes
from scenario_runner.language.schema import site_model, site_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.shapes import site_names
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.site_services import EmbeddedService
from scenario_runner.language.templates import has_template, is_template, render_tree, texts
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path as DocumentPath

_ENV = re.compile(r"""\benv\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\])""")
_LEAST_CREDENTIAL = 8
_NO_SERVICE = ("environment", "expects")
_UNRENDERED = ("schema", "name", "plugins")


@dataclass(frozen=True)
class LoadedSite:
    """A site as read. ``document`` is None for the site that is used when no file is given."""

    document: Document | None
    site: Site
    folder: Path
    """What relative paths in the site start from."""
    secrets: frozenset[str]
    """Values from the environment, and every value that holds one; never to be shown."""

    def __repr__(self) -> str:
        return f"<LoadedSite {self.site.name}>"


def default_site(folder: Path) -> LoadedSite:
    """The site without a site file: one target, ``pacs``, the embedded PACS.

    folder: what relative paths start from.
    """
    pacs = TargetSpec.model_construct(embedded=EmbeddedService.defaults())
    site = Site.model_construct(schema_=SITE, name="embedded", targets={"pacs": pacs})
    return LoadedSite(None, site, folder, frozenset())


def plugin_folders(path: str | Path, text: str | None = None) -> list[Path]:
    """The folders that a site file names under ``plugins``; nothing else of it is looked at.

    text: what the file held once, to be read instead of what it holds now.

    Plugins are loaded before the file is checked, because they say what it may hold. Raises
    InvalidInput for a file that cannot be read or parsed, or is no site file, and for a folder that is not there.
    """
    document = _document(path, text)
    require_kind(document, SITE)
    named = document.data.get("plugins")
    places: list[tuple[DocumentPath, Any]] = [(("plugins",), named)]
    if isinstance(named, list):
        places = [(("plugins", index), folder) for index, folder in enumerate(named)]
    folders = []
    for place, folder in places:
        if not isinstance(folder, str) or is_template(folder):
            continue  # the check of the whole file says what is wrong with it
        found = Path(path).parent / folder
        if not os.path.isdir(found):  # noqa: PTH112 - false for what is no name
            where = document.where(place)
            message = f"there is no folder '{folder}' beside this file"
            hint = "name a folder with plugins, relative to the site file"
            raise InvalidInput([Diagnostic("FAB404", where, message, hint)])
        folders.append(found)
    return folders


def read_site(
    path: str | Path, plugins: Offered, environ: Mapping[str, str], text: str | None = None
) -> LoadedSite:
    """Read, check, render and type a site file. Raises InvalidInput with everything found.

    environ: where ``env.NAME`` is looked up; a name that is not there is a diagnostic. text: what
    the file held once, to be read instead of what it holds now; other files are found from ``path``.
    """
    document = _checked(path, plugins, environ, text)
    model = site_model(plugins)
    tree: Any = None
    try:
        tree = render_tree(document.data, {"env": dict(environ)}, document.where, ())
        site = bind(model, tree, document, ())
    except InvalidInput as error:
        raise InvalidInput(
            discreet(error.diagnostics, _secrets(document.data, tree, environ))
        ) from None
    return LoadedSite(document, site, Path(path).parent, _secrets(document.data, tree, environ))


def read_site_for_validation(
    path: str | Path, plugins: Offered, environ: Mapping[str, str], text: str | None = None
) -> LoadedSite:
    """Read and check a site file on a machine that need not have its secrets.

    What comes from a variable that is not set is not judged. A target that cannot be typed without
    it has its name and environment, no services. Raises InvalidInput with everything else found.
    """
    document = _checked(path, plugins, None, text)
    model = site_model(plugins)
    unset = {name: "1" for _, text in texts(document.data) for name in _variables(text)}
    known = {**unset, **environ}
    if any(name not in environ for name in unset):
        try:
            tree = render_tree(document.data, {"env": known}, document.where, ())
        except InvalidInput:
            tree = document.data  # the stand-in for an unset variable does not suit its template
        return LoadedSite(document, _lenient(model, tree), Path(path).parent, frozenset())
    return read_site(path, plugins, environ, text)


def _lenient(model: type[Site], tree: dict[str, Any]) -> Site:
    """A Site of which parts that need an unset variable are left at their defaults."""
    bare = {"schema": tree["schema"], "name": tree["name"]}
    targets: dict[str, TargetSpec] = {}
    for name, entry in tree["targets"].items():
        try:
            one = model.model_validate({**bare, "targets": {name: entry}})
            targets[name] = one.targets[name]
        except ValidationError:
            targets[name] = TargetSpec.model_construct()
    values: dict[str, Any] = {}
    blank = {**bare, "targets": {"pacs": {}}}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in tree and key not in blank:
            try:
                values[name] = getattr(model.model_validate({**blank, key: tree[key]}), name)
            except ValidationError:
                continue
    return model.model_validate(blank).model_copy(update={**values, "targets": targets})


def _document(path: str | Path, text: str | None) -> Document:
    return load_document(path) if text is None else parse_document(text, str(path))


def _checked(
    path: str | Path,
    plugins: Offered,
    environ: Mapping[str, str] | None,
    text: str | None = None,
) -> Document:
    """Parse and check all that can be checked without rendering. Raises InvalidInput."""
    document = _document(path, text)
    require_kind(document, SITE)
    found = _site_check(plugins)(document)
    unrendered = frozenset((key,) for key in _UNRENDERED)
    found += check_names(document.data, (), document.where, site_names(), unrendered)
    found += _unrendered(document)
    if environ is not None:
        found += _unset(document, environ)
    if not found:
        found += _without_service(document)
        found += check_attributes(document, marks(site_schema(plugins), document.data))
        found += complaints(site_model(plugins), document.data, document, (), has_template)
    if found:
        told = in_file_order(found)[:MOST_DIAGNOSTICS]
        raise InvalidInput(discreet(told, frozenset(_written_down(document.data))))
    return document


@lru_cache(maxsize=4)
def _site_check(plugins: Offered) -> SchemaCheck:
    """Made once for a set of plugins, which never changes after it was loaded."""
    return SchemaCheck(site_schema(plugins))


def _unrendered(document: Document) -> Iterator[Diagnostic]:
    for key in _UNRENDERED:
        for below, _ in texts(document.data.get(key)):
            yield Diagnostic(
                "FAB403",
                document.where((key, *below)),
                f"'{key}' cannot be a template: it is read before templates are",
                "write the value itself",
            )


def _variables(text: str) -> list[str]:
    return [next(filter(None, match.groups()), "") for match in _ENV.finditer(text)]


def _unset(document: Document, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    for path, text in texts(document.data):
        if path[0] in _UNRENDERED:
            continue
        for name in dict.fromkeys(_variables(text)):
            if name not in environ and not re.search(
                r"\|\s*(default|d)\b|is\s+(not\s+)?defined", text
            ):
                yield Diagnostic(
                    "FAB402",
                    document.where(path),
                    f"the environment variable {name} is not set",
                    f"set it before running: export {name}=…",
                )


def _without_service(document: Document) -> Iterator[Diagnostic]:
    for name, target in document.data["targets"].items():
        if not any(key not in _NO_SERVICE and value is not None for key, value in target.items()):
            yield Diagnostic(
                "FAB401",
                document.where(("targets", name), key=True),
                f"target '{name}' has no service, so nothing can reach it",
                "give it dicom: {host: …, port: …, ae_title: …}, or embedded: {}",
            )


def _secrets(raw: Any, tree: Any, environ: Mapping[str, str]) -> frozenset[str]:
    """The variables that templates use, and what those templates became.

    tree: rendered, or None when rendering failed.
    """
    secrets: set[str] = set()
    for path, text in texts(raw):
        names = _variables(text)
        if not names and not re.search(r"\benv\b", text):
            continue
        secrets.update(environ[name] for name in names if name in environ)
        if tree is None:
            continue
        value = tree
        for part in path:
            value = value[part]
        secrets.add(str(value))
    secrets.update(_written_down(raw))
    return frozenset(secret for secret in secrets if secret)


def _written_down(value: Any, *, inside: bool = False) -> Iterator[str]:
    """Passwords and tokens that stand in the file itself, where the environment is the place for them.

    Short ones are words such as 'orthanc', which a report cannot do without.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            bare = key in HOLDERS and not isinstance(item, dict)
            yield from _written_down(item, inside=inside or bare or is_credential(str(key)))
            yield from _written_down(glued_secret(str(key)), inside=True)
    elif isinstance(value, list):
        for item in value:
            yield from _written_down(item, inside=inside)
    elif inside and isinstance(value, str) and not is_template(value):
        yield from (value,) if len(value) >= _LEAST_CREDENTIAL else ()
