# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import hmac
import typing as t
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._files import locked, write
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._report import files
from ansible_collections.totalview.exchange365.plugins.module_utils._report.csv_file import as_csv
from ansible_collections.totalview.exchange365.plugins.module_utils._report.metrics import as_metrics
from ansible_collections.totalview.exchange365.plugins.module_utils._report.page import as_page
from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import Report, make, newest
from ansible_collections.totalview.exchange365.plugins.module_utils._report.row import Row, anonymous, row

#: In the order in which they are written: the next report is compared with the last, which is whole by then.
FORMATS: dict[str, t.Callable[[Report], str]] = {
    "report.html": as_page,
    "report.csv": as_csv,
    "metrics.prom": as_metrics,
    files.JSON_FILE: files.as_json,
}


def run(call: Call) -> Outcome:
    """The work of connector_report."""
    params, folder = call.params, Path(call.params["folder"])
    paths = {name: str(folder / name) for name in FORMATS}
    if call.check_mode:
        return Outcome({"changed": True, "files": paths})
    try:
        with locked(folder):
            report, warnings = _report(params, folder, check_mode=params["planned_only"])
            for name, text in FORMATS.items():
                write(folder / name, text(report).encode(), files.MODE)
    except OSError as error:
        raise InputError(
            f"The report in {folder} cannot be written: {error}.",
            next_step="Mend that or set connector_report_folder; the tenants are as the table says.",
        ) from error
    counted = {"tenants": len(report.tenants), "states": report.states, "findings": report.findings}
    return Outcome({"changed": True, "files": paths, **counted}, warnings=warnings)


def _report(params: t.Mapping[str, t.Any], folder: Path, *, check_mode: bool) -> tuple[Report, tuple[str, ...]]:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    details = {entry["tenant"]: entry for entry in params["details"]}
    results = [{**details.get(result["tenant"], {}), **result} for result in params["results"]]
    rows = [row(result, params["playbook"], created, check_mode=check_mode) for result in results]
    hosts = params["hosts"]
    if params["anonymous"]:
        key = files.pseudonym_key(folder)
        rows = [anonymous(entry, _pseudonym(entry["tenant"], key)) for entry in rows]
        hosts = None if hosts is None else [_pseudonym(host, key) for host in hosts]
    before, warnings = _before(folder, anonymous=params["anonymous"])
    merged = [entry for path in params["merge"] for entry in files.load(Path(path))["tenants"]]
    rows = newest([*merged, *rows])
    if before is not None and not params["merge"]:
        rows += _kept(before["tenants"], rows, hosts)
    return make(params["playbook"], created, rows, before=before, anonymous=params["anonymous"]), warnings


def _before(folder: Path, *, anonymous: bool) -> tuple[files.Loaded | None, tuple[str, ...]]:
    """The last report of the folder; none that calls the tenants otherwise."""
    path = folder / files.JSON_FILE
    if not path.exists():
        return None, ()
    try:
        found = files.load(path)
    except InputError as error:
        return None, (f"{error.message} The new report takes its place and compares with nothing.",)
    return (found if found.get("anonymous") == anonymous else None), ()


def _kept(earlier: t.Iterable[Row], rows: t.Iterable[Row], hosts: t.Collection[str] | None) -> list[Row]:
    """What this run did not look at, while the inventory has it."""
    seen, known = {entry["tenant"] for entry in rows}, None if hosts is None else frozenset(hosts)
    return [row for row in earlier if row["tenant"] not in seen and (known is None or row["tenant"] in known)]


def _pseudonym(host: str, key: bytes) -> str:
    return f"tenant-{hmac.digest(key, host.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:10]}"


OPERATION = Operation(
    "connector_report",
    {
        "results": {"type": "list", "elements": "dict", "default": []},
        "details": {"type": "list", "elements": "dict", "default": []},
        "folder": {"type": "path", "required": True},
        "playbook": {"type": "str"},
        "hosts": {"type": "list", "elements": "str"},
        "anonymous": {"type": "bool", "default": False},
        "planned_only": {"type": "bool", "default": False},
        "merge": {"type": "list", "elements": "path", "default": []},
    },
    run,
)
