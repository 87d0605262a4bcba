# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import os
import secrets
import typing as t
from datetime import datetime
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import SEVERITIES, VERSION, Report

JSON_FILE = "report.json"
#: What the pseudonyms of an anonymous report are made with. It is no part of the report.
_KEY_FILE = ".pseudonyms"
MODE = 0o640

Loaded: t.TypeAlias = "dict[str, t.Any]"


def load(path: Path) -> Loaded:
    """Raises InputError for what is no report of this version."""
    try:
        report = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"The report {path} cannot be read: {error}.", next_step=_CHECK) from error
    if not isinstance(report, dict) or not _is_report(report):
        raise InputError(f"{path} is no report of version {VERSION}.", next_step=_CHECK)
    return report


_CHECK = f"Name a {JSON_FILE} that a playbook of this collection has left."


def _is_report(report: t.Mapping[str, t.Any]) -> bool:
    known = report.get("version") == VERSION and _is_moment(report.get("created"))
    return known and _are(report.get("tenants"), _is_row)


def _is_row(row: t.Mapping[str, t.Any]) -> bool:
    return (
        all(isinstance(row.get(name), str) for name in ("tenant", "state", "next", "playbook"))
        and all(isinstance(row.get(name), list) for name in ("changed", "steps", "warnings"))
        and all(row.get(name) is None or isinstance(row[name], str) for name in ("tenant_id", "who", "by"))
        and _is_moment(row.get("at"))
        and _are(row.get("findings"), _is_finding)
        and _are(row.get("registrations"), _is_registration)
        and "check_mode" in row
    )


def _are(rows: t.Any, one: t.Callable[[t.Any], bool]) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) and one(row) for row in rows)


def _is_finding(row: t.Mapping[str, t.Any]) -> bool:
    return all(isinstance(row.get(name), str) for name in ("id", "kind")) and row.get("severity") in SEVERITIES


def _is_registration(row: t.Mapping[str, t.Any]) -> bool:
    dates = (row.get(name) for name in ("secret_ends", "proven_at"))
    return isinstance(row.get("name"), str) and all(date is None or _is_moment(date) for date in dates)


def _is_moment(value: t.Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def as_json(report: Report) -> str:
    """A tenant is a line, so that two reports can be compared by line."""
    head = json.dumps(report.head(), ensure_ascii=False, indent=1).removesuffix("\n}")
    rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in report.tenants)
    return f'{head},\n "tenants": [\n{rows}\n ]\n}}\n'


def pseudonym_key(folder: Path) -> bytes:
    """The same for all reports of the folder, so that they can be compared."""
    path = folder / _KEY_FILE
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()
