# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import (
    HOST,
    STATE,
    STATE_AT,
    TENANT_ID,
    Entry,
    entry,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._report import files
from ansible_collections.totalview.exchange365.plugins.module_utils._report.row import Row


def read(path: Path) -> list[Entry]:
    """Tenants of a report.json, by the names that they have there. Raises InputError."""
    report = files.load(path)
    if report["anonymous"]:
        raise InputError(
            f"The report {path} is anonymous: it tells nothing of any tenant.",
            next_step="Name a report that was made without connector_report_anonymous.",
        )
    return [_entry(row, f"{path.name}, tenant {row['tenant']}") for row in report["tenants"]]


def _entry(row: Row, where: str) -> Entry:
    told = {STATE: row["state"], STATE_AT: row["at"]}
    if row["tenant_id"] is None:  # nobody could sign in to it
        return Entry(where, None, row["tenant"], told)
    return entry(where, {TENANT_ID: row["tenant_id"], HOST: row["tenant"], **told})
