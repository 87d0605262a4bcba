# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's roles for applications through Graph beta."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.exchange.store.model import Details
from emulator.mailbox_rig import ALL, MEMBER, SEED, App, MailboxRig
from emulator.rig import Rig, error_of

READ, WRITE = "RoleManagement.Read.Exchange", "RoleManagement.ReadWrite.Exchange"
ROOT = "/beta/roleManagement/exchange"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
MAIL_SEND = "8679f4ff-c91d-40d0-809c-c86d114821a5"
CALENDARS_READ = "a3123d4e-4256-4ad0-bef0-205a00807fae"


@pytest.fixture
def mail(rig: Rig) -> MailboxRig:
    return MailboxRig(rig)


@pytest.fixture
def app(mail: MailboxRig) -> App:
    """Without any grant, and known to Exchange."""
    app = mail.app()
    mail.pointer(app)
    return app


def ask(mail: MailboxRig, method: str, path: str, body: Any = None, role: str = WRITE) -> Any:
    return mail.graph(method, f"{ROOT}{path}", body, roles=[role])


def wish(app: App, **changes: Any) -> dict[str, Any]:
    body = {"principalId": f"/ServicePrincipals/{app.principal_id}", "roleDefinitionId": CALENDARS_READ}
    return {**body, "directoryScopeId": "/", "appScopeId": None, **changes}


def reached(mail: MailboxRig, app: App) -> list[str]:
    token = mail.token(app)
    return [user for user in ALL if mail.read_calendar(token, user).ok]


def test_role_definitions_are_found_by_name_and_by_id(mail: MailboxRig) -> None:
    for name, role_id in {"Application Mail.Send": MAIL_SEND, "Application Calendars.Read": CALENDARS_READ}.items():
        for query in (f"displayName eq '{name}'", f"id eq '{role_id}'"):
            answer = ask(mail, "GET", f"/roleDefinitions?$filter={query}", role=READ).json()
            [found] = answer["value"]
            assert (found["id"], found["displayName"]) == (role_id, name)
            assert answer["@odata.context"].endswith("/beta/$metadata#roleManagement/exchange/roleDefinitions")
    assert ask(mail, "GET", f"/roleDefinitions/{MAIL_SEND}").json()["displayName"] == "Application Mail.Send"
    everything = ask(mail, "GET", "/roleDefinitions?$top=5").json()
    assert (len(everything["value"]), f"{ROOT}/roleDefinitions?" in everything["@odata.nextLink"]) == (5, True)


def test_an_assignment_opens_what_its_scope_says(mail: MailboxRig, app: App) -> None:
    member = mail.organisation.rules.find(MEMBER)
    assert member is not None
    scopes = {
        "/": ALL,
        f"/Groups/{mail.group.external_directory_object_id}": [MEMBER],
        f"/Users/{member.external_directory_object_id}": [MEMBER],
    }
    for scope, mailboxes in scopes.items():
        made = Rig.created(ask(mail, "POST", "/roleAssignments", wish(app, directoryScopeId=scope)))
        assert (made["directoryScopeId"], made["appScopeId"]) == (scope, None)
        assert reached(mail, app) == mailboxes, scope
        assert ask(mail, "DELETE", f"/roleAssignments/{made['id']}").status_code == 204
        assert reached(mail, app) == []


def test_a_custom_scope(mail: MailboxRig, app: App) -> None:
    attributes = {"Exclusive": False, "RecipientFilter": f"MemberOfGroup -eq '{mail.group.distinguished_name}'"}
    body = {"type": "RecipientScope", "displayName": "Members", "customAttributes": attributes}
    scope = Rig.created(ask(mail, "POST", "/customAppScopes", body))
    assert {name: scope[name] for name in body} == body
    assert [item["id"] for item in ask(mail, "GET", "/customAppScopes").json()["value"]] == [scope["id"]]
    made = Rig.created(ask(mail, "POST", "/roleAssignments", wish(app, directoryScopeId=None, appScopeId=scope["id"])))
    assert (made["directoryScopeId"], made["appScopeId"]) == (None, scope["id"])
    assert reached(mail, app) == [MEMBER]
    assert error_of(ask(mail, "DELETE", f"/customAppScopes/{scope['id']}"))[0] == 400
    ask(mail, "DELETE", f"/roleAssignments/{made['id']}")
    assert ask(mail, "DELETE", f"/customAppScopes/{scope['id']}").status_code == 204
    assert ask(mail, "GET", f"/customAppScopes/{scope['id']}").status_code == 404


def test_assignments_are_filtered(mail: MailboxRig, app: App) -> None:
    other = mail.app(name="Other")
    mail.pointer(other)
    for principal, role in ((app, CALENDARS_READ), (app, MAIL_SEND), (other, MAIL_SEND)):
        Rig.created(ask(mail, "POST", "/roleAssignments", wish(principal, roleDefinitionId=role)))

    def found(query: str) -> list[str]:
        return [item["roleDefinitionId"] for item in ask(mail, "GET", f"/roleAssignments{query}").json()["value"]]

    own = f"principalId eq '/ServicePrincipals/{app.principal_id}'"
    assert found("") == [CALENDARS_READ, MAIL_SEND, MAIL_SEND]
    assert found(f"?$filter={own}") == [CALENDARS_READ, MAIL_SEND]
    assert found(f"?$filter=roleDefinitionId eq '{MAIL_SEND}'") == [MAIL_SEND, MAIL_SEND]
    assert found(f"?$filter={own} and roleDefinitionId eq '{MAIL_SEND}'") == [MAIL_SEND]
    assert found(f"?$filter=appScopeId eq '{UNKNOWN}'") == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"principalId": f"/ServicePrincipals/{UNKNOWN}"}, 404),
        ({"principalId": UNKNOWN}, 400),
        ({"roleDefinitionId": UNKNOWN}, 404),
        ({"directoryScopeId": f"/Groups/{UNKNOWN}"}, 404),
        ({"directoryScopeId": f"/AdministrativeUnits/{UNKNOWN}"}, 400),
        ({"directoryScopeId": None}, 400),
        ({"appScopeId": UNKNOWN}, 400),
        ({"directoryScopeId": None, "appScopeId": UNKNOWN}, 404),
    ],
)
def test_what_an_assignment_needs(mail: MailboxRig, app: App, changes: dict[str, Any], status: int) -> None:
    assert ask(mail, "POST", "/roleAssignments", wish(app, **changes)).status_code == status
    assert mail.organisation.rules.assignments == {}


def test_exchange_must_know_the_service_principal(mail: MailboxRig) -> None:
    assert error_of(ask(mail, "POST", "/roleAssignments", wish(mail.app())))[0] == 404


def test_a_group_of_another_name_is_not_taken_for_an_id(mail: MailboxRig, app: App) -> None:
    mail.new_group(UNKNOWN, details=Details.DISTRIBUTION_GROUP)
    scope = f"/Groups/{UNKNOWN}"
    assert error_of(ask(mail, "POST", "/roleAssignments", wish(app, directoryScopeId=scope)))[0] == 404


def test_a_dehydrated_organisation_refuses(rig: Rig) -> None:
    mail = MailboxRig(rig, {**SEED, "exchange": {"dehydrated": True}})
    app = mail.app()
    mail.pointer(app)
    attributes = {"RecipientFilter": f"MemberOfGroup -eq '{mail.group.distinguished_name}'"}
    scope = {"type": "RecipientScope", "displayName": "Members", "customAttributes": attributes}
    for path, body in {"/roleAssignments": wish(app), "/customAppScopes": scope}.items():
        status, _code, text = error_of(ask(mail, "POST", path, body))
        assert (status, "InvalidOperationInDehydratedContextException" in text) == (400, True)


@pytest.mark.usefixtures("malformed_on_purpose")
def test_reading_is_no_right_to_write(mail: MailboxRig, app: App) -> None:
    writes = [("POST", "/roleAssignments"), ("POST", "/customAppScopes"), ("DELETE", f"/roleAssignments/{UNKNOWN}")]
    for method, path in writes:
        refused = ask(mail, method, path, wish(app) if method == "POST" else None, role=READ)
        assert error_of(refused)[:2] == (403, "Authorization_RequestDenied")
    refused = ask(mail, "GET", "/roleAssignments", role="Directory.Read.All")
    assert error_of(refused)[:2] == (403, "Authorization_RequestDenied")


@pytest.mark.usefixtures("malformed_on_purpose")
def test_the_rest_of_beta_is_unknown(mail: MailboxRig) -> None:
    for path in ("/beta/applications", "/beta/roleManagement/directory/roleAssignments"):
        assert mail.graph("GET", path).status_code == 400


def test_a_tenant_without_exchange_has_no_roles(rig: Rig) -> None:
    [tenant] = rig.admin.seed({"tenants": [{**SEED, "exchange": False}]})
    answer = rig.graph("GET", f"{ROOT}/roleDefinitions", token=rig.token([READ], tenant=tenant))
    assert answer.status_code == 404
