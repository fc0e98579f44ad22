"""Which release of the program this is: what every room may ask, where the package's face imports the roof."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
