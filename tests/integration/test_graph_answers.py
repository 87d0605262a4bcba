# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of Microsoft Graph that stand in the way, and what a run makes of each."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.launch import Emulator
from integration.administrator import CALENDAR, GRAPH_APP_ID, MAIL, Administrator
from integration.operator_desk import Desk
from integration.tenants import ADOPTING_ROLES, ROLES, Tenants
from integration.witness import Witness, last_request, writes

NAMES = {CALENDAR: "Totalview Calendar Synchronization", MAIL: "Totalview E-Mail Sending"}
NOBODY = "99999999-9999-4999-8999-999999999999"
SAME_KEY = "Request_MultipleObjectsWithSameKeyValue"
EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"

Json = dict[str, Any]


def adoptable(**more: Any) -> list[Json]:
    """The registration for e-mail as people made it, in a state of its own."""
    wish = {"displayName": NAMES[MAIL], "applicationPermissions": ["Mail.Send"], "owners": []}
    return [{**wish, **more}]


# --- disabled registrations --------------------------------------------------------------------------------------

BY_MICROSOFT = "DisabledDueToViolationOfServicesAgreement"
FOREIGN = {
    "isDisabled": True,
    "passwordCredentials": [{"displayName": "somebody's", "secretText": "integration-foreign"}],
}
#: State of the registration, where it is enabled, and whether the tenant can do so.
DISABLED: dict[str, tuple[Json, str, bool]] = {
    "principal": ({"servicePrincipal": {"accountEnabled": False}}, "Enterprise applications, Properties", True),
    "application": ({"isDisabled": True}, "App registrations", True),
    "both": ({"isDisabled": True, "servicePrincipal": {"accountEnabled": False}}, "App registrations", True),
    "by-microsoft": ({"disabledByMicrosoftStatus": BY_MICROSOFT}, "Microsoft's support", False),
    "principal-by-microsoft": (
        {"servicePrincipal": {"disabledByMicrosoftStatus": BY_MICROSOFT}},
        "Microsoft's support",
        False,
    ),
}


def test_a_disabled_registration_stops_the_tenant_until_it_may_be_enabled(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    desk.variables["connector_adopt"] = True
    ids = {
        name: tenants.make(roles=ADOPTING_ROLES, applications=adoptable(**state))
        for name, (state, _where, _ours) in DISABLED.items()
    }
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}

    run = desk.run()

    for name, (_state, where, ours) in DISABLED.items():
        result = run.tenant(name)
        assert result["state"] == "failed", result
        assert MAIL in result["next"], result
        assert where in result["next"], result
        assert ("connector_enable" in result["next"]) is ours, result
        assert writes(emulator, ids[name]) == []

    desk.variables["connector_enable"] = True
    desk.run()
    run = desk.run()

    for name, (_state, _where, ours) in DISABLED.items():
        assert run.tenant(name)["state"] == ("complete" if ours else "failed")
        assert run.stats[name]["changed"] == 0
        if ours:
            Witness(emulator, ids[name]).assert_as_totalview_asks()


def test_none_is_enabled_for_somebody_else(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(roles=ADOPTING_ROLES, applications=adoptable(**FOREIGN))
    desk.variables |= {"connector_adopt": True, "connector_enable": True}
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    [secret] = Witness(emulator, tenant).applications[NAMES[MAIL]]["passwordCredentials"]

    run = desk.run()

    assert run.tenant("contoso")["state"] == "failed"
    assert secret["keyId"] in run.tenant("contoso")["next"]
    assert writes(emulator, tenant) == []


@pytest.mark.parametrize("change", ["principal", "application"])
def test_one_that_is_disabled_later_is_not_complete(
    desk: Desk, tenants: Tenants, emulator: Emulator, change: str
) -> None:
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert desk.run().tenant("contoso")["state"] == "complete"
    administrator, after = Administrator(emulator, tenant), last_request(emulator)
    if change == "principal":
        principal = administrator.principal_of(CALENDAR)["id"]
        administrator.call("PATCH", f"/servicePrincipals/{principal}", {"accountEnabled": False})
    else:
        administrator.change(CALENDAR, isDisabled=True)
    mine = writes(emulator, tenant, after)

    run = desk.run()

    assert run.tenant("contoso")["state"] == "failed"
    assert CALENDAR in run.tenant("contoso")["next"]
    assert writes(emulator, tenant, after) == mine


# --- conflicts that stay -----------------------------------------------------------------------------------------

#: Which request is refused so, and how often it may be sent.
CONFLICTS = {
    "service-principal": {"method": "PATCH", "path": r"^/servicePrincipals/\(appId="},
    "application": {"method": "PATCH", "path": r"^/applications/\(uniqueName="},
}


def test_a_conflict_that_stays_is_told_at_once(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """The witness of "at once" are the requests: there are none of somebody who waits."""
    ids = {name: tenants.make() for name in CONFLICTS}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    message = "The service principal name is already in use."
    for name, requests in CONFLICTS.items():
        body = {"error": {"code": SAME_KEY, "message": message, "innerError": {"request-id": NOBODY}}}
        emulator.faults({"kind": "answer", "tenant": ids[name], "status": 409, "body": body, **requests})

    run = desk.run()

    for name, tenant in ids.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert SAME_KEY in result["next"]
        assert "Running again does not help" in result["next"]
        rows = emulator.requests(tenant=tenant, service="graph")
        # One for each registration.
        assert sum(row["fault"] == "answer" for row in rows) == 2
        conflict = next(row["number"] for row in rows if row["fault"] == "answer")
        assert sum(row["number"] > conflict for row in rows) < 20


# --- owners ------------------------------------------------------------------------------------------------------


def test_owners_are_checked_before_anything_is_written(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    reading = (*ROLES, "User.ReadBasic.All")
    foreign = {"displayName": "Somebody else's"}
    hosts = ("user", "service-principal", "nobody", "app-registration", "group", "second-of-two", "unread-nobody")
    roles = {name: ROLES if name.startswith("unread") else reading for name in hosts}
    groups = {"groups": [{"name": "Staff", "kind": "security"}]}
    ids = {name: tenants.make(roles=roles[name], applications=[foreign], exchange=groups) for name in hosts}
    snapshots = {name: emulator.snapshot(tenant) for name, tenant in ids.items()}
    user = snapshots["user"]["users"][0]["id"]
    owners = {
        "user": [user],
        "service-principal": [_named(snapshots["service-principal"]["servicePrincipals"], "Somebody else's")],
        "nobody": [NOBODY],
        "app-registration": [_named(snapshots["app-registration"]["applications"], "Somebody else's")],
        "group": [_named(snapshots["group"]["exchange"]["recipients"], "Staff", "external_directory_object_id")],
        "second-of-two": [snapshots["second-of-two"]["users"][0]["id"], NOBODY],
        "unread-nobody": [NOBODY],
    }
    desk.hosts = {name: {"connector_tenant_id": ids[name], "connector_mail_owners": owners[name]} for name in hosts}

    run = desk.run()

    for name in ("user", "service-principal"):
        assert run.tenant(name)["state"] == "complete", run.output
        assert owners[name][0] in Witness(emulator, ids[name]).applications[NAMES[MAIL]]["owners"]
    for name in hosts[2:]:
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert owners[name][-1] in result["next"]
        assert "no user and no enterprise application" in result["next"].lower()
        assert (writes(emulator, ids[name]) == []) is not name.startswith("unread")


def _named(rows: list[Json], name: str, id_: str = "id") -> str:
    return str(next(row[id_] for row in rows if name in (row.get("displayName"), row.get("display_name"))))


def test_owners_by_name_are_refused_from_the_inventory(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Whom a name means the automation may not look up."""
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant, "connector_mail_owners": ["ann@example.com"]}}

    run = desk.run()

    assert "'ann@example.com' is no object id" in run.tenant("contoso")["next"]
    assert writes(emulator, tenant) == []


def test_the_application_to_adopt_is_not_the_one_that_has_our_key(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(roles=ADOPTING_ROLES, applications=[{"displayName": "Another", "owners": []}])
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert desk.run().tenant("contoso")["state"] == "complete"
    ours = Witness(emulator, tenant).applications[NAMES[MAIL]]["appId"]
    another = next(row for row in emulator.snapshot(tenant)["applications"] if row["displayName"] == "Another")
    after = last_request(emulator)
    desk.hosts["contoso"] |= {"connector_adopt": True, "connector_mail_adopt_client_id": another["appId"]}

    run = desk.run()

    assert run.tenant("contoso")["state"] == "failed"
    assert ours in run.tenant("contoso")["next"]
    assert another["appId"] in run.tenant("contoso")["next"]
    assert writes(emulator, tenant, after) == []


# --- what an API says of its permissions, and what others declared ---------------------------------------------


def _without(role: Json) -> Json:
    return {**role, "isEnabled": False}


def test_roles_that_are_listed_twice_or_switched_off(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """An old one beside the real one, in either order; the same one twice; and one that is off altogether."""
    hosts = ("old-one-first", "old-one-last", "the-same-twice", "off")
    ids = {name: tenants.make() for name in hosts}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for name, tenant in ids.items():
        graph = Administrator(emulator, tenant).service_principal(GRAPH_APP_ID)
        send = next(role for role in graph["appRoles"] if role["value"] == "Mail.Send")
        rest = [role for role in graph["appRoles"] if role is not send]
        old = {**_without(send), "id": NOBODY}
        listed = {
            "old-one-first": [old, *rest, send],
            "old-one-last": [send, *rest, old],
            "the-same-twice": [send, *rest, send],
            "off": [*rest, _without(send)],
        }[name]
        path = rf"^/servicePrincipals/\(appId='{GRAPH_APP_ID}'\)$"
        body = {**graph, "appRoles": listed}
        emulator.faults(
            {"kind": "answer", "tenant": tenant, "method": "GET", "path": path, "status": 200, "body": body}
        )

    run = desk.run()

    for name in hosts[:3]:
        assert run.tenant(name)["state"] == "complete", run.output
        Witness(emulator, ids[name]).assert_as_totalview_asks()
    assert run.tenant("off")["state"] == "failed"
    assert "'Mail.Send' of Microsoft Graph is switched off" in run.tenant("off")["next"]
    assert writes(emulator, ids["off"]) == []


def test_odd_entries_of_others_in_a_declaration(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Ids in capitals, an API named twice, and one that the tenant does not have."""
    tenant = tenants.make(roles=ADOPTING_ROLES, applications=adoptable())
    administrator = Administrator(emulator, tenant)
    send = {"id": administrator.role_id("Mail.Send").upper(), "type": "Role"}
    odd = [
        {"resourceAppId": GRAPH_APP_ID.upper(), "resourceAccess": [send]},
        {"resourceAppId": GRAPH_APP_ID, "resourceAccess": [{**send, "id": send["id"].lower()}]},
        {"resourceAppId": NOBODY, "resourceAccess": [{"id": NOBODY, "type": "Role"}]},
    ]
    made = next(row for row in emulator.snapshot(tenant)["applications"] if row["displayName"] == NAMES[MAIL])
    administrator.call("PATCH", f"/applications/{made['id']}", {"requiredResourceAccess": odd})
    desk.hosts = {"contoso": {"connector_tenant_id": tenant, "connector_adopt": True}}

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    Witness(emulator, tenant).assert_as_totalview_asks()
    again = desk.run()
    assert again.stats["contoso"]["changed"] == 0


def test_only_the_case_of_ids_is_no_difference(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert desk.run().tenant("contoso")["state"] == "complete"
    administrator = Administrator(emulator, tenant)
    declared = administrator.application(MAIL)["requiredResourceAccess"]
    shouted = [
        {
            "resourceAppId": entry["resourceAppId"].upper(),
            "resourceAccess": [{**item, "id": item["id"].upper()} for item in entry["resourceAccess"]],
        }
        for entry in declared
    ]
    administrator.change(MAIL, requiredResourceAccess=[*shouted, *declared])

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete"
    assert run.stats["contoso"]["changed"] == 0


# --- answers that are none, and faults that pass ------------------------------------------------------------------

ERROR = {"error": {"code": "InternalServerError", "message": "An error has occurred."}}
#: On the way to `complete`; each once, at requests of a kind.
PASSING: dict[str, Json] = {
    "batch-200-with-an-error": {"path": r"\$batch$", "status": 200, "body": ERROR},
    "batch-502-with-html": {"path": r"\$batch$", "status": 502, "body": "<html>Bad Gateway</html>"},
    "batch-429-without-retry-after": {
        "path": r"\$batch$",
        "status": 429,
        "body": {"error": {"code": "TooManyRequests"}},
    },
    "batch-without-responses": {"path": r"\$batch$", "status": 200, "body": {"responses": None}},
    "read-500": {"method": "GET", "path": "^/applications/[0-9a-f-]{36}$", "status": 500, "body": ERROR},
    "read-502": {"method": "GET", "path": "^/applications/[0-9a-f-]{36}$", "status": 502, "body": "<html></html>"},
    "read-503": {"method": "GET", "path": "^/applications/[0-9a-f-]{36}$", "status": 503, "body": ERROR},
    "read-504": {"method": "GET", "path": "^/applications/[0-9a-f-]{36}$", "status": 504, "body": ERROR},
}


def test_faults_that_pass_are_outlived(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ids = {name: tenants.make() for name in PASSING}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for name, answer in PASSING.items():
        emulator.faults({"kind": "answer", "tenant": ids[name], "times": 1, **answer})

    run = desk.run()

    assert run.code == 0, run.output
    for name, tenant in ids.items():
        assert run.tenant(name)["state"] == "complete", name
        assert any(row["fault"] == "answer" for row in emulator.requests(tenant=tenant)), name


#: Reads that nothing depends on, and how services refuse them.
OPTIONAL = {
    "delegated-grants": "^/oauth2PermissionGrants$",
    "deleted-applications": "^/directory/deletedItems/graph.application$",
    "policy": "^/policies/defaultAppManagementPolicy$",
}
REFUSALS = {
    "denied": (403, "AccessDenied"),
    "unlicensed": (403, "AadPremiumLicenseRequired"),
    "absent": (404, "UnknownError"),
    "not-understood": (400, "BadRequest"),
    "not-implemented": (501, "NotImplemented"),
}


def test_optional_reads_stay_optional_whatever_the_refusal_is_called(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    cases = {f"{read}-{name}": (OPTIONAL[read], REFUSALS[name]) for read in OPTIONAL for name in REFUSALS}
    ids = {name: tenants.make() for name in cases}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for name, (path, (status, code)) in cases.items():
        answer = {"status": status, "body": {"error": {"code": code, "message": "No."}}}
        emulator.faults({"kind": "answer", "tenant": ids[name], "method": "GET", "path": path, **answer})

    run = desk.run()

    assert run.code == 0, run.output
    for name, tenant in ids.items():
        assert run.tenant(name)["state"] == "complete", run.tenant(name)
        assert any(row["fault"] == "answer" for row in emulator.requests(tenant=tenant)), name


#: What a mailbox answers in place of a calendar or of Graph's word about a message.
NO_ANSWERS: dict[str, Json] = {
    "an-error": {"status": 200, "body": ERROR},
    "a-refusal": {"status": 200, "body": {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}}},
    "a-page": {"status": 200, "body": "<html>Welcome</html>"},
    "nothing": {"status": 200},
}


def test_a_success_that_is_none_proves_nothing(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ids = {name: tenants.make() for name in NO_ANSWERS}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for name, answer in NO_ANSWERS.items():
        emulator.faults({"kind": "answer", "tenant": ids[name], "path": "/(calendarView|sendMail)$", **answer})

    run = desk.run()

    for name in ids:
        result = run.tenant(name)
        assert result["state"] == "failed", (name, result)
        assert "hand-off" not in " ".join(result["changed"])
    assert not list(desk.folder.glob("secrets/handoff/*"))
