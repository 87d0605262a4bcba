# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook leaves a report, true by the emulator's admin door."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from prometheus_client.parser import text_string_to_metric_families

from emulator.launch import Emulator
from integration.operator_desk import CLIENT_SECRET, ONBOARD, VAULT_PASSWORD, Desk
from integration.tenants import ROLES, Tenants
from integration.witness import Witness

ROOT = Path(__file__).resolve().parents[2]
PREFLIGHT = "totalview.exchange365.preflight"
REPORT = "totalview.exchange365.report"
FILES = {"report.json", "report.csv", "report.html", "metrics.prom"}
WITHOUT_CONSENT = tuple(role for role in ROLES if role != "AppRoleAssignment.ReadWrite.All")

Json = dict[str, Any]


def _report(folder: Path) -> Json:
    """Read and found valid; the files beside it tell of the same tenants."""
    assert {path.name for path in folder.iterdir() if path.is_file()} - {".pseudonyms"} == FILES
    report: Json = json.loads((folder / "report.json").read_text())
    schema = json.loads((ROOT / "docs" / "schemas" / "report-1.json").read_text())
    assert validator_for(schema) is Draft202012Validator
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(report)
    names = {row["tenant"] for row in report["tenants"]}
    with (folder / "report.csv").open(newline="", encoding="utf-8") as file:
        assert {row["tenant"] for row in csv.DictReader(file)} == names
    metrics = {
        family.name: family.samples for family in text_string_to_metric_families((folder / "metrics.prom").read_text())
    }
    states = metrics["totalview_connector_tenant_state"]
    assert {sample.labels["tenant"]: sample.labels["state"] for sample in states} == _states(report)
    return report


def _states(report: Json) -> dict[str, str]:
    return {row["tenant"]: row["state"] for row in report["tenants"]}


def _row(report: Json, tenant: str) -> Json:
    return next(row for row in report["tenants"] if row["tenant"] == tenant)


def test_onboarding_leaves_a_report_that_is_true(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    made = {"contoso": tenants.make(), "waits": tenants.make(roles=WITHOUT_CONSENT)}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["wrong"] = {"connector_tenant_id": tenants.make(), "connector_mail_sender": "nobody@example.com"}

    run = desk.run()

    report = _report(desk.folder / "reports")
    assert report["playbook"] == "onboard"
    assert _states(report) == {"contoso": "complete", "waits": "waiting_for_consent", "wrong": "failed"}
    assert report["states"] == {"failed": 1, "waiting_for_consent": 1, "complete": 1}
    row = _row(report, "contoso")
    assert row["tenant_id"] == made["contoso"]
    applications = Witness(emulator, made["contoso"]).applications
    for registration, name in zip(row["registrations"], applications, strict=True):
        application = applications[name]
        [secret] = application["passwordCredentials"]
        assert registration["client_id"] == application["appId"]
        assert registration["secret_key_id"] == secret["keyId"]
        assert registration["secret_ends"][:16] == secret["endDateTime"][:16]
        assert registration["proven_at"]
    [consent] = [step for step in row["steps"] if (step["registration"], step["part"]) == ("mail", "consent")]
    assert "Mail.Send" in consent["changes"][0]
    assert _row(report, "waits")["who"] == "administrator of the tenant"
    assert "nobody@example.com" in _row(report, "wrong")["next"]
    assert str(desk.folder / "reports" / "report.html") in run.output
    assert "report.html" in run.output


def test_the_next_report_tells_what_has_changed(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {host: {"connector_tenant_id": tenants.make()} for host in ("contoso", "fabrikam", "gone")}
    desk.hosts["fabrikam"]["connector_mail_sender"] = "nobody@example.com"
    assert desk.run().code != 0
    first = _report(desk.folder / "reports")
    desk.hosts["fabrikam"].pop("connector_mail_sender")
    del desk.hosts["gone"]

    assert desk.run(ONBOARD, "--limit", "fabrikam").code == 0

    second = _report(desk.folder / "reports")
    assert second["since"] == first["created"]
    assert second["differences"] == [
        {"tenant": "fabrikam", "before": "failed", "after": "complete", "new": [], "gone": []},
        {"tenant": "gone", "before": "complete", "after": None, "new": [], "gone": []},
    ]
    assert _row(second, "contoso") == _row(first, "contoso"), "not looked at, and kept"


def test_a_check_run_leaves_its_own_report(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}}

    assert desk.run(ONBOARD, "--check").code == 0

    assert list((desk.folder / "reports").iterdir()) == [desk.folder / "reports" / "check"]
    report = _report(desk.folder / "reports" / "check")
    row = _row(report, "contoso")
    assert (row["state"], row["check_mode"]) == ("changes_pending", True)
    assert {"mail: consent"} <= {f"{step['registration']}: {step['part']}" for step in row["steps"]}


def test_preflight_leaves_a_report(desk: Desk, tenants: Tenants) -> None:
    desk.hosts = {
        "ready": {"connector_tenant_id": tenants.make()},
        "needs": {"connector_tenant_id": tenants.make(automation={"exchange_roles": []})},
    }

    assert desk.run(PREFLIGHT).code == 0

    report = _report(desk.folder / "reports")
    assert (report["playbook"], _states(report)) == ("preflight", {"needs": "needs", "ready": "ready"})


def test_it_can_be_switched_off_and_put_elsewhere(desk: Desk, tenants: Tenants, tmp_path: Path) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}}

    assert desk.run(PREFLIGHT, "-e", "connector_report=false").code == 0
    assert not (desk.folder / "reports").exists()

    assert desk.run(PREFLIGHT, "-e", f"connector_report_folder={tmp_path}/else/where").code == 0
    assert not (desk.folder / "reports").exists()
    _report(tmp_path / "else" / "where")


def test_an_inventory_folder_gets_no_report_inside(desk: Desk, tenants: Tenants) -> None:
    """Ansible would take it for a part of the inventory."""
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}}
    prepared = desk.prepare(PREFLIGHT)
    inventory = desk.folder / "fleet"
    inventory.mkdir()
    (desk.folder / "inventory.yml").rename(inventory / "hosts.yml")
    prepared.command[2] = str(inventory)

    assert desk.start(prepared).code == 0

    assert [path.name for path in inventory.iterdir()] == ["hosts.yml"]
    _report(desk.folder / "reports")


def test_no_secret_and_no_token_is_in_a_report(desk: Desk, tenants: Tenants) -> None:
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}

    assert desk.run().code == 0

    handoff = desk.view(desk.store / "handoff" / "contoso.yml")
    values = [
        json.loads(line.partition(": ")[2]) for line in handoff.splitlines() if "secret" in line.partition(":")[0]
    ]
    assert len(values) == 2
    texts = [(desk.folder / "reports" / name).read_text() for name in FILES]
    for text in texts:
        assert all(value not in text for value in [*values, CLIENT_SECRET, VAULT_PASSWORD])
        assert "eyJ" not in text, "a token"


def test_an_anonymous_report_has_nothing_that_a_customer_is_known_by(desk: Desk, tenants: Tenants) -> None:
    made = {"contoso": tenants.make(), "waits": tenants.make(roles=WITHOUT_CONSENT)}
    desk.hosts = {host: {"connector_tenant_id": tenant} for host, tenant in made.items()}
    desk.hosts["wrong"] = {"connector_tenant_id": tenants.make(), "connector_mail_sender": "nobody@example.com"}
    desk.variables["connector_report_anonymous"] = True

    desk.run()
    first = _report(desk.folder / "reports")
    desk.run()
    second = _report(desk.folder / "reports")

    assert sorted(_states(first).values()) == ["complete", "failed", "waiting_for_consent"]
    assert _states(second) == _states(first), "the same pseudonyms, so that reports can be compared"
    assert second["differences"] == []
    for name in FILES:
        text = (desk.folder / "reports" / name).read_text()
        found = [word for word in (*made, *made.values(), "wrong", "example.com", "onmicrosoft") if word in text]
        assert found == [], name


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 2, "tenants": []}',
        '{"version": 1, "created": "2026-11-27T12:00:00+00:00", "tenants": [{}]}',
    ],
)
def test_what_is_no_report_is_compared_with_nothing(desk: Desk, tenants: Tenants, content: str) -> None:
    desk.hosts = {"contoso": {"connector_tenant_id": tenants.make()}}
    (desk.folder / "reports").mkdir()
    (desk.folder / "reports" / "report.json").write_text(content)

    run = desk.run(PREFLIGHT)

    assert run.code == 0
    assert "compares with nothing" in run.output
    assert _report(desk.folder / "reports")["since"] is None


def test_reports_of_slices_and_days_become_one(desk: Desk, tenants: Tenants) -> None:
    for host in ("contoso", "fabrikam"):
        desk.hosts = {host: {"connector_tenant_id": tenants.make(), "connector_report_folder": f"reports/{host}"}}
        assert desk.run(PREFLIGHT).code == 0
    slices = [str(path) for path in sorted(desk.folder.glob("reports/*/report.json"))]
    desk.hosts = {}

    run = desk.run(REPORT, "-e", json.dumps({"connector_report_merge": slices}))

    assert run.code == 0, run.output
    assert _states(_report(desk.folder / "reports")) == {"contoso": "ready", "fabrikam": "ready"}

    typed = ",".join(f"reports/{host}/report.json" for host in ("contoso", "fabrikam"))
    run = desk.run(REPORT, "-e", f"connector_report_merge={typed}", "-e", "connector_report_folder=typed")

    assert run.code == 0, run.output
    assert _states(_report(desk.folder / "typed")) == {"contoso": "ready", "fabrikam": "ready"}


def test_what_is_no_report_cannot_be_merged(desk: Desk) -> None:
    (desk.folder / "other.json").write_text("{}")

    run = desk.run(REPORT, "-e", json.dumps({"connector_report_merge": [str(desk.folder / "other.json")]}))

    assert run.code != 0
    assert "other.json is no report of version 1" in run.output
    assert not (desk.folder / "reports" / "report.json").exists()
