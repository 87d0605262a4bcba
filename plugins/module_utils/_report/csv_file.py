# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import csv
import io
import typing as t
import unicodedata

from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import Report
from ansible_collections.totalview.exchange365.plugins.module_utils._report.row import Row

#: Full-width forms are taken for them as well.
_FORMULA = frozenset("=+-@|%")
_KINDS = ("calendar", "mail")
_PLAIN = ("tenant", "tenant_id", "state", "who", "next", "by", "changed", "playbook", "check_mode", "at")
_OF_EACH = ("client_id", "restriction", "secret_key_id", "secret_ends", "delivered_at", "proven_at")
COLUMNS = (*_PLAIN, *(f"{kind}_{name}" for kind in _KINDS for name in _OF_EACH), "findings", "warnings")


def as_csv(report: Report) -> str:
    """One line for each tenant."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in report.tenants:
        cells = _cells(row)
        writer.writerow([harmless(cells.get(column)) for column in COLUMNS])
    return text.getvalue()


def harmless(value: t.Any) -> str:
    """As text that no spreadsheet takes for a formula (owasp.org/www-community/attacks/CSV_Injection)."""
    if value is None:
        return ""
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    begins = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return f"'{text}" if begins in _FORMULA or text[:1].isspace() else text


def _cells(row: Row) -> dict[str, t.Any]:
    cells = {name: row[name] for name in _PLAIN}
    for registration in row["registrations"]:
        cells |= {f"{registration['name']}_{name}": registration.get(name) for name in _OF_EACH}
    cells["findings"] = [f"{finding['severity']}: {finding['id']}" for finding in row["findings"]]
    cells["warnings"] = row["warnings"]
    return cells
