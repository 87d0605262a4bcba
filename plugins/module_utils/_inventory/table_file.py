# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import csv
import io
import json
import typing as t
from pathlib import Path

with contextlib.suppress(ImportError):  # wherever there is an inventory, ansible-core has brought it
    import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import (
    DISPLAY_NAME,
    DOMAIN,
    HOST,
    TENANT_ID,
    Entry,
    entry,
    is_variable,
)

#: Of "Export customers" (learn.microsoft.com/partner-center/customers/see-your-customer-list). A partner that is direct
#: and indirect reseller at once finds its customers twice.
PARTNER_CENTER = {TENANT_ID: "Microsoft ID", DISPLAY_NAME: "Company name", DOMAIN: "Primary domain name"}

_SHOWN = 10

#: Where a row stands, and its cells by column.
_Row: t.TypeAlias = "tuple[str, t.Mapping[str, t.Any]]"


def read(path: Path, columns: t.Mapping[str, str], delimiter: str) -> list[Entry]:
    """Tenants of a CSV, YAML or JSON file. `columns`: variable and the column that holds it; where it is empty, columns
    are called as variables. Raises InputError, which tells of every row at once.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", next_step="Give the path of a file in UTF-8.") from error
    rows = _table(text, path, delimiter) if path.suffix.casefold() == ".csv" else _list(text, path)
    columns = columns or _same_names(rows, path)
    _check(columns, rows, path)
    entries, faults = [], []
    for where, row in rows:
        try:
            entries.append(entry(where, {variable: row.get(column) for variable, column in columns.items()}))
        except InputError as error:
            faults.append(error)
    if faults:
        raise _all(faults)
    return entries


def _table(text: str, path: Path, delimiter: str) -> list[_Row]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (TypeError, ValueError) as error:  # Python's versions differ
        raise InputError(
            f"delimiter '{delimiter}' cannot stand between the cells of {path}.",
            next_step='Give one character: ";", or "\\t" in double quotation marks for a tab.',
        ) from error
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}.", next_step="Correct the file.") from error
    if not lines:
        raise InputError(f"{path} is empty.", next_step="Its first line names the columns.")
    head = [cell.strip() for cell in lines[0][1]]
    if twice := {cell for cell in head if cell and head.count(cell) > 1}:
        raise InputError(f"{path} has the column {min(twice)} twice.", next_step="Rename one of them.")
    for number, cells in lines[1:]:
        if len(cells) > len(head):
            raise InputError(
                f"{path}, line {number} has {len(cells)} cells, its head {len(head)}.",
                next_step="Check quotation marks and delimiter.",
            )
    rows = [(number, map(str.strip, cells)) for number, cells in lines[1:]]
    return [(f"{path.name}, line {number}", dict(zip(head, cells, strict=False))) for number, cells in rows]


def _list(text: str, path: Path) -> list[_Row]:
    try:
        found = json.loads(text) if path.suffix.casefold() == ".json" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read: {error}.", next_step="Correct the file.") from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(f"{path} is no list of mappings.", next_step="Write one mapping for each tenant.")
    return [(f"{path.name}, entry {number}", row) for number, row in enumerate(found, 1)]


def _same_names(rows: t.Iterable[_Row], path: Path) -> dict[str, str]:
    names = {str(name): str(name) for _where, row in rows for name in row if name}
    if strangers := sorted(name for name in names if not is_variable(name)):
        raise InputError(
            f"{path} has columns that are no variables: {', '.join(strangers[:_SHOWN])}.",
            next_step=f"Say in columns which variable each is for: {HOST}, or a name that begins with connector_ or "
            "tenant_.",
        )
    return names


def _check(columns: t.Mapping[str, str], rows: t.Sequence[_Row], path: Path) -> None:
    if strangers := sorted(name for name in columns if not is_variable(str(name))):
        raise InputError(
            f"columns: {', '.join(strangers)} cannot be told by a source.",
            next_step=f"Name {HOST}, or variables that begin with connector_ or tenant_.",
        )
    found = {str(name) for _where, row in rows for name in row}
    missing = sorted({*columns.values()} - found) if rows else []
    if TENANT_ID not in columns and rows:
        missing = [TENANT_ID]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(sorted(found)[:_SHOWN]) or 'none'}.",
            next_step="Correct columns or delimiter.",
        )


def _all(faults: t.Sequence[InputError]) -> InputError:
    told = [fault.message for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        told.append(f"And {len(faults) - _SHOWN} more.")
    return InputError(" ".join(told), next_step=faults[0].next_step)
