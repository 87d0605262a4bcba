# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ForbiddenError,
    GraphError,
    InputError,
    ReplicationError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.apply import (
    apply,
    take_back,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import (
    GRANT_ROLES,
    GRANT_SCOPES,
    Actual,
    Assignment,
    Consent,
    DelegatedGrant,
    GrantRole,
    RevokeRole,
    SetScopes,
    Step,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.read import read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    ResourcePermissions,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
    Resource,
)

GRAPH = Resource(
    "graph",
    "graph-principal",
    "Microsoft Graph",
    {"Role": {"Mail.Send": "r1", "Calendars.Read": "r2"}, "Scope": {"User.Read": "s1", "Mail.Send": "s2"}},
)
EXCHANGE = Resource("exchange", "exchange-principal", "Exchange", {"Role": {"Manage": "r9"}, "Scope": {}})
CATALOG = Catalog({"graph": GRAPH, "exchange": EXCHANGE})

SEND, CALENDARS = GRAPH.permission("Role", "Mail.Send"), GRAPH.permission("Role", "Calendars.Read")
MANAGE = EXCHANGE.permission("Role", "Manage")
USER, SEND_AS_USER = GRAPH.permission("Scope", "User.Read"), GRAPH.permission("Scope", "Mail.Send")

HELD_SEND = Assignment("held-send", "graph-principal", "r1")
HELD_CALENDARS = Assignment("held-calendars", "graph-principal", "r2")
HELD_MANAGE = Assignment("held-manage", "exchange-principal", "r9")
HELD_RETIRED = Assignment("held-retired", "graph-principal", "an id that Graph no longer knows")
HELD_ELSEWHERE = Assignment("held-elsewhere", "another-principal", "r1")

ALL_RIGHTS = (GRANT_ROLES, GRANT_SCOPES)


def for_all(*scopes: str) -> DelegatedGrant:
    return DelegatedGrant("for-all", "graph-principal", None, frozenset(scopes))


def for_one(user: str, *scopes: str) -> DelegatedGrant:
    return DelegatedGrant(f"for-{user}", "graph-principal", user, frozenset(scopes))


ELSEWHERE = DelegatedGrant("for-all-elsewhere", "another-principal", None, frozenset({"User.Read"}))
DELEGATED: tuple[tuple[DelegatedGrant, ...], ...] = (
    (),
    (for_all("User.Read"),),
    (for_all("User.Read", "openid"),),
    (for_all("openid"), ELSEWHERE),
    (for_one("ann", "User.Read", "openid"), for_one("bob", "User.Read")),
    (for_all("User.Read", "Mail.Send"), for_one("ann", "openid")),
)


def actual(
    declared: t.Iterable[Permission] = (),
    assignments: t.Iterable[Assignment] = (),
    delegated: tuple[DelegatedGrant, ...] | None = (),
) -> Actual:
    return Actual(
        CATALOG, frozenset(declared), tuple(assignments), delegated, principal_id="principal", app_id="client"
    )


def subsets(values: t.Sequence[t.Any]) -> list[tuple[t.Any, ...]]:
    return [found for size in range(len(values) + 1) for found in itertools.combinations(values, size)]


def situations() -> t.Iterator[Actual]:
    """Every declaration against every set of grants."""
    held = (HELD_SEND, HELD_CALENDARS, HELD_RETIRED, HELD_ELSEWHERE)
    yield from itertools.starmap(
        actual, itertools.product(subsets((SEND, MANAGE, USER, SEND_AS_USER)), subsets(held), DELEGATED)
    )


def done(state: Actual, steps: t.Iterable[Step]) -> Actual:
    """The tenant after the steps, as strict as Graph: nothing is granted twice."""
    for step in steps:
        state = _one_done(state, step)
    return state


def _one_done(state: Actual, step: Step) -> Actual:
    delegated = state.delegated or ()
    match step:
        case GrantRole():
            held = {(entry.resource_id, entry.app_role_id) for entry in state.assignments}
            assert (step.resource_id, step.permission.id) not in held
            new = Assignment(f"new-{step.permission.id}", step.resource_id, step.permission.id)
            return replace(state, assignments=(*state.assignments, new))
        case RevokeRole():
            assert step.assignment in state.assignments
            return replace(state, assignments=tuple(e for e in state.assignments if e != step.assignment))
        case SetScopes(id=None):
            assert step.scopes
            assert not any(entry.resource_id == step.resource_id and not entry.principal_id for entry in delegated)
            return replace(state, delegated=(*delegated, DelegatedGrant("new", step.resource_id, None, step.scopes)))
        case SetScopes():
            (grant,) = (entry for entry in delegated if entry.id == step.id)
            assert grant.scopes == step.before
            others = tuple(entry for entry in delegated if entry.id != step.id)
            kept = (replace(grant, scopes=step.scopes),) if step.scopes else ()
            return replace(state, delegated=(*others, *kept))


def shown(consent_side: t.Mapping[str, t.Any]) -> list[tuple[t.Any, ...]]:
    """The views, without order and without what tells the same of one scope of two users."""
    return sorted((row["name"], row["type"], row["declared"], row["granted"]) for row in consent_side["permissions"])


def _waits_for(consent: Consent) -> str:
    """Whether anything is to come besides what is to go."""
    if not consent.waiting:
        return ""
    comes = any(step.describe().startswith("grant ") for step in consent.waiting)
    return "waiting_for_consent" if comes else "waiting_for_revocation"


def test_with_every_right_the_next_plan_has_nothing_left_to_do():
    for state in situations():
        consent = plan(state, ALL_RIGHTS)
        assert (consent.waiting, consent.state) == ((), "granted")
        again = plan(done(state, consent.change.steps), ALL_RIGHTS)
        assert (again.change.steps, again.waiting) == ((), ()), state
        assert all(row["declared"] and row["granted"] for row in again.change.before["permissions"])
        assert len(again.change.before["permissions"]) == len(state.declared)


@pytest.mark.parametrize("rights", subsets(ALL_RIGHTS), ids=lambda rights: "+".join(rights) or "none")
def test_what_the_caller_may_not_write_waits_for_somebody_else(rights):
    for state in situations():
        everything = plan(state, ALL_RIGHTS).change.steps
        consent = plan(state, rights)
        assert consent.change.steps == tuple(step for step in everything if step.right in rights)
        assert consent.waiting == tuple(step for step in everything if step.right not in rights)
        assert consent.state == (_waits_for(consent) or "granted")


@pytest.mark.parametrize("rights", subsets(ALL_RIGHTS), ids=lambda rights: "+".join(rights) or "none")
def test_the_next_reading_shows_what_the_plan_promised(rights):
    for state in situations():
        change = plan(state, rights).change
        again = plan(done(state, change.steps), rights).change
        assert shown(again.before) == shown(change.after), state
        assert not again.changed


@pytest.mark.parametrize("rights", subsets(ALL_RIGHTS), ids=lambda rights: "+".join(rights) or "none")
def test_before_and_after_have_the_same_keys_and_differ_exactly_where_something_is_written(rights):
    for state in situations():
        change = plan(state, rights).change
        assert change.before.keys() == change.after.keys()
        assert (change.before != change.after) == bool(change.steps) == change.changed, state
        assert all(change.describe())


@pytest.mark.parametrize("rights", subsets(ALL_RIGHTS), ids=lambda rights: "+".join(rights) or "none")
def test_what_is_held_is_neither_granted_nor_revoked_and_nothing_else_is_held(rights):
    for state in situations():
        free, consent = plan(state, rights), plan(state, rights, ["Mail.Send"])
        steps = (*free.change.steps, *free.waiting)
        held = tuple(step for step in steps if isinstance(step, (GrantRole, RevokeRole)) and step.name == "Mail.Send")
        assert set(consent.held) == set(held)
        assert consent.change.steps == tuple(step for step in free.change.steps if step not in held)
        assert consent.waiting == tuple(step for step in free.waiting if step not in held)
        assert consent.state == (_waits_for(consent) or ("held" if held else "granted"))


def test_the_next_reading_shows_that_what_was_held_is_still_open():
    for state in situations():
        change = plan(state, ALL_RIGHTS, ["Mail.Send", "Calendars.Read"]).change
        again = plan(done(state, change.steps), ALL_RIGHTS, ["Mail.Send", "Calendars.Read"])
        assert shown(again.change.before) == shown(change.after), state
        assert not again.change.changed


def test_a_scope_of_the_same_name_is_not_held():
    consent = plan(actual([SEND_AS_USER]), ALL_RIGHTS, ["Mail.Send"])

    assert (consent.state, consent.held) == ("granted", ())
    assert consent.change.describe() == ["grant Mail.Send (delegated)"]


def test_missing_roles_are_granted_at_the_api_that_has_them():
    assert plan(actual([SEND, MANAGE], [HELD_SEND]), ALL_RIGHTS).change.steps == (
        GrantRole(MANAGE, "exchange-principal", "Manage"),
    )


def test_roles_that_nobody_declared_are_revoked_also_of_other_apis_and_unknown_ones():
    consent = plan(actual([SEND], [HELD_SEND, HELD_CALENDARS, HELD_RETIRED, HELD_ELSEWHERE]), ALL_RIGHTS)

    assert consent.change.steps == (
        RevokeRole(HELD_CALENDARS, "Calendars.Read"),
        RevokeRole(HELD_RETIRED, HELD_RETIRED.app_role_id),
        RevokeRole(HELD_ELSEWHERE, "r1"),
    )
    assert consent.change.describe()[0] == "revoke Calendars.Read (application)"


def test_a_role_of_the_same_id_at_another_api_is_not_the_declared_one():
    assert plan(actual([SEND], [HELD_ELSEWHERE]), ALL_RIGHTS).change.steps == (
        RevokeRole(HELD_ELSEWHERE, "r1"),
        GrantRole(SEND, "graph-principal", "Mail.Send"),
    )


@pytest.mark.parametrize(
    ("declared", "delegated", "steps"),
    [
        ([], (), []),
        ([USER], (), [SetScopes("graph-principal", frozenset({"User.Read"}))]),
        ([USER], (for_all("User.Read"),), []),
        (
            [USER, SEND_AS_USER],
            (for_all("User.Read"),),
            [SetScopes("graph-principal", frozenset({"User.Read", "Mail.Send"}), frozenset({"User.Read"}), "for-all")],
        ),
        ([], (for_all("User.Read"),), [SetScopes("graph-principal", frozenset(), frozenset({"User.Read"}), "for-all")]),
        (
            [],
            (ELSEWHERE,),
            [SetScopes("another-principal", frozenset(), frozenset({"User.Read"}), "for-all-elsewhere")],
        ),
        (
            [],
            (for_one("ann", "openid"),),
            [SetScopes("graph-principal", frozenset(), frozenset({"openid"}), "for-ann")],
        ),
        (
            [USER],
            (for_all("User.Read"), for_one("ann", "User.Read", "openid")),
            [SetScopes("graph-principal", frozenset({"User.Read"}), frozenset({"User.Read", "openid"}), "for-ann")],
        ),
        (
            [USER],
            (for_one("ann", "User.Read"),),
            [SetScopes("graph-principal", frozenset({"User.Read"}))],
        ),
        ([USER, SEND_AS_USER], (for_all("User.Read", "Mail.Send"), for_one("ann", "User.Read")), []),
    ],
    ids=[
        "nothing",
        "new for all users",
        "there already",
        "widened for all users",
        "taken away",
        "taken away at another API",
        "a user's own consent taken away",
        "a user's own consent cut down",
        "a user's own consent is none for all users",
        "a user's own consent is never widened",
    ],
)
def test_delegated_grants_become_the_declared_scopes_for_all_users(declared, delegated, steps):
    assert list(plan(actual(declared, delegated=delegated), ALL_RIGHTS).change.steps) == steps


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (SetScopes("p", frozenset({"b", "a"})), "grant a, b (delegated)"),
        (SetScopes("p", frozenset(), frozenset({"a"}), "1"), "revoke a (delegated)"),
        (SetScopes("p", frozenset({"b"}), frozenset({"a"}), "1"), "grant b (delegated); revoke a (delegated)"),
        (GrantRole(SEND, "p", "Mail.Send"), "grant Mail.Send (application)"),
        (RevokeRole(HELD_SEND, "Mail.Send"), "revoke Mail.Send (application)"),
    ],
)
def test_steps_are_told_in_words(step, words):
    assert step.describe() == words


def test_unreadable_delegated_grants_are_left_alone():
    consent = plan(actual([SEND], [HELD_SEND], delegated=None), (GRANT_ROLES,))

    assert (consent.change.steps, consent.waiting) == ((), ())


def test_a_declared_scope_with_unreadable_grants_is_not_taken_for_granted():
    consent = plan(actual([USER], delegated=None), (GRANT_ROLES,))

    assert [step.describe() for step in consent.waiting] == ["grant User.Read (delegated)"]
    assert [row["granted"] for row in consent.change.after["permissions"]] == [False]


def test_a_declared_permission_of_an_api_that_is_not_in_the_tenant_is_shown_as_not_granted():
    gone = Permission("gone", "Role", "some-id")

    consent = plan(actual([gone, SEND], [HELD_SEND]), ALL_RIGHTS)

    assert consent.change.steps == ()
    assert {row["name"]: row["granted"] for row in consent.change.before["permissions"]} == {
        "some-id": False,
        "Mail.Send": True,
    }


def test_each_declared_permission_is_shown_with_its_consent_and_the_undeclared_ones_as_well():
    state = actual([SEND, USER], [HELD_CALENDARS], (for_all("User.Read", "openid"),))

    change = plan(state, (GRANT_SCOPES,)).change

    calendars = ("Calendars.Read", "application", False, True)
    assert shown(change.before) == [
        calendars,
        ("Mail.Send", "application", True, False),
        ("User.Read", "delegated", True, True),
        ("openid", "delegated", False, True),
    ]
    assert shown(change.after) == [
        calendars,
        ("Mail.Send", "application", True, False),
        ("User.Read", "delegated", True, True),
    ]


# --- read

APPLICATION = "/applications(uniqueName='ours')"
PRINCIPAL = "/servicePrincipals(appId='client')"
GRAPH_PRINCIPAL = "/servicePrincipals(appId='graph')"
ASSIGNMENTS = "/servicePrincipals/principal/appRoleAssignments"
GRANTS = "/oauth2PermissionGrants"
ASSIGNED_TO = "/servicePrincipals/graph-principal/appRoleAssignedTo"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})
DENIED = (403, {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}})
DUPLICATE = (
    400,
    {
        "error": {
            "code": "Request_BadRequest",
            "message": "Permission being assigned already exists on the object",
        }
    },
)
GRAPH_BODY = {
    "id": "graph-principal",
    "appId": "graph",
    "displayName": "Microsoft Graph",
    "appRoles": [{"id": "r1", "value": "Mail.Send"}, {"id": "r2", "value": "Calendars.Read"}],
    "oauth2PermissionScopes": [{"id": "s1", "value": "User.Read"}],
}
WANTED = (ResourcePermissions("graph", ("Mail.Send",)),)


def rows(*held: Assignment) -> tuple[int, t.Any]:
    value = [{"id": row.id, "resourceId": row.resource_id, "appRoleId": row.app_role_id} for row in held]
    return (200, {"value": value})


def scopes(*held: DelegatedGrant) -> tuple[int, t.Any]:
    value = [
        {"id": row.id, "resourceId": row.resource_id, "principalId": row.principal_id, "scope": " ".join(row.scopes)}
        for row in held
    ]
    return (200, {"value": value})


@pytest.fixture
def tenant(http):
    """A registration with one role, one delegated grant, and a service principal."""
    declared = [{"resourceAppId": "graph", "resourceAccess": [{"id": "r2", "type": "Role"}]}]
    body = {"id": "object", "appId": "client", "requiredResourceAccess": declared}
    http.on("GET", APPLICATION, (200, body | {"createdDateTime": "2026-01-01T00:00:00Z"}))
    http.on("GET", PRINCIPAL, (200, {"id": "principal", "appId": "client"}))
    http.on("GET", GRAPH_PRINCIPAL, (200, GRAPH_BODY))
    http.on("GET", ASSIGNMENTS, rows(HELD_SEND))
    http.on("GET", GRANTS, scopes(for_one("ann", "User.Read")))
    return http


def test_reading_takes_the_wanted_declaration_and_what_is_granted(graph, tenant):
    state = read(graph, "ours", WANTED)

    assert state.declared == {SEND}
    assert state.assignments == (HELD_SEND,)
    assert state.delegated == (for_one("ann", "User.Read"),)
    assert (state.principal_id, state.app_id, state.young) == ("principal", "client", False)
    assert tenant.writes() == []


@pytest.mark.usefixtures("tenant")
def test_reading_takes_the_applications_own_declaration_where_none_is_given(graph):
    assert read(graph, "ours", None).declared == {CALENDARS}


@pytest.mark.usefixtures("tenant")
def test_an_unknown_name_fails_while_reading(graph):
    with pytest.raises(InputError, match=r"Email\.Send"):
        read(graph, "ours", (ResourcePermissions("graph", ("Email.Send",)),))


def test_delegated_grants_that_may_not_be_read_are_unknown(graph, tenant):
    tenant.on("GET", GRANTS, DENIED)

    state = read(graph, "ours", WANTED)

    assert state.delegated is None
    assert state.assignments == (HELD_SEND,)


def test_roles_that_may_not_be_read_are_a_fault(graph, tenant):
    tenant.on("GET", ASSIGNMENTS, DENIED)

    with pytest.raises(ForbiddenError):
        read(graph, "ours", WANTED)


def test_the_names_of_other_apis_that_something_was_granted_for_are_read(graph, tenant):
    tenant.on("GET", ASSIGNMENTS, rows(HELD_MANAGE))
    body = {"id": "exchange-principal", "appId": "exchange", "appRoles": [{"id": "r9", "value": "Manage"}]}
    tenant.on("GET", "/servicePrincipals/exchange-principal", (200, body))

    consent = plan(read(graph, "ours", WANTED), ALL_RIGHTS)

    assert "revoke Manage (application)" in consent.change.describe()


def test_a_declared_api_that_is_not_in_the_tenant_is_a_fault_and_not_silently_consented(graph, tenant):
    access = [{"id": "r1", "type": "Role"}]
    body = {
        "id": "o",
        "appId": "client",
        "requiredResourceAccess": [{"resourceAppId": "gone", "resourceAccess": access}],
    }
    tenant.on("GET", APPLICATION, (200, body))
    tenant.on("GET", "/servicePrincipals(appId='gone')", ABSENT)

    with pytest.raises(InputError, match="not in this tenant: gone"):
        read(graph, "ours", None)


def test_without_a_registration_everything_is_still_to_be_granted(graph, tenant):
    tenant.on("GET", APPLICATION, ABSENT)

    state = read(graph, "ours", WANTED)

    assert (state.principal_id, state.app_id) == (None, None)
    assert plan(state, ALL_RIGHTS).change.describe() == ["grant Mail.Send (application)"]


def test_without_a_service_principal_nothing_is_granted_yet(graph, tenant):
    tenant.on("GET", PRINCIPAL, ABSENT)

    state = read(graph, "ours", WANTED)

    assert (state.principal_id, state.app_id, state.assignments) == (None, "client", ())


# --- apply


def applied(graph: t.Any, state: Actual, rights: t.Collection[str] = ALL_RIGHTS) -> Consent:
    return apply(graph, state, plan(state, rights))


def test_a_role_is_granted_at_the_api_and_waited_for(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, (201, {"id": "new"}))
    tenant.on("GET", ASSIGNMENTS, rows(), rows(HELD_SEND))
    tenant.on("GET", GRANTS, scopes())

    consent = applied(graph, actual([SEND]))

    (sent,) = (sent for sent in tenant.sent if sent.method == "POST")
    assert sent.body == {"principalId": "principal", "resourceId": "graph-principal", "appRoleId": "r1"}
    assert tenant.calls().count(("GET", ASSIGNMENTS)) == 3, "one stale reading, then two good ones"
    assert (consent.state, consent.change.describe()) == ("granted", ["grant Mail.Send (application)"])
    assert [row["granted"] for row in consent.change.after["permissions"]] == [True]


@pytest.mark.parametrize(
    "refusal",
    [
        DUPLICATE,
        (400, {"error": {"code": "Request_BadRequest", "message": "EntitlementGrant entry already exists."}}),
        (409, {"error": {"code": "Conflict", "message": "EntitlementGrant entry already exists."}}),
    ],
)
def test_a_role_that_somebody_granted_meanwhile_counts_as_granted(graph, tenant, refusal):
    tenant.on("POST", ASSIGNED_TO, refusal)
    tenant.on("GET", GRANTS, scopes())

    consent = applied(graph, actual([SEND]))

    assert consent.state == "granted"
    assert consent.change.changed


@pytest.mark.parametrize(
    "refusal",
    [
        (400, {"error": {"code": "Request_BadRequest", "message": "Permission being assigned was not found"}}),
        (409, DUPLICATE[1]),
        (500, {"error": {"code": "InternalServerError", "message": ""}}),
    ],
)
def test_any_other_refusal_of_a_grant_is_a_fault(graph, tenant, refusal):
    tenant.on("POST", ASSIGNED_TO, refusal)

    with pytest.raises(GraphError):
        applied(graph, actual([SEND]))


def test_a_refusal_for_lack_of_rights_makes_the_step_wait_and_the_others_go_on(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, DENIED)
    tenant.on("POST", GRANTS, (201, {"id": "new"}))
    tenant.on("GET", ASSIGNMENTS, rows())
    tenant.on("GET", GRANTS, scopes(for_all("User.Read")))

    consent = applied(graph, actual([SEND, USER]))

    assert consent.state == "waiting_for_consent"
    assert [step.describe() for step in consent.waiting] == ["grant Mail.Send (application)"]
    assert consent.change.describe() == ["grant User.Read (delegated)"]
    assert {row["name"]: row["granted"] for row in consent.change.after["permissions"]} == {
        "Mail.Send": False,
        "User.Read": True,
    }


def test_when_everything_is_refused_nothing_has_changed_and_nothing_is_waited_for(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, DENIED)

    consent = applied(graph, actual([SEND]))

    assert not consent.change.changed
    assert consent.change.before == consent.change.after
    assert tenant.calls("GET") == []


def test_what_waited_before_still_waits_after(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, DENIED)

    consent = applied(graph, actual([SEND, USER]), [GRANT_ROLES])

    assert [step.describe() for step in consent.waiting] == [
        "grant Mail.Send (application)",
        "grant User.Read (delegated)",
    ]


def test_what_is_held_is_not_written_and_not_waited_for(graph, tenant):
    tenant.on("DELETE", f"{ASSIGNMENTS}/held-calendars", (204,))
    tenant.on("GET", ASSIGNMENTS, rows())
    tenant.on("GET", GRANTS, scopes())
    state = actual([SEND], [HELD_CALENDARS])

    consent = apply(graph, state, plan(state, ALL_RIGHTS, ["Mail.Send"]))

    assert tenant.writes() == [("DELETE", f"{ASSIGNMENTS}/held-calendars")]
    assert consent.state == "held"
    assert [step.describe() for step in consent.held] == ["grant Mail.Send (application)"]
    assert [row["granted"] for row in consent.change.after["permissions"]] == [False]


def test_a_role_is_revoked_by_the_id_of_its_assignment(graph, tenant):
    tenant.on("DELETE", f"{ASSIGNMENTS}/held-send", (204,))
    tenant.on("GET", ASSIGNMENTS, rows())
    tenant.on("GET", GRANTS, scopes())

    consent = applied(graph, actual([], [HELD_SEND]))

    assert tenant.writes() == [("DELETE", f"{ASSIGNMENTS}/held-send")]
    assert consent.change.after == {"permissions": []}


FOR_ALL = {"clientId": "principal", "consentType": "AllPrincipals", "resourceId": "graph-principal"}


@pytest.mark.parametrize(
    ("declared", "before", "after", "call"),
    [
        (
            [USER, SEND_AS_USER],
            (),
            (for_all("User.Read", "Mail.Send"),),
            ("POST", GRANTS, FOR_ALL | {"scope": "Mail.Send User.Read"}),
        ),
        (
            [USER],
            (for_all("User.Read", "openid"),),
            (for_all("User.Read"),),
            ("PATCH", f"{GRANTS}/for-all", {"scope": "User.Read"}),
        ),
        ([], (for_one("ann", "openid"),), (), ("DELETE", f"{GRANTS}/for-ann", None)),
    ],
    ids=["new", "replaced", "deleted"],
)
def test_delegated_grants_are_made_replaced_or_deleted(graph, tenant, declared, before, after, call):
    method, path, _body = call
    tenant.on(method, path, (201, {"id": "new"}) if method == "POST" else (204,))
    tenant.on("GET", ASSIGNMENTS, rows())
    tenant.on("GET", GRANTS, scopes(*after))

    applied(graph, actual(declared, delegated=before))

    (sent,) = (sent for sent in tenant.sent if sent.method != "GET")
    assert (sent.method, sent.path, sent.body) == call


def test_a_grant_to_a_young_principal_is_repeated_while_it_looks_like_lag(graph, tenant, clock):
    lag = (400, {"error": {"code": "Request_BadRequest", "message": "Not a valid reference update."}})
    tenant.on("POST", ASSIGNED_TO, lag, lag, (201, {"id": "new"}))
    tenant.on("GET", GRANTS, scopes())

    consent = applied(graph, replace(actual([SEND]), young=True))

    assert consent.state == "granted"
    assert len(tenant.calls("POST")) == 3
    assert len(clock.slept) == 2


def test_a_grant_that_never_shows_is_a_fault(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, (201, {"id": "new"}))
    tenant.on("GET", ASSIGNMENTS, rows())
    tenant.on("GET", GRANTS, scopes())

    with pytest.raises(ReplicationError):
        applied(graph, actual([SEND]))


# --- while somebody else can sign in


@pytest.mark.parametrize("rights", [ALL_RIGHTS, ()], ids=["ours to grant", "somebody else's to grant"])
def test_nobody_is_to_grant_what_is_withheld_and_what_goes_goes(rights):
    state = actual(
        [SEND, USER], [HELD_CALENDARS], [DelegatedGrant("g", "graph-principal", None, frozenset({"Mail.Send"}))]
    )

    consent = plan(state, rights, withhold=True)

    assert consent.state == "withheld"
    assert {step.describe() for step in consent.withheld} == {
        "grant Mail.Send (application)",
        "grant User.Read (delegated); revoke Mail.Send (delegated)",
    }
    others = (*consent.change.steps, *consent.waiting)
    assert {step.describe() for step in others} == {
        "revoke Calendars.Read (application)",
        "revoke Mail.Send (delegated)",
    }


def test_without_anything_to_grant_nothing_is_withheld():
    assert plan(actual([SEND], [HELD_SEND]), ALL_RIGHTS, withhold=True).state == "granted"


def test_what_was_granted_while_somebody_came_in_is_taken_back(graph, tenant):
    tenant.on("POST", ASSIGNED_TO, (201, {"id": "held-send"}))
    tenant.on("GET", ASSIGNMENTS, rows(), rows(HELD_SEND))
    tenant.on("GET", GRANTS, scopes())
    state = actual([SEND])
    consent = apply(graph, state, plan(state, ALL_RIGHTS))
    tenant.on("DELETE", f"{ASSIGNMENTS}/held-send", (204,))
    tenant.on("GET", ASSIGNMENTS, rows(HELD_SEND), rows())

    after = take_back(graph, state, consent)

    assert tenant.writes()[-1] == ("DELETE", f"{ASSIGNMENTS}/held-send")
    assert after.state == "withheld"
    assert after.change.describe() == ["grant Mail.Send (application)", "revoke Mail.Send (application)"]
    assert [row["granted"] for row in after.change.after["permissions"]] == [False]
