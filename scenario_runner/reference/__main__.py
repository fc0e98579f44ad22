"""Write the generated pages: ``python -m scenario_runner.reference [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from scenario_runner.reference.pages import pages


def main(arguments: list[str]) -> int:
    """Write every page into ``docs/reference`` below the current folder, or into FOLDER."""
    folder = Path(arguments[0]) if arguments else Path("docs", "reference")
    if not folder.is_dir():
        sys.stderr.write(f"there is no folder {folder}; run this where docs/ is\n")
        return 2
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
