# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.preflight import preflight_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.rights import (
    EXCHANGE,
    GRAPH,
    ask_for,
    lacking,
    rights_for,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS

README = Path(__file__).resolve().parents[4] / "README.md"
USUAL = {
    "connector_cloud": "Global",
    "connector_adopt": False,
    "connector_calendar_adopt": None,
    "connector_mail_adopt": None,
    "connector_calendar_adopt_client_id": None,
    "connector_mail_adopt_client_id": None,
    "connector_calendar_restriction": "none",
    "connector_mail_restriction": "access_policy",
    "connector_rbac_api": "exchange",
    "connector_calendar_owners": [],
    "connector_mail_owners": [],
    "connector_sign_in_reports": False,
}


def names(**changes):
    return [right.permission for right in rights_for({**USUAL, **changes}) if right.required]


def test_what_every_tenant_needs():
    assert names() == ["Application.ReadWrite.OwnedBy", "Application.Read.All", "Exchange.ManageAsApp"]


def test_without_a_restriction_exchange_can_be_done_without():
    assert "Exchange.ManageAsApp" not in names(connector_mail_restriction="none")


@pytest.mark.parametrize("kind", ["calendar", "mail"])
def test_a_restriction_of_either_needs_exchange(kind):
    modes = {"connector_calendar_restriction": "none", "connector_mail_restriction": "none"}
    assert "Exchange.ManageAsApp" in names(**{**modes, f"connector_{kind}_restriction": "rbac"})


@pytest.mark.parametrize(
    ("mode", "api", "needed"),
    [("rbac", "graph_beta", True), ("rbac", "exchange", False), ("access_policy", "graph_beta", False)],
)
def test_the_beta_api_needs_a_right_of_its_own(mode, api, needed):
    found = names(connector_mail_restriction=mode, connector_rbac_api=api)
    assert ("RoleManagement.ReadWrite.Exchange" in found) is needed


@pytest.mark.parametrize(
    ("changes", "adopts"),
    [
        ({}, False),
        ({"connector_adopt": True}, True),
        ({"connector_adopt": True, "connector_calendar_adopt": False, "connector_mail_adopt": False}, False),
        ({"connector_mail_adopt": True}, True),
        ({"connector_calendar_adopt_client_id": "x"}, True),
    ],
)
def test_adoption_needs_more_where_others_own_it(changes, adopts):
    found = [right.permission for right in rights_for({**USUAL, **changes})]
    assert ("Application.ReadWrite.All" in found) is adopts


@pytest.mark.parametrize(
    "held", ["Application.ReadWrite.All", "Directory.ReadWrite.All"], ids=["all applications", "the directory"]
)
def test_a_right_that_includes_others_takes_their_place(held):
    missing = {
        right.permission for right in lacking(rights_for(USUAL), frozenset({held}), frozenset({"Exchange.ManageAsApp"}))
    }

    assert not missing & {"Application.ReadWrite.OwnedBy", "Application.Read.All", "Exchange.ManageAsApp"}


def test_a_right_counts_only_at_its_own_resource():
    everything = frozenset(right.permission for right in rights_for(USUAL))

    assert [right.resource for right in lacking(rights_for(USUAL), everything, frozenset())] == [EXCHANGE]
    assert {right.resource for right in lacking(rights_for(USUAL), frozenset(), everything)} == {GRAPH}


def test_reports_are_asked_for_only_in_a_cloud_that_has_them():
    wanted = {**USUAL, "connector_sign_in_reports": True}

    asked = {
        cloud: {right.permission for right in rights_for({**wanted, "connector_cloud": cloud})} for cloud in CLOUDS
    }

    assert [cloud for cloud, rights in asked.items() if "AuditLog.Read.All" in rights] == ["Global"]


@pytest.mark.parametrize(
    ("permission", "of_a_person"),
    [
        ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"),
        ("Exchange.ManageAsApp", "Exchange.Manage"),
        ("Policy.Read.All", "Policy.Read.All"),
    ],
)
def test_a_person_is_asked_for_what_a_person_can_have(permission, of_a_person):
    right = next(right for right in rights_for(USUAL) if right.permission == permission)

    assert right.name().startswith(f"{permission} (")
    assert right.name(delegated=True).startswith(f"{of_a_person} (")


def test_who_has_no_consent_page_gets_no_link():
    missing = {"who": "Somebody", "link": None}

    assert ask_for({**missing, "link": "https://consent.example"}, ["A"]).endswith("A: https://consent.example")
    assert "no consent page" in ask_for(missing, ["A"])


def test_the_readme_has_each_right_and_no_others():
    """Organization.Read.All is of tenant_login, which the role does not call."""
    table = README.read_text("utf-8").partition("| Permission | For what |")[2].partition("\n\n")[0]
    documented = {row.split("`")[1] for row in table.splitlines() if row.startswith("| `")}
    changes = {
        "connector_mail_restriction": "rbac",
        "connector_rbac_api": "graph_beta",
        "connector_sign_in_reports": True,
    }
    everything = rights_for({**USUAL, **changes, "connector_mail_owners": ["an id"]})

    assert {right.permission for right in everything} == documented - {"Organization.Read.All"}


def test_ready_where_nothing_is_missing():
    plan = {"rights": {"missing": [], "who": "Somebody", "link": "https://consent.example"}}

    assert preflight_result("contoso", plan, None) == {
        "tenant": "contoso",
        "state": "ready",
        "changed": [],
        "next": "-",
    }


def test_what_can_be_done_without_is_told_and_stops_nothing():
    missing = [{"permission": "A (Microsoft Graph)", "without": "this stays"}]
    plan = {"rights": {"missing": missing, "who": "Somebody", "link": "https://consent.example"}}

    found = preflight_result("contoso", plan, None)

    assert (found["state"], found["next"]) == ("ready", "without A (Microsoft Graph) this stays")


def test_what_is_needed_is_told_with_who_gives_it_and_where():
    missing = [{"permission": "A", "without": ""}, {"permission": "B", "without": "this stays"}]
    plan = {"rights": {"missing": missing, "who": "Somebody", "link": "https://consent.example"}}

    found = preflight_result("contoso", plan, None)

    assert found["state"] == "needs"
    assert found["next"] == "Somebody grants the automation A: https://consent.example; without B this stays"


def test_a_refusal_speaks_for_itself():
    found = preflight_result("contoso", {}, {"msg": "The sender is not there."})

    assert (found["state"], found["next"]) == ("needs", "The sender is not there.")
