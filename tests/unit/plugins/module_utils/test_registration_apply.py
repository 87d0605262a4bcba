# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    InputError,
    ReplicationError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.apply import (
    apply,
    apply_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    Application,
    Desired,
    EnableServicePrincipal,
    ServicePrincipal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    plan,
    plan_absent,
)

KEYED = "/applications(uniqueName='ours')"
BY_ID = "/applications/object-1"
PRINCIPAL = "/servicePrincipals(appId='client-1')"
OWNERS = "/applications/object-1/owners"
DELETED = "/directory/deletedItems"
DELETED_PRINCIPALS = f"{DELETED}/graph.servicePrincipal"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})
LAG = (
    403,
    {
        "error": {
            "code": "Authorization_RequestDenied",
            "message": "When using this permission, the backing application of the service principal being created "
            "must in the local tenant",
        }
    },
)
DENIED = (403, {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}})
#: The same in older words (azure-docs-powershell issue 599).
IN_USE_TEXT = "Another object with the same value for property servicePrincipalNames already exists."
IN_USE = (400, {"error": {"code": "Request_BadRequest", "message": IN_USE_TEXT}})
CONFLICT = (409, {"error": {"code": "Request_MultipleObjectsWithSameKeyValue", "message": ""}})
NOW = {"Date": "Fri, 01 May 2026 12:00:00 GMT"}

DESIRED = Desired("ours", "Totalview e-mail")
BODY = {
    "id": "object-1",
    "appId": "client-1",
    "displayName": "Totalview e-mail",
    "uniqueName": "ours",
    "signInAudience": "AzureADMyOrg",
    "createdDateTime": "2026-01-01T00:00:00Z",
}
APPLICATION = Application.from_graph(BODY)
FOUND = ServicePrincipal("principal-1", enabled=True)


@pytest.fixture
def tenant(http):
    """A tenant in which the registration is as it shall be, once it is read back."""
    http.on("GET", KEYED, (200, BODY, NOW))
    http.on("GET", PRINCIPAL, (200, {"id": "principal-1"}))
    http.on("GET", OWNERS, (200, {"value": [{"id": "ann"}]}))
    http.on("PATCH", KEYED, (201, BODY, NOW))
    http.on("PATCH", PRINCIPAL, (201, {"id": "principal-1"}))
    http.on("PATCH", BY_ID, (204,))
    http.on("POST", f"{OWNERS}/$ref", (204,))
    return http


def applied(graph, actual, desired=DESIRED):
    return apply(graph, actual, desired, plan(actual, desired))


def sent(http, method, path):
    return [request for request in http.sent if (request.method, request.path) == (method, path)]


def test_a_new_registration_is_made_by_its_key_part_by_part_and_read_back(graph, tenant):
    desired = replace(DESIRED, owners=("ann",))

    found = applied(graph, Actual(), desired)

    assert tenant.writes() == [("PATCH", KEYED), ("PATCH", PRINCIPAL), ("POST", f"{OWNERS}/$ref")]
    assert all(request.headers["Prefer"] == "create-if-missing" for request in tenant.sent[:2])
    assert tenant.sent[0].body == {"displayName": "Totalview e-mail", "signInAudience": "AzureADMyOrg"}
    assert tenant.sent[2].body == {"@odata.id": "https://graph.example/v1.0/directoryObjects/ann"}
    assert found == Actual(APPLICATION, FOUND, owners=("ann",))


def test_an_application_that_somebody_made_meanwhile_is_taken_by_its_key(graph, tenant):
    tenant.on("PATCH", KEYED, (204, None, NOW))
    tenant.on("GET", KEYED, ABSENT, (200, BODY))

    assert applied(graph, Actual()).application == APPLICATION
    assert tenant.writes() == [("PATCH", KEYED), ("PATCH", PRINCIPAL)]


def test_a_service_principal_waits_for_its_new_application(graph, tenant, clock):
    tenant.on("PATCH", PRINCIPAL, LAG, LAG, (201, {"id": "principal-1"}))

    applied(graph, Actual())

    assert len(sent(tenant, "PATCH", PRINCIPAL)) == 3
    assert len(clock.slept) == 2


def test_the_same_refusal_for_an_older_application_is_a_lack_of_rights(graph, tenant):
    tenant.on("PATCH", PRINCIPAL, LAG)
    graph.find(KEYED, action="learn Microsoft's time")

    with pytest.raises(ForbiddenError):
        applied(graph, Actual(APPLICATION))

    assert len(sent(tenant, "PATCH", PRINCIPAL)) == 1


@pytest.mark.parametrize("refusal", [DENIED, (500, "")])
def test_a_refusal_ends_the_steps(graph, tenant, refusal):
    tenant.on("PATCH", KEYED, refusal)

    with pytest.raises(GraphError):
        applied(graph, Actual())

    assert tenant.writes() == [("PATCH", KEYED)]


def test_drift_is_repaired_in_one_request_and_waited_for(graph, tenant):
    drifted = replace(APPLICATION, display_name="renamed", sign_in_audience="AzureADMultipleOrgs")
    stale = (200, BODY | {"displayName": "renamed"})
    tenant.on("GET", KEYED, stale, (200, BODY), stale, (200, BODY))

    found = applied(graph, Actual(drifted, FOUND))

    (update,) = (request for request in tenant.sent if request.method == "PATCH")
    assert update.path == BY_ID
    assert update.body == {"displayName": "Totalview e-mail", "signInAudience": "AzureADMyOrg"}
    assert len(sent(tenant, "GET", KEYED)) == 5, "only two good readings in a row count"
    assert found.application == APPLICATION


def test_a_change_that_never_shows_is_a_fault(graph, tenant):
    tenant.on("GET", KEYED, (200, BODY | {"displayName": "renamed"}))

    with pytest.raises(ReplicationError, match="Totalview e-mail"):
        applied(graph, Actual(replace(APPLICATION, display_name="renamed"), FOUND))

    assert len(tenant.writes()) == 1


def test_nothing_planned_sends_nothing(graph, tenant):
    actual = Actual(APPLICATION, FOUND)

    assert applied(graph, actual) is actual
    assert tenant.sent == []


def test_adoption_stamps_the_key_on_that_very_application(graph, tenant):
    actual = Actual(candidates=(replace(APPLICATION, unique_name=None),), service_principal=FOUND)

    applied(graph, actual, replace(DESIRED, adopt=True))

    (stamp,) = (request for request in tenant.sent if request.method == "PATCH")
    assert (stamp.path, stamp.body) == (BY_ID, {"uniqueName": "ours"})


def test_a_deleted_registration_is_restored_with_its_service_principal(graph, tenant):
    tenant.on("POST", f"{DELETED}/object-1/restore", (200, BODY))
    tenant.on("POST", f"{DELETED}/principal-0/restore", (200, {"id": "principal-0"}))

    applied(graph, Actual(deleted=(APPLICATION,), deleted_service_principal_id="principal-0"))

    assert tenant.writes() == [
        ("POST", f"{DELETED}/object-1/restore"),
        ("PATCH", BY_ID),
        ("POST", f"{DELETED}/principal-0/restore"),
    ]
    assert tenant.sent[1].body == {"isDisabled": True}, "before what was granted can come back"


def test_what_cannot_be_deactivated_goes_again(graph, tenant):
    tenant.on("POST", f"{DELETED}/object-1/restore", (200, BODY))
    tenant.on("PATCH", BY_ID, DENIED)
    tenant.on("DELETE", BY_ID, (204,))
    tenant.on("GET", BY_ID, ABSENT)

    with pytest.raises(ForbiddenError):
        applied(graph, Actual(deleted=(APPLICATION,), deleted_service_principal_id="principal-0"))

    assert tenant.writes() == [("POST", f"{DELETED}/object-1/restore"), ("PATCH", BY_ID), ("DELETE", BY_ID)]


def test_a_service_principal_that_is_no_longer_among_the_deleted_is_made_or_found(graph, tenant):
    tenant.on("POST", f"{DELETED}/principal-0/restore", ABSENT)

    applied(graph, Actual(APPLICATION, deleted_service_principal_id="principal-0"))

    assert tenant.writes() == [
        ("PATCH", BY_ID),
        ("POST", f"{DELETED}/principal-0/restore"),
        ("PATCH", PRINCIPAL),
    ]


@pytest.mark.parametrize("refusal", [CONFLICT, IN_USE])
def test_a_service_principal_that_the_reading_did_not_show_is_restored_and_not_doubled(graph, tenant, refusal):
    tenant.on("PATCH", PRINCIPAL, refusal)
    tenant.on("GET", DELETED_PRINCIPALS, (200, {"value": [{"id": "principal-0", "appId": "client-1"}]}))
    tenant.on("POST", f"{DELETED}/principal-0/restore", (200, {"id": "principal-0"}))

    applied(graph, Actual(APPLICATION))

    assert tenant.writes() == [
        ("PATCH", PRINCIPAL),
        ("PATCH", BY_ID),
        ("POST", f"{DELETED}/principal-0/restore"),
    ]


@pytest.mark.parametrize(("actual", "looks"), [(Actual(), 1), (Actual(APPLICATION), 5)])
def test_a_conflict_over_another_objects_key_is_told_and_not_waited_for(graph, tenant, actual, looks):
    """What was made just now has nothing hidden; of what was there, a few replicas are asked."""
    tenant.on("PATCH", PRINCIPAL, CONFLICT)
    tenant.on("GET", DELETED_PRINCIPALS, (200, {"value": []}))
    tenant.on("GET", PRINCIPAL, ABSENT)

    with pytest.raises(GraphError, match="Request_MultipleObjectsWithSameKeyValue") as caught:
        applied(graph, actual)

    assert "Running again does not help" in caught.value.next_step
    assert len(sent(tenant, "GET", DELETED_PRINCIPALS)) == looks
    assert len(sent(tenant, "PATCH", PRINCIPAL)) == 1


def test_a_restored_application_may_hide_its_service_principal_for_long(graph, tenant):
    tenant.on("POST", f"{DELETED}/object-1/restore", (200, BODY))
    tenant.on("PATCH", PRINCIPAL, CONFLICT)
    tenant.on("GET", DELETED_PRINCIPALS, (200, {"value": []}))
    tenant.on("GET", PRINCIPAL, *[ABSENT] * 10, (200, {"id": "principal-1"}))

    assert applied(graph, Actual(deleted=(APPLICATION,))).service_principal == FOUND


def test_what_is_disabled_is_enabled_and_waited_for(graph, tenant):
    off = (200, BODY | {"isDisabled": True})
    tenant.on("GET", KEYED, off, (200, BODY))
    tenant.on("PATCH", "/servicePrincipals/principal-1", (204,))
    tenant.on("GET", PRINCIPAL, (200, {"id": "principal-1", "accountEnabled": False}), (200, {"id": "principal-1"}))
    actual = Actual(replace(APPLICATION, disabled=True), replace(FOUND, enabled=False))

    found = applied(graph, actual, replace(DESIRED, enable=True))

    assert [(request.path, request.body) for request in tenant.sent if request.method == "PATCH"] == [
        (BY_ID, {"isDisabled": False}),
        ("/servicePrincipals/principal-1", {"accountEnabled": True}),
    ]
    assert found == Actual(APPLICATION, FOUND)


def test_one_that_comes_back_disabled_is_left_to_the_next_run(graph, tenant):
    tenant.on("POST", f"{DELETED}/object-1/restore", (200, BODY))
    tenant.on("POST", f"{DELETED}/principal-0/restore", (200, {"id": "principal-0"}))
    tenant.on("GET", PRINCIPAL, (200, {"id": "principal-1", "accountEnabled": False}))
    actual = Actual(deleted=(APPLICATION,), deleted_service_principal_id="principal-0")

    found = applied(graph, actual, replace(DESIRED, enable=True))

    assert found.service_principal == replace(FOUND, enabled=False)
    assert EnableServicePrincipal("principal-1") in plan(found, replace(DESIRED, enable=True)).steps


def test_an_owner_that_is_not_there_is_told_at_once(graph, tenant):
    message = "Resource 'NOBODY' does not exist or one of its queried reference-property objects are not present."
    tenant.on("POST", f"{OWNERS}/$ref", (404, {"error": {"code": "Request_ResourceNotFound", "message": message}}))

    with pytest.raises(InputError, match="nobody"):
        applied(graph, Actual(), replace(DESIRED, owners=("nobody",)))

    assert len(sent(tenant, "POST", f"{OWNERS}/$ref")) == 1


def test_too_many_writers_at_once_tell_nothing_of_a_hidden_service_principal(graph, tenant):
    refusal = {"error": {"code": "Directory_ConcurrencyViolation", "message": "Please wait briefly and retry."}}
    tenant.on("PATCH", PRINCIPAL, (409, refusal))

    with pytest.raises(GraphError, match="Directory_ConcurrencyViolation") as caught:
        applied(graph, Actual(APPLICATION))

    assert "run again" in caught.value.next_step
    assert ("GET", DELETED_PRINCIPALS) not in tenant.calls()


# --- taking away


def test_deleting_waits_until_the_application_is_gone(graph, tenant):
    tenant.on("DELETE", BY_ID, (204,))
    tenant.on("GET", BY_ID, (200, BODY), ABSENT)

    apply_absent(graph, plan_absent(Actual(APPLICATION), purge=False))

    assert tenant.calls() == [("DELETE", BY_ID)] + [("GET", BY_ID)] * 3


def test_deleting_for_good_waits_for_the_deletion_and_is_read_back(graph, tenant):
    tenant.on("DELETE", BY_ID, (204,))
    tenant.on("GET", BY_ID, ABSENT)
    tenant.on("DELETE", f"{DELETED}/object-1", (204,))
    there, gone = (200, {"id": "object-1"}), ABSENT
    tenant.on("GET", f"{DELETED}/object-1", gone, there, there, there, gone)

    apply_absent(graph, plan_absent(Actual(APPLICATION), purge=True))

    assert tenant.writes() == [("DELETE", BY_ID), ("DELETE", f"{DELETED}/object-1")]
    looks = [call for call in tenant.calls() if call[1] == f"{DELETED}/object-1"]
    assert looks == [("GET", looks[0][1])] * 3 + [("DELETE", looks[0][1])] + [("GET", looks[0][1])] * 3


def test_what_was_deleted_long_ago_is_deleted_for_good_at_once(graph, tenant):
    tenant.on("DELETE", f"{DELETED}/object-1", (204,))
    tenant.on("GET", f"{DELETED}/object-1", ABSENT)

    apply_absent(graph, plan_absent(Actual(deleted=(APPLICATION,)), purge=True))

    assert tenant.calls()[0] == ("DELETE", f"{DELETED}/object-1")


@pytest.mark.parametrize("actual", [Actual(APPLICATION), Actual(deleted=(APPLICATION,))], ids=["present", "deleted"])
def test_what_somebody_else_has_deleted_meanwhile_is_gone_as_it_shall_be(graph, tenant, actual):
    for path in (BY_ID, f"{DELETED}/object-1"):
        tenant.on("DELETE", path, ABSENT)
        tenant.on("GET", path, ABSENT)

    apply_absent(graph, plan_absent(actual, purge=actual.application is None))

    assert len(tenant.writes()) == 1


def test_a_deletion_that_is_refused_is_a_fault(graph, tenant):
    tenant.on("DELETE", BY_ID, DENIED)

    with pytest.raises(ForbiddenError):
        apply_absent(graph, plan_absent(Actual(APPLICATION), purge=True))

    assert tenant.writes() == [("DELETE", BY_ID)]


def test_a_deleted_principal_that_is_listed_for_ever_and_never_restored_ends_the_run(graph, tenant):
    tenant.on("POST", f"{DELETED}/p0/restore", ABSENT)
    tenant.on("PATCH", PRINCIPAL, CONFLICT)
    tenant.on("GET", DELETED_PRINCIPALS, (200, {"value": [{"id": "p0", "appId": "client-1"}]}))
    tenant.on("GET", PRINCIPAL, ABSENT)

    with pytest.raises(ReplicationError):
        applied(graph, Actual(APPLICATION, deleted_service_principal_id="p0"))

    assert len(sent(tenant, "PATCH", PRINCIPAL)) == 1


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        ("One or more added object references already exist for the following modified properties: 'owners'.", True),
        ("Another fault", False),
    ],
)
def test_an_owner_that_is_one_already_is_no_fault(graph, tenant, message, accepted):
    tenant.on("POST", f"{OWNERS}/$ref", (400, {"error": {"code": "Request_BadRequest", "message": message}}))
    desired = replace(DESIRED, owners=("ann",))

    if accepted:
        assert applied(graph, Actual(APPLICATION, FOUND), desired).owners == ("ann",)
    else:
        with pytest.raises(GraphError, match=message):
            applied(graph, Actual(APPLICATION, FOUND), desired)
