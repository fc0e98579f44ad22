"""The documentation as a site: built strictly, every link leads somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.running import ROOT
from website.build import broken

if TYPE_CHECKING:
    from pathlib import Path

WRONG = """<a id="here" href="#here">1</a> <a href="b.html#there">2</a> <a href="c.html">3</a> <a href="#gone">4</a>
<a href="https://example.org">5</a> <script src="https://example.org/a.js"></script> <img src="data:image/png;base64,AA">"""


def test_the_site_is_built_and_no_link_of_it_is_broken(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "website" / "build.py"), "--out", str(tmp_path / "site")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in ("index", "docs/guide/first-run", "docs/reference/steps", "findings/index"):
        assert (tmp_path / "site" / f"{page}.html").is_file()
    assert (tmp_path / "site" / "search.json").is_file()


def test_what_leads_nowhere_and_what_comes_from_elsewhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(WRONG)
    (tmp_path / "b.html").write_text('<p id="there">')
    (tmp_path / "s.css").write_text('@import "//example.org/x.css"; p {background: url(x.png)}')
    assert list(broken(tmp_path)) == [
        "a.html: #gone has no such heading",
        "a.html: c.html is not there",
        "a.html: loads https://example.org/a.js",
        "s.css: loads //example.org/x.css",
    ]
