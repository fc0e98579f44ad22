"""What pydicom raises for bytes that it cannot make sense of, as one exception."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import BytesLengthException, InvalidDicomError


class UnreadableError(ValueError):
    """pydicom cannot read a data set, or a value of it."""


@contextmanager
def readable() -> Iterator[None]:
    """Raises UnreadableError for what is read within and cannot be.

    What is only warned of is no news: the values that are doubted are those of the source, and most go.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnreadableError:
        raise
    except (
        InvalidDicomError, BytesLengthException, ValueError, TypeError, AttributeError, KeyError,
        IndexError, NotImplementedError, OverflowError, EOFError, RecursionError,
    ) as error:  # fmt: skip
        # pydicom's message may quote the value, and that may be somebody's name.
        raise UnreadableError(f"a value cannot be read ({type(error).__name__})") from error
