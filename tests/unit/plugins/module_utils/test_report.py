# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call
from ansible_collections.totalview.exchange365.plugins.module_utils._report import files
from ansible_collections.totalview.exchange365.plugins.module_utils._report.csv_file import as_csv, harmless
from ansible_collections.totalview.exchange365.plugins.module_utils._report.metrics import as_metrics
from ansible_collections.totalview.exchange365.plugins.module_utils._report.report import differences, make, newest
from ansible_collections.totalview.exchange365.plugins.module_utils._report.row import printable, row
from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import FORMATS, run
from integration.fleet_report import fleet

Json = dict[str, Any]
SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs" / "schemas" / "report-1.json").read_text())
NOON = "2026-11-27T12:00:00+00:00"
DEFAULTS: Json = {"results": [], "details": [], "playbook": "onboard", "hosts": None, "anonymous": False}
DEFAULTS |= {"planned_only": False, "merge": []}


def _run(folder: Path, *, check_mode: bool = False, **params: Any) -> Any:
    call = Call({**DEFAULTS, "folder": str(folder), **params}, check_mode, vault=None)  # type: ignore[arg-type]
    return run(call)


def _row(**fields: Any) -> Json:
    return row({"tenant": "contoso", "state": "complete", "next": "-", **fields}, "onboard", NOON, check_mode=False)


def _report(folder: Path) -> Json:
    found: Json = json.loads((folder / "report.json").read_text())
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(found)
    return found


def _finding(id_: str = "foreign-secret", **fields: Any) -> Json:
    return {"id": id_, "kind": id_, "severity": "high", "since": None, **fields}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("count", "anonymous"), [(5000, False), (500, True)])
def test_a_report_of_thousands_is_valid_and_of_modest_size(tmp_path: Path, count: int, anonymous: bool) -> None:
    results, details = fleet(count)

    outcome = _run(tmp_path, results=results, details=details, anonymous=anonymous)

    assert outcome.values["tenants"] == len(_report(tmp_path)["tenants"]) == count
    assert sum((tmp_path / name).stat().st_size for name in FORMATS) < 3_000 * count
    metrics = list(text_string_to_metric_families((tmp_path / "metrics.prom").read_text()))
    assert all(family.type == "gauge" and family.documentation for family in metrics)
    by_state = next(family.samples for family in metrics if family.name == "totalview_connector_tenants")
    assert {sample.labels["state"]: sample.value for sample in by_state if sample.value} == outcome.values["states"]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", " =", "|", "%", "＝", "＋", "－", "＠", "\n="])  # noqa: RUF001
def test_no_cell_is_a_formula(begins: str) -> None:
    text = f'{begins}HYPERLINK("https://example.com")'
    [_head, line] = csv.reader(
        io.StringIO(as_csv(make("audit", NOON, [_row(next=text)], before=None, anonymous=False)))
    )

    assert [cell for cell in line if "HYPERLINK" in cell] == [f"'{text}"]
    assert harmless("contoso") == "contoso"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\0b", "\x9b31m", "\u202egnp", "\ud800", "\r\n\u2028"])
def test_what_a_terminal_would_obey_is_written_out(text: str) -> None:
    shown = printable({text: [text]})

    assert all(character.isprintable() or character == "\n" for name in shown for character in name + shown[name][0])
    assert printable("Grüße, 東京\n") == "Grüße, 東京\n"


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "{x}", "日本", "a\\nb"])
def test_metrics_bear_any_name(name: str) -> None:
    text = as_metrics(make("audit", NOON, [_row(tenant=name, findings=[_finding()])], before=None, anonymous=False))

    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    assert {sample.labels["tenant"] for sample in samples if "tenant" in sample.labels} == {name}


@pytest.mark.parametrize(
    ("fields", "who", "follows"),
    [
        ({}, None, ""),
        ({"deliveries": "You type in a."}, "you", "You type in a."),
        ({"deliveries": "You type in a.", "state": "failed", "next": "You look."}, "you", "You look."),
        (
            {"deliveries": "You type in a.", "state": "waiting_for_consent", "next": "They consent."},
            "administrator of the tenant",
            "They consent.",
        ),
    ],
)
def test_what_is_still_to_be_typed_in_is_told_where_nothing_else_follows(fields: Json, who: str, follows: str) -> None:
    found = _row(**fields)

    assert (found["who"], found["next"]) == (who, follows)


def test_each_state_and_severity_has_a_series_also_with_0() -> None:
    text = as_metrics(make("audit", NOON, [_row(state="complete")], before=None, anonymous=False))

    assert 'totalview_connector_tenants{state="failed"} 0' in text
    assert 'totalview_connector_findings{severity="high"} 0' in text


def test_an_accepted_finding_counts_nowhere() -> None:
    found = [_finding(accepted_until="2027-01-01"), _finding("drift", severity="low")]
    report = make("audit", NOON, [_row(findings=found)], before=None, anonymous=False)

    assert report.findings == {"high": 0, "medium": 0, "low": 1}
    assert 'severity="high"} 1' not in as_metrics(report)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({}, {"state": "failed"}, [("complete", "failed", [], [])]),
        ({}, {"findings": [_finding()]}, [("complete", "complete", ["foreign-secret"], [])]),
        ({"findings": [_finding()]}, {}, [("complete", "complete", [], ["foreign-secret"])]),
        (
            {"findings": [_finding()]},
            {"findings": [_finding(accepted_until="2027-01-01")]},
            [("complete", "complete", [], ["foreign-secret"])],
        ),
    ],
)
def test_differences(before: Json, after: Json, told: list[Any]) -> None:
    found = differences([_row(**before)], [_row(**after)])

    assert [(entry["before"], entry["after"], entry["new"], entry["gone"]) for entry in found] == told


def test_tenants_that_came_and_went_are_told() -> None:
    found = differences([_row(tenant="gone")], [_row(tenant="new")])

    assert [(entry["tenant"], entry["before"], entry["after"]) for entry in found] == [
        ("gone", "complete", None),
        ("new", None, "complete"),
    ]


def test_of_reports_that_are_merged_the_newest_row_counts() -> None:
    old, new = _row(state="failed") | {"at": "2026-11-26T12:00:00+00:00"}, _row()

    assert newest([new, old]) == newest([old, new]) == [new]


def test_one_name_for_two_tenants_is_not_merged() -> None:
    with pytest.raises(InputError, match="contoso is the name of two tenants, a and b"):
        newest([_row(tenant_id="a"), _row(tenant_id="b")])


def test_a_host_that_stands_for_another_tenant_now_has_a_new_row(tmp_path: Path) -> None:
    for id_ in ("a", "b"):
        result = {"tenant": "contoso", "state": "complete", "next": "-"}
        _run(tmp_path, results=[result], details=[{"tenant": "contoso", "tenant_id": id_}])

    assert [entry["tenant_id"] for entry in _report(tmp_path)["tenants"]] == ["b"]


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    outcome = _run(tmp_path / "reports", check_mode=True)

    assert set(outcome.values["files"]) == set(FORMATS)
    assert not (tmp_path / "reports").exists()


def test_files_are_not_for_everybody_and_leave_nothing_beside(tmp_path: Path) -> None:
    _run(tmp_path, results=[{"tenant": "contoso", "state": "complete", "next": "-"}])

    assert {path.name for path in tmp_path.iterdir()} == set(FORMATS)
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o640 for name in FORMATS)


def test_a_report_that_cannot_be_written_says_so_and_harms_no_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(tmp_path, results=[{"tenant": "contoso", "state": "complete", "next": "-"}])
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(InputError, match=r"cannot be written: .*No space left"):
        _run(tmp_path, results=[{"tenant": "contoso", "state": "failed", "next": "You look."}])

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "damage",
    [
        {"state": None},
        {"findings": [{}]},
        {"findings": [_finding(severity="grave")]},
        {"registrations": [{"name": "mail", "secret_ends": "soon"}]},
        {"registrations": [{}]},
        {"at": "yesterday"},
        {"steps": "none"},
        {"tenant_id": 7},
    ],
)
def test_a_damaged_report_is_not_believed(tmp_path: Path, damage: Json) -> None:
    _run(tmp_path, results=[{"tenant": "contoso", "state": "complete", "next": "-"}])
    damaged = _report(tmp_path)
    damaged["tenants"][0] |= damage
    (tmp_path / "report.json").write_text(json.dumps(damaged))

    with pytest.raises(InputError, match="no report of version 1"):
        files.load(tmp_path / "report.json")
    assert "compares with nothing" in _run(tmp_path).warnings[0]
