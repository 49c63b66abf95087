"""Lists as CSV for a spreadsheet, in which nothing that strangers wrote may run.

django-import-export and defusedcsv were looked at: the one drops the sign of a formula, the other leaves tab and
carriage return alone, and both change numbers or texts on the way.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from batches.templatetags.times import moment
from batches.templatetags.untrusted import spelled

BOM = "\ufeff"  # without it, Excel reads UTF-8 as the machine's old code page

# A spreadsheet takes a cell for a formula that begins so (https://owasp.org/www-community/attacks/CSV_Injection), also
# in full width. Where it splits at other separators than ours, a cell begins behind one of them.
_BEGIN, _SIGN = r"(^|[;\t\r\n])([ \"']*)", r"(?=[=+\-@\t\r＝＋－＠|%])"
_FORMULA, _QUOTED = re.compile(_BEGIN + _SIGN), re.compile(f"{_BEGIN}'{_SIGN}")


def cell(value: Any) -> Any:
    """`value` for a spreadsheet: times in UTC, formulas as text behind an apostrophe, the unseen spelled out."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return moment(value)
    return spelled(_FORMULA.sub(r"\1\2'", str(value)))


def bare(text: str) -> str:
    """A cell as it was before `cell` made text of its formula: for files of ours that come back."""
    return _QUOTED.sub(r"\1\2", text)


class _Line:
    """A file for csv.writer that gives each line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


def lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file, line by line. Every cell is quoted."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_ALL)
    yield BOM + writer.writerow(names)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
