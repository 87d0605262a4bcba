# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reach record: what each application could have read or sent, and since which request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from emulator.clock import parse_stamp, stamp
from emulator.graph.store.records import Kind
from emulator.graph.store.resources import GRAPH, resources
from emulator.mailbox_rig import ALL, MEMBER, NESTED, SEED, App, MailboxRig
from emulator.rig import Rig

HOUR = 3600
CLIENT_ID = "bbbbbbbb-0000-4000-8000-000000000002"


@pytest.fixture
def mail(rig: Rig) -> MailboxRig:
    return MailboxRig(rig)


def grant(mail: MailboxRig, app: App, role: str) -> str:
    """As the collection does it; the id of the new assignment."""
    graph = mail.tenant.directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", GRAPH)
    assert graph is not None
    ids = {"principalId": app.principal_id, "resourceId": graph.id, "appRoleId": resources()[GRAPH].roles[role]}
    path = f"/servicePrincipals/{app.principal_id}/appRoleAssignments"
    return str(Rig.created(mail.graph("POST", path, ids))["id"])


def revoke(mail: MailboxRig, app: App, assignment: str) -> None:
    mail.graph("DELETE", f"/servicePrincipals/{app.principal_id}/appRoleAssignments/{assignment}")


def reach(mail: MailboxRig, after: int | None = None) -> list[dict[str, Any]]:
    return mail.rig.admin.reach(mail.tenant_id, after=after)


def last_number(mail: MailboxRig) -> int:
    return int(mail.rig.admin.requests()[-1]["number"])


def mailboxes(entry: dict[str, Any]) -> tuple[list[str], list[str], bool]:
    return entry["configured"], entry["enforced"], entry["whole_tenant"]


def test_nothing_is_written_down_for_applications_that_reach_nothing(mail: MailboxRig) -> None:
    app = mail.app("User.Read.All")
    mail.restrict(app)
    assert reach(mail) == []


def test_an_unrestricted_grant_reaches_everybody(mail: MailboxRig) -> None:
    app = mail.app(name="Open")
    grant(mail, app, "Mail.Send")
    [entry] = reach(mail)
    asked = mail.rig.admin.requests()[-1]
    assert entry == {
        "number": asked["number"],
        "time": asked["time"],
        "app_id": app.app_id,
        "display_name": "Open",
        "unique_name": None,
        "permission": "mail",
        "configured": sorted(ALL),
        "enforced": sorted(ALL),
        "whole_tenant": True,
        "live_secrets": 1,
        "disabled": False,
    }


def test_a_door_closed_before_it_opens_was_never_wide_open(mail: MailboxRig) -> None:
    app = mail.app()
    mail.restrict(app)
    grant(mail, app, "Mail.Send")
    assert [mailboxes(entry) for entry in reach(mail)] == [(sorted([MEMBER, NESTED]), sorted([MEMBER, NESTED]), False)]


def test_a_door_closed_late_is_noticed(mail: MailboxRig) -> None:
    app = mail.app()
    grant(mail, app, "Calendars.Read")
    opened = last_number(mail)
    mail.restrict(app)
    wide, narrow = reach(mail)
    assert (wide["number"], wide["whole_tenant"], wide["permission"]) == (opened, True, "calendar")
    assert mailboxes(narrow) == (sorted([MEMBER, NESTED]), sorted([MEMBER, NESTED]), False)


def test_enforcement_comes_later_than_configuration(mail: MailboxRig) -> None:
    mail.organisation.enforcement_seconds = HOUR
    mail.rig.admin.advance_clock(HOUR)
    app = mail.app()
    mail.restrict(app, scope=MEMBER)
    grant(mail, app, "Mail.Send")
    assert [mailboxes(entry) for entry in reach(mail)] == [([MEMBER], sorted(ALL), True)]
    mark = last_number(mail)
    mail.rig.admin.advance_clock(HOUR)
    mail.graph("GET", "/organization")
    [entry] = reach(mail, after=mark)
    assert (entry["number"], mailboxes(entry)) == (last_number(mail), ([MEMBER], [MEMBER], False))


def test_roles_reach_without_any_grant(mail: MailboxRig) -> None:
    app = mail.app()
    mail.assign(app, "Application Calendars.Read", scope=mail.custom_scope())
    assert [(entry["permission"], mailboxes(entry)) for entry in reach(mail)] == [
        ("calendar", ([MEMBER], [MEMBER], False))
    ]
    mail.assign(app, "Application Exchange Full Access")
    assert {(entry["permission"], entry["whole_tenant"]) for entry in reach(mail)[1:]} == {
        ("calendar", True),
        ("mail", True),
    }


def test_commands_of_exchange_are_seen_as_well(mail: MailboxRig) -> None:
    app = mail.app("Mail.Send")
    policy = {"AppId": [app.app_id], "PolicyScopeGroupId": mail.group.guid, "AccessRight": "RestrictAccess"}
    mail.rig.admin.exchange(mail.tenant_id, "New-ApplicationAccessPolicy", **policy)
    emptied = {"Identity": "Outer", "Members": [], "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    mail.rig.admin.exchange(mail.tenant_id, "Update-DistributionGroupMember", **emptied)
    assert [entry["configured"] for entry in reach(mail)][-2:] == [sorted([MEMBER, NESTED]), []]


def test_only_changes_are_written_down_and_their_end_as_well(mail: MailboxRig) -> None:
    app = mail.app()
    assignment = grant(mail, app, "Calendars.Read")
    second = grant(mail, app, "Calendars.ReadWrite")
    revoke(mail, app, assignment)
    mail.graph("GET", "/users")
    assert len(reach(mail)) == 1
    revoke(mail, app, second)
    assert [mailboxes(entry) for entry in reach(mail)[1:]] == [([], [], False)]


def test_deleting_the_application_ends_its_reach(mail: MailboxRig) -> None:
    registered = mail.rig.admin.portal_application(
        mail.tenant_id, "Short-lived", permissions=["Mail.Send"], consent=True
    )
    mail.graph("DELETE", f"/applications/{registered['id']}")
    before, after = reach(mail)
    assert (before["whole_tenant"], mailboxes(after)) == (True, ([], [], False))
    assert after["display_name"] == "Short-lived"


def test_what_people_do_is_put_down_to_the_request_before_it(mail: MailboxRig) -> None:
    app = mail.app("Calendars.Read", consent=False)
    mark = last_number(mail)
    mail.rig.admin.consent(mail.tenant_id, app.app_id)
    assert [entry["number"] for entry in reach(mail)] == [mark]
    assert reach(mail, after=mark) == []


def test_a_true_grant_counts_before_readers_see_it(mail: MailboxRig) -> None:
    app = mail.app()
    mail.rig.admin.tenant(mail.tenant_id, lag={"reads": 100})
    grant(mail, app, "Mail.Send")
    assert [entry["whole_tenant"] for entry in reach(mail)] == [True]


def test_live_secrets_are_counted(mail: MailboxRig) -> None:
    app = mail.app("Mail.Send")
    directory = mail.tenant.directory
    application = directory.find_live(Kind.APPLICATION, "appId", app.app_id)
    assert application is not None
    tomorrow = parse_stamp(mail.rig.admin.clock()) + timedelta(days=1)
    for wish in ({"endDateTime": stamp(tomorrow)}, {}):
        path = f"/applications/{application.id}/addPassword"
        assert mail.graph("POST", path, {"passwordCredential": wish}).ok
    mail.rig.admin.advance_clock(2 * 24 * HOUR)
    # A look of its own needs a change; by then the second one has expired.
    mail.rig.admin.portal_application(mail.tenant_id, "Unrelated")
    assert [entry["live_secrets"] for entry in reach(mail)] == [0, 1, 2, 3, 2]


def test_the_automation_is_left_out(rig: Rig) -> None:
    automation = {"client_id": CLIENT_ID, "secret": "its-secret", "roles": ["Mail.Send", "Calendars.Read"]}
    mail = MailboxRig(rig, {**SEED, "automation": automation})
    rig.sign_in(CLIENT_ID, "its-secret", tenant=mail.tenant_id)
    assert reach(mail) == []


def test_seeded_applications_are_seen_with_the_first_look(rig: Rig) -> None:
    applications = [{"displayName": "By hand", "applicationPermissions": ["Calendars.Read"], "adminConsent": True}]
    [tenant] = rig.admin.seed({"tenants": [{**SEED, "applications": applications}]})
    assert [(entry["display_name"], entry["whole_tenant"]) for entry in rig.admin.reach(tenant)] == [("By hand", True)]


def test_the_record_goes_with_the_log(mail: MailboxRig) -> None:
    mail.app("Mail.Send")
    assert reach(mail) != []
    mail.rig.admin.clear_requests()
    assert reach(mail) == []


def test_a_tenant_without_exchange_has_no_reach(rig: Rig) -> None:
    [tenant] = rig.admin.seed({"tenants": [{**SEED, "exchange": False}]})
    rig.admin.portal_application(tenant, "Open", permissions=["Mail.Send"], consent=True)
    assert rig.admin.reach(tenant) == []
