# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.fleet import Fleet, Settings, fleet
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.gdap import Partner
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.groups import wave

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HEAD = "Microsoft ID,Company name,Primary domain name,Relationship,Tags\n"


def tenant(number: int) -> str:
    return f"5a1f0c3e-1111-4c6b-9a52-{number:012}"


def read(folder: Path, *sources, cloud="Global", waves=(), expires_within=(), partner=None) -> Fleet:
    asked = _nobody_asks if partner is None else lambda: partner
    return fleet(Settings(sources, folder, cloud, waves, expires_within), asked, NOW)


def _nobody_asks():
    raise AssertionError("No source asks Microsoft Graph.")


def table(folder: Path, text: str, name="customers.csv", **source) -> dict:
    (folder / name).write_text(text, encoding=source.pop("encoding", "utf-8"), newline="")
    return {"type": "file", "path": name, **source}


def partner_center(folder: Path, *lines: str, **source) -> dict:
    return {
        **table(folder, HEAD + "".join(f"{line}\r\n" for line in lines), "Customers.csv", **source),
        "type": "partner_center",
    }


def report(folder: Path, *rows: dict, anonymous=False, **source) -> dict:
    common = {
        "state": "complete",
        "who": None,
        "next": "",
        "by": None,
        "changed": [],
        "playbook": "onboard",
        "check_mode": False,
        "at": "2026-11-27T06:00:00+00:00",
        "registrations": [],
        "steps": [],
        "warnings": [],
        "findings": [],
    }
    head = {"version": 1, "created": "2026-11-27T06:00:00+00:00", "anonymous": anonymous}
    (folder / "report.json").write_text(json.dumps({**head, "tenants": [{**common, **row} for row in rows]}))
    return {"type": "report", "path": "report.json", **source}


def variables(found: Fleet) -> dict:
    return {host.name: host.variables for host in found.hosts}


def test_partner_center_names_hosts_by_tenant_id(tmp_path):
    source = partner_center(
        tmp_path, f"{tenant(1).upper()},Contoso,contoso.com,Cloud reseller,", f"{tenant(2)},Fabrikam,fabrikam.com,,"
    )

    assert variables(read(tmp_path, source)) == {
        tenant(1): {
            "connector_tenant_id": tenant(1),
            "connector_cloud": "Global",
            "tenant_display_name": "Contoso",
            "tenant_domain": "contoso.com",
        },
        tenant(2): {
            "connector_tenant_id": tenant(2),
            "connector_cloud": "Global",
            "tenant_display_name": "Fabrikam",
            "tenant_domain": "fabrikam.com",
        },
    }


def test_two_customers_of_one_name_are_both_there(tmp_path):
    source = partner_center(tmp_path, f"{tenant(1)},Contoso,contoso.com,,", f"{tenant(2)},Contoso,contoso.com,,")

    assert [host.name for host in read(tmp_path, source).hosts] == [tenant(1), tenant(2)]


def test_a_renamed_customer_keeps_its_host(tmp_path):
    before = read(tmp_path, partner_center(tmp_path, f"{tenant(1)},Contoso,contoso.com,,"))
    after = read(tmp_path, partner_center(tmp_path, f"{tenant(1)},Fourth Coffee,fourth.coffee,,"))

    assert [host.name for host in before.hosts] == [host.name for host in after.hosts]
    assert variables(after)[tenant(1)]["tenant_display_name"] == "Fourth Coffee"


def test_a_customer_that_is_told_twice_is_one_host(tmp_path):
    source = partner_center(tmp_path, f"{tenant(1)},Contoso,contoso.com,Direct,", f"{tenant(1)},Other,,Indirect,")

    assert variables(read(tmp_path, source))[tenant(1)]["tenant_display_name"] == "Contoso"


def test_the_earlier_source_counts_and_the_later_one_fills_in(tmp_path):
    own = table(
        tmp_path, f"connector_tenant_id,inventory_hostname,tenant_display_name\n{tenant(1)},contoso,\n", "own.csv"
    )
    source = partner_center(tmp_path, f"{tenant(1)},Contoso Ltd,contoso.com,,", f"{tenant(2)},Fabrikam,f.com,,")

    found = variables(read(tmp_path, own, source))

    assert list(found) == [tenant(2), "contoso"]
    assert found["contoso"]["tenant_display_name"] == "Contoso Ltd"


def test_the_report_keeps_the_names_that_it_knows(tmp_path):
    last = report(tmp_path, {"tenant": "contoso", "tenant_id": tenant(1), "state": "failed"})
    source = partner_center(tmp_path, f"{tenant(1)},Renamed,renamed.com,,")

    found = read(tmp_path, source, {**last, "adds": False})

    assert variables(found)["contoso"]["tenant_state"] == "failed"
    assert found.groups["contoso"] == ["cloud_global", "state_failed"]


def test_what_only_tells_adds_no_host(tmp_path):
    last = report(tmp_path, {"tenant": "gone", "tenant_id": tenant(9)}, adds=False)
    source = partner_center(tmp_path, f"{tenant(1)},Contoso,contoso.com,,")

    assert [host.name for host in read(tmp_path, source, last).hosts] == [tenant(1)]


def test_the_report_alone_is_an_inventory(tmp_path):
    found = read(tmp_path, report(tmp_path, {"tenant": "contoso", "tenant_id": tenant(1)}))

    assert variables(found) == {
        "contoso": {
            "connector_tenant_id": tenant(1),
            "connector_cloud": "Global",
            "tenant_state": "complete",
            "tenant_state_at": "2026-11-27T06:00:00+00:00",
        }
    }


def test_a_tenant_that_the_report_knows_by_name_only(tmp_path):
    last = report(tmp_path, *({"tenant": name, "tenant_id": None, "state": "failed"} for name in ("known", "unknown")))
    own = table(tmp_path, f"connector_tenant_id,inventory_hostname\n{tenant(1)},known\n")

    found = read(tmp_path, own, last)

    assert {name: told["tenant_state"] for name, told in variables(found).items()} == {"known": "failed"}
    [warning] = found.warnings
    assert "unknown" in warning
    assert " known" not in warning


def test_an_anonymous_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="anonymous"):
        read(tmp_path, report(tmp_path, {"tenant": "tenant-1", "tenant_id": None}, anonymous=True))


def test_yaml_keeps_lists_and_writes_dates_out(tmp_path):
    text = f"""
- connector_tenant_id: {tenant(1)}
  connector_mail_members: [ann@contoso.com]
  tenant_relationship_ends: 2027-01-31
  tenant_since: 2020-02-29
  tenant_wave: 7
"""

    found = read(tmp_path, table(tmp_path, text, "customers.yml"), waves=[100])

    assert variables(found)[tenant(1)] == {
        "connector_tenant_id": tenant(1),
        "connector_cloud": "Global",
        "connector_mail_members": ["ann@contoso.com"],
        "tenant_relationship_ends": "2027-01-31T00:00:00+00:00",
        "tenant_since": "2020-02-29",
        "tenant_wave": 7,
    }
    assert "wave_7" in found.groups[tenant(1)]


def test_columns_and_delimiter_of_somebody_elses_list(tmp_path):
    text = f"Kunde;Lejer;Cloud;\nBjørn & Søn;{tenant(1)};usgov;\n;;;\n"
    columns = {"connector_tenant_id": "Lejer", "tenant_display_name": "Kunde", "connector_cloud": "Cloud"}

    found = read(tmp_path, table(tmp_path, text, encoding="utf-8-sig", columns=columns, delimiter=";"))

    assert variables(found)[tenant(1)]["tenant_display_name"] == "Bjørn & Søn"
    assert found.groups[tenant(1)] == ["cloud_usgov"]


def test_control_characters_are_written_out(tmp_path):
    source = partner_center(tmp_path, f'{tenant(1)},"Con\x1b[2Jtoso\u202e",contoso.com,,')

    assert variables(read(tmp_path, source))[tenant(1)]["tenant_display_name"] == "Con\\x1b[2Jtoso\\u202e"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("connector_tenant_id\ncontoso.com\n5\n", "line 2: connector_tenant_id 'contoso.com'.* line 3"),
        ("connector_tenant_id\n" + "x\n" * 12, "And 2 more"),
        (f"connector_tenant_id,inventory_hostname\n{tenant(1)},web[1:9]\n", r"web\[1:9\]"),
        (f"connector_tenant_id,inventory_hostname\n{tenant(1)},../x\n", "cannot be the name of a host"),
        (f"connector_tenant_id,inventory_hostname\n{tenant(1)},LocalHost\n", "cannot be the name of a host"),
        (f"connector_tenant_id,inventory_hostname\n{tenant(1)},a\n{tenant(2)},a\n", "line 2 and .*line 3"),
        (f"connector_tenant_id,inventory_hostname\n{tenant(1)},cloud_global\n", "of a host and of a group"),
        (f"connector_tenant_id,connector_cloud\n{tenant(1)},Mars\n", "connector_cloud 'Mars' is none of Global"),
        (f"connector_tenant_id,tenant_relationship_ends\n{tenant(1)},31.01.2027\n", "no date"),
        (f"connector_tenant_id,tenant_relationship_renews\n{tenant(1)},maybe\n", "neither true nor false"),
        (f"connector_tenant_id,tenant_wave\n{tenant(1)},first\n", "tenant_wave 'first' is no number"),
        (f"connector_tenant_id,ansible_connection\n{tenant(1)},local\n", "no variables: ansible_connection"),
        (f"connector_tenant_id,connector_tenant_id\n{tenant(1)},{tenant(2)}\n", "twice"),
        (f"connector_tenant_id\n{tenant(1)},{tenant(2)}\n", "line 2 has 2 cells"),
        (f'connector_tenant_id\n"{tenant(1)}\n', "line 2"),
        (f"tenant_display_name\n{tenant(1)}\n", "has no column connector_tenant_id"),
        ("", "empty"),
    ],
)
def test_a_table_that_cannot_be_right(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        read(tmp_path, table(tmp_path, text))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"type": "file"}, "Source 1: .*path"),
        ({"type": "portal", "path": "x"}, "Source 1: .*portal"),
        ({"type": "file", "path": "x", "colums": {}}, "Source 1: .*colums"),
        ("customers.csv", "Source 1 is no mapping"),
        ({"type": "file", "path": "missing.csv"}, r"missing\.csv cannot be read"),
        ({"type": "report", "path": "customers.csv"}, "cannot be read"),
        ({"type": "partner_center", "path": "customers.csv"}, "no column Company name, Microsoft ID"),
        ({"type": "file", "path": "customers.csv", "columns": {"ansible_host": "A"}}, "columns: ansible_host"),
        ({"type": "file", "path": "customers.csv", "columns": {"tenant_a": "A"}}, "no column connector_tenant_id"),
        ({"type": "file", "path": "customers.yml"}, "no list of mappings"),
    ],
)
def test_a_source_that_cannot_be_read(tmp_path, source, told):
    (tmp_path / "customers.csv").write_text("A\n1\n")
    (tmp_path / "customers.yml").write_text("a: 1\n")

    with pytest.raises(InputError, match=told):
        read(tmp_path, source)


@pytest.mark.parametrize("delimiter", ["", ";;", "\\t"], ids=["none", "two", "a backslash and a t"])
def test_a_delimiter_is_one_character(tmp_path, delimiter):
    with pytest.raises(InputError, match="cannot stand between the cells") as caught:
        read(tmp_path, table(tmp_path, f"connector_tenant_id\n{tenant(1)}\n", delimiter=delimiter))

    assert "one character" in caught.value.next_step


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("&a [*a]", "customers.yml, entry 1 has a value that no variable can have"),
        ("!!set {a, b}", "customers.yml, entry 1 has a value that no variable can have"),
        ("!!binary aGFsbG8=", "customers.yml, entry 1 has a value that no variable can have"),
        ("[" * 3000 + "]" * 3000, r"customers\.yml cannot be read"),
    ],
    ids=["itself", "a set", "bytes", "too deep"],
)
def test_what_yaml_knows_and_no_inventory(tmp_path, value, told):
    (tmp_path / "customers.yml").write_text(f"- connector_tenant_id: {tenant(1)}\n  connector_x: {value}\n")

    with pytest.raises(InputError, match=told):
        read(tmp_path, {"type": "file", "path": "customers.yml"})


@pytest.mark.parametrize("type_", ["file", "report"])
def test_json_that_is_too_deep(tmp_path, type_):
    (tmp_path / "deep.json").write_text("[" * 100_000)

    with pytest.raises(InputError, match=r"deep\.json cannot be read"):
        read(tmp_path, {"type": type_, "path": "deep.json"})


@pytest.mark.parametrize(
    "found",
    [
        None,
        "",
        [],
        {"relationships": []},
        {"relationships": 5, "customers": []},
        {"relationships": [], "customers": [7]},
    ],
)
def test_a_cache_that_somebody_else_has_written_to_is_asked_for_anew(found):
    assert Partner.load(found) is None


def test_an_empty_list_is_no_fault(tmp_path):
    assert read(tmp_path, partner_center(tmp_path)).hosts == []


@pytest.mark.parametrize("shares", [(50, 49), (100, 0), (-1, 101)])
def test_waves_that_leave_somebody_out_are_refused(tmp_path, shares):
    with pytest.raises(InputError, match="do not add up"):
        read(tmp_path, waves=shares)


@given(st.uuids().map(str))
def test_a_wave_that_grows_keeps_its_tenants(tenant_id):
    small, large = wave(tenant_id, [1, 9, 90]), wave(tenant_id, [5, 15, 80])

    assert 1 <= large <= small <= 3


def test_waves_have_the_size_that_was_asked_for():
    sizes = [wave(tenant(number), [10, 90]) for number in range(5000)]

    assert 400 < sizes.count(1) < 600


@pytest.mark.parametrize(
    ("ends", "renews", "groups"),
    [
        ("2026-11-01", "", ["expires_within_30_days", "expires_within_90_days"]),
        ("2026-12-28", "no", ["expires_within_30_days", "expires_within_90_days"]),
        ("2026-12-28T00:00:01Z", "", ["expires_within_90_days"]),
        ("2027-06-01", "", []),
        ("2026-11-01", "true", []),
        ("", "", []),
    ],
)
def test_groups_by_when_the_relationship_ends(tmp_path, ends, renews, groups):
    head = "connector_tenant_id,tenant_relationship,tenant_relationship_ends,tenant_relationship_renews\n"

    found = read(tmp_path, table(tmp_path, f"{head}{tenant(1)},active,{ends},{renews}\n"), expires_within=[30, 90])

    assert found.groups[tenant(1)] == ["cloud_global", "relationship_active", *groups]


def relationship(number: int, name: str, status="active", ends="2027-06-30T00:00:00.1234567Z", renews="PT0S") -> dict:
    return {
        "id": f"{name}-{number}",
        "displayName": name,
        "customer": {"tenantId": tenant(number).upper(), "displayName": f"Then {number}"},
        "status": status,
        "endDateTime": ends,
        "autoExtendDuration": renews,
    }


def of_partner(*relationships: dict, customers=()) -> Partner:
    rows = [{"id": tenant(number), "tenantId": tenant(number), "displayName": name} for number, name in customers]
    return Partner(relationships, rows)


GDAP = {"type": "gdap"}


def test_customers_of_a_partner_are_called_as_they_are_today(tmp_path):
    partner = of_partner(relationship(1, "A", renews="P180D"), relationship(2, "B"), customers=[(1, "Today")])

    found = read(tmp_path, GDAP, cloud="USGov", partner=partner)

    assert variables(found)[tenant(1)] == {
        "connector_tenant_id": tenant(1),
        "connector_cloud": "USGov",
        "tenant_display_name": "Today",
        "tenant_relationship": "active",
        "tenant_relationship_ends": "2027-06-30T00:00:00.123456+00:00",
        "tenant_relationship_renews": True,
    }
    assert variables(found)[tenant(2)]["tenant_display_name"] == "Then 2"


@pytest.mark.parametrize(
    ("rows", "status", "ends", "renews"),
    [
        ([("expired", "2028"), ("active", "2027"), ("terminated", "2029")], "active", "2027", False),
        ([("active", "2027"), ("active", "2028")], "active", "2028", False),
        ([("expiring", "2028"), ("active", "2027", "P180D")], "expiring", "2028", True),
        ([("active", "2027"), ("expired", "2026", "P180D")], "active", "2027", False),
    ],
)
def test_of_several_relationships_the_one_that_lasts_longest_counts(tmp_path, rows, status, ends, renews):
    made = [
        relationship(1, str(number), state, f"{year}-01-01T00:00:00Z", *extends)
        for number, (state, year, *extends) in enumerate(rows)
    ]

    told = variables(read(tmp_path, GDAP, partner=of_partner(*made)))[tenant(1)]

    assert told["tenant_relationship"] == status
    assert told["tenant_relationship_ends"][:4] == ends
    assert told["tenant_relationship_renews"] is renews


def test_who_has_ended_the_relationship_is_no_host_unless_somebody_names_it(tmp_path):
    pending = {**relationship(4, "Pending", "created", None), "customer": None}
    partner = of_partner(
        relationship(1, "A"), relationship(2, "B", "terminated"), relationship(3, "MLT_1234_abc"), pending
    )
    own = table(tmp_path, f"connector_tenant_id,inventory_hostname\n{tenant(2)},fabrikam\n")

    assert list(variables(read(tmp_path, GDAP, partner=partner))) == [tenant(1)]
    found = read(tmp_path, GDAP, own, partner=partner)
    assert list(variables(found)) == [tenant(1), "fabrikam"]
    assert "relationship_terminated" in found.groups["fabrikam"]
    ended = read(tmp_path, {**GDAP, "statuses": ["terminated"]}, partner=partner)
    assert list(variables(ended)) == [tenant(2)]


def test_an_unknown_status_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"Source 1: .*statuses"):
        read(tmp_path, {**GDAP, "statuses": ["alive"]})
