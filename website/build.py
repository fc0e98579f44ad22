"""The documentation as a site of static pages: built by Zensical, strictly, and every link looked at.

    python dev.py site               into build/site
    python dev.py site --out FOLDER

The tree is the site: pages and the files that they name lie there as they do here, so no link is rewritten. A page is not
built that names a page, heading or file which is not there, or that a browser would load something from elsewhere for.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from json import dumps
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**/*.md", "scenarios/README.md", "findings/README.md",
    "editor/README.md", "plugins/**/*.md",
)  # fmt: skip
"""What becomes a page; of everything else only what a page names is there."""
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


def main() -> int:
    """Build, and tell what is wrong; 1 when something is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", metavar="FOLDER")
    out = parser.parse_args().out
    wrong = build(out.absolute())
    print(*wrong, sep="\n", file=sys.stderr)
    if not wrong:
        print(f"{sum(1 for _ in out.rglob('*.html'))} pages: {out / 'index.html'}")
    return 1 if wrong else 0


def build(out: Path) -> list[str]:
    """Build the site into a folder, in place of what was there; returns what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        pages = staged(stage / "pages")
        config = stage / "zensical.toml"
        config.write_text(configuration(pages), encoding="utf-8")
        made = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)],
            check=False,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            return [re.sub(r"\x1b\[[\d;]*m", "", made.stdout + made.stderr).strip()]
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(stage / "site", out)
    return list(broken(out))


def staged(folder: Path) -> list[Path]:
    """Copy the pages, and the files that they name, to where the site is built from; returns the pages."""
    pages = sorted({file.relative_to(ROOT) for pattern in PAGES for file in ROOT.glob(pattern)})
    named = {file for page in pages for file in _named(page)}
    inside = {folder: _inside(folder) for folder in named if (ROOT / folder).is_dir()}
    files = {file for found in inside.values() for file in found} | (named - inside.keys())
    for listed, found in inside.items():
        (folder / listed).mkdir(parents=True, exist_ok=True)
        lines = (
            f"- [{name}]({name})" for name in (one.relative_to(listed).as_posix() for one in found)
        )
        text = f"# {listed.as_posix()}\n\n" + "\n".join(lines) + "\n"
        (folder / listed / "index.md").write_text(text, encoding="utf-8")
    for file in {*pages, *files, Path("website/site.css")}:
        to = folder / file
        to.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            # GitHub reads Markdown within, Python-Markdown where it is asked to.
            text = (ROOT / file).read_text("utf-8").replace("<details>", "<details markdown>")
            to.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(ROOT / file, to)
    return pages


def _named(page: Path) -> Iterator[Path]:
    """The files and folders of the tree that a page names, but for pages."""
    text = _FENCE.sub("", (ROOT / page).read_text("utf-8"))
    for match in _LINK.finditer(text):
        link = urlsplit(match[1] or match[2])
        if link.scheme or not link.path:
            continue
        file = (ROOT / page.parent / unquote(link.path)).resolve()
        if file.exists() and file.is_relative_to(ROOT) and file.suffix != ".md":
            yield file.relative_to(ROOT)


def _inside(folder: Path) -> list[Path]:
    """The files below a folder, of which a page is made."""
    found = (one.relative_to(ROOT) for one in sorted((ROOT / folder).rglob("*")) if one.is_file())
    return [one for one in found if not any(part.startswith((".", "__")) for part in one.parts)]


def configuration(pages: Iterable[Path]) -> str:
    """The settings, with the pages in the order in which the index has them."""
    text = (Path(__file__).parent / "zensical.toml").read_text("utf-8")
    places = 'docs_dir = "pages"\nsite_dir = "site"\n'
    return text.replace("[project]\n", f"[project]\n{places}nav = {_nav(list(pages))}\n", 1)


def _nav(pages: list[Path]) -> str:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    order = [Path("docs") / match[1] for match in re.finditer(r"\]\(([\w./-]+\.md)\)", index)]
    ordered = [*(page for page in order if page in pages), *pages]

    def below(folder: str) -> list[Path]:
        return list(dict.fromkeys(page for page in ordered if page.is_relative_to(folder)))

    groups = [
        ("Home", [Path("README.md")]),
        ("Guide", [Path("docs/README.md"), *below("docs/guide")]),
        ("Scenarios", [Path("scenarios/README.md")]),
        ("Reference", below("docs/reference")),
        ("Changes", [Path("CHANGELOG.md")]),
    ]
    taken = {page for _, found in groups for page in found}
    inside = [Path("docs/architecture.md"), Path("CONTRIBUTING.md"), *below("docs/decisions")]
    rest = [page for page in ordered if page not in taken]
    groups.insert(4, ("Inside", list(dict.fromkeys([*inside, *rest]))))
    return f"[{', '.join(_group(title, found) for title, found in groups)}]"


def _group(title: str, pages: list[Path]) -> str:
    if len(pages) == 1:
        return f"{{ {dumps(title)} = {dumps(pages[0].as_posix())} }}"
    entries = (f"{{ {dumps(_title(page))} = {dumps(page.as_posix())} }}" for page in pages)
    return f"{{ {dumps(title)} = [{', '.join(entries)}] }}"


def _title(page: Path) -> str:
    heading = _HEADING.search((ROOT / page).read_text("utf-8"))
    return heading[1].replace("`", "") if heading else page.stem


class Links(HTMLParser):
    """What a page can be linked at, where it leads, and what a browser loads for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.leads: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an element says of it."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if "src" in given:
            self.loads.add(given["src"])
        if "href" in given:
            loaded = tag == "link" and given.get("rel") not in ("canonical", "next", "prev")
            (self.loads if loaded else self.leads).add(given["href"])


def broken(site: Path) -> Iterator[str]:
    """What of a site leads nowhere, and what is loaded from elsewhere."""
    files = {file: file.suffix for file in sorted(site.rglob("*")) if file.is_file()}
    pages = {
        file: Links(file.read_text("utf-8")) for file, suffix in files.items() if suffix == ".html"
    }
    for page, found in pages.items():
        shown = page.relative_to(site).as_posix()
        for link in sorted(found.leads | found.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in found.loads and parts.scheme != "data":
                    yield f"{shown}: loads {link}"
                continue
            # The page for what is not found may be shown at any depth, so its links start at the top.
            start = site if parts.path.startswith("/") else page.parent
            to = (start / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
            to = to / "index.html" if to.is_dir() else to
            if to not in files:
                yield f"{shown}: {link} is not there"
            elif (
                parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].anchors
            ):
                yield f"{shown}: {link} has no such heading"
    for file, suffix in files.items():
        if suffix == ".css":
            for match in re.finditer(
                r"(?:url\(|@import\s)[\"']?((?:https?:)?//[^\"')]+)", file.read_text("utf-8")
            ):
                yield f"{file.relative_to(site).as_posix()}: loads {match[1]}"


if __name__ == "__main__":
    sys.exit(main())
