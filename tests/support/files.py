"""Files as people bring them in."""

from __future__ import annotations

import csv
import io

from db.core.area import SourceFile


def file_of(*rows: dict[str, str]) -> SourceFile:
    """A CSV file of these rows; its columns are all names that appear, in the order they do."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return SourceFile(name="rows.csv", content=text.getvalue().encode())
