# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people made by hand for Totalview is found, and what adopting it would change is told; nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.totalview.exchange365.plugins.modules import connector_plan
from corpus.operator import TENANT, Json, Operator

CALENDARS = ("Calendars.Read", "Calendars.ReadWrite", "User.Read.All")
LOOKED_FOR: Json = {
    "calendar_permissions": list(CALENDARS),
    "calendar_display_name": "Totalview Calendar Synchronization",
    "mail_display_name": "Totalview E-Mail Sending",
}


@pytest.fixture
def operator(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    with Operator(tmp_path_factory.mktemp("operator"), monkeypatch) as made:
        yield made


def _discover(operator: Operator, **changes: Any) -> Json:
    mark = operator.rig.admin.last_request()
    options = {**operator._options({**LOOKED_FOR, **changes}), "scope": "discovery"}
    found = operator.run(connector_plan.OPERATION, options, check_mode=True)
    assert not found.get("failed"), found
    asked = operator.rig.admin.requests(tenant=TENANT, after=mark)
    reads = ("/$batch", "/token", "InvokeCommand")
    assert [row for row in asked if row["method"] != "GET" and not row["path"].endswith(reads)] == []
    return found


def _portal(operator: Operator, name: str, *permissions: str, **more: Any) -> Json:
    return operator.rig.admin.portal_application(TENANT, name, permissions=permissions, consent=True, **more)


def _restrict(operator: Operator, application: Json, group: str) -> str:
    """As the vendor's guide says: a group and an access policy to it. The group's GUID."""
    made = operator.rig.admin.exchange(
        TENANT, "New-DistributionGroup", Name=group, Type="Security", Members=["totalview@example.com"]
    )
    operator.rig.admin.exchange(
        TENANT,
        "New-ApplicationAccessPolicy",
        AppId=[application["appId"]],
        PolicyScopeGroupId=group,
        AccessRight="RestrictAccess",
        Description="as in the guide",
    )
    return str(made[0]["Guid"]).lower()


def test_what_was_made_by_the_guide_is_found_with_its_group(operator: Operator) -> None:
    calendar = _portal(operator, "Kalendersync", *CALENDARS)
    mail = _portal(operator, "TotalView mail", "Mail.Send", "MailboxSettings.Read")
    guid = _restrict(operator, mail, "Senders")
    _portal(operator, "Newsletter", "Mail.Send")
    operator.rig.graph("PATCH", f"/applications/{mail['id']}", {"web": {"redirectUris": ["https://old.example"]}})
    secret = operator.rig.graph("POST", f"/applications/{mail['id']}/addPassword", {}).json()

    found = _discover(operator)

    assert found["result"]["state"] == "found"
    assert mail["appId"] in found["result"]["next"]
    assert yaml.safe_load(found["discovered"]) == {
        "connector_calendar_adopt": True,
        "connector_calendar_adopt_client_id": calendar["appId"],
        "connector_mail_adopt": True,
        "connector_mail_adopt_client_id": mail["appId"],
        "connector_mail_restriction": "access_policy",
        "connector_mail_group": "Senders",
        "connector_mail_members": ["totalview@example.com"],
        "connector_mail_adopt_group": guid,
    }
    text = found["discovered"]
    for told in (
        secret["keyId"],
        "https://old.example",
        "MailboxSettings.Read",
        "adopt application as totalview-exchange365-mail",
    ):
        assert told in text, text
    assert secret["secretText"] not in text
    assert _discover(operator)["discovered"] == text, "the same again"


def test_what_it_finds_can_be_adopted(operator: Operator) -> None:
    _portal(operator, "Totalview Calendar Synchronization", *CALENDARS, owners=[])
    mail = _portal(operator, "Totalview E-Mail Sending", "Mail.Send", owners=[])
    _restrict(operator, mail, "Senders")
    variables = yaml.safe_load(_discover(operator)["discovered"])
    adopting = {name.removeprefix("connector_"): value for name, value in variables.items()}

    plan = operator.plan(**LOOKED_FOR, **adopting)

    assert not plan.get("failed"), plan["msg"]
    steps = [text for entry in plan["plan"] for text in entry["changes"]]
    for name in ("calendar", "mail"):
        assert f"adopt application as totalview-exchange365-{name}" in steps
    assert not any("create mail-enabled" in step for step in steps)


def test_several_are_left_to_the_operator(operator: Operator) -> None:
    ids = sorted(_portal(operator, "Totalview E-Mail Sending", "Mail.Send")["appId"] for _number in range(2))

    found = _discover(operator)

    assert found["result"]["state"] == "waiting_for_decision"
    assert all(id_ in found["result"]["next"] and id_ in found["discovered"] for id_ in ids)
    assert yaml.safe_load(found["discovered"]) is None


def test_one_for_both_is_left_to_the_operator(operator: Operator) -> None:
    both = _portal(operator, "Totalview", *CALENDARS, "Mail.Send")

    found = _discover(operator)

    assert found["result"]["state"] == "waiting_for_decision"
    assert both["appId"] in found["discovered"]
    assert yaml.safe_load(found["discovered"]) is None


def test_what_is_ours_already_and_what_is_nobodys_is_nothing_to_adopt(operator: Operator) -> None:
    found = _discover(operator)
    assert (found["result"]["state"], yaml.safe_load(found["discovered"])) == ("nothing_found", None)

    result = operator.onboard(**LOOKED_FOR)
    assert not result.get("failed"), result
    found = _discover(operator)
    assert (found["result"]["state"], yaml.safe_load(found["discovered"])) == ("nothing_found", None)
    assert found["discovered"].count("the store knows the registration") == 2


def test_names_do_not_leave_their_comment(operator: Operator) -> None:
    _portal(operator, "Totalview\nconnector_auth_client_secret: x\u2028", "Mail.Send")

    text = _discover(operator)["discovered"]

    assert set(yaml.safe_load(text)) == {"connector_mail_adopt", "connector_mail_adopt_client_id"}
    assert all(line.startswith(("#", "connector_mail_adopt", "---")) for line in text.splitlines() if line)
