# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, ReplicationError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.apply import (
    apply,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.model import (
    Actual,
    Declare,
    Desired,
    ResourcePermissions,
    declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    Catalog,
    Permission,
    Resource,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.plan import (
    plan,
    resolve,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.read import (
    read,
)

GRAPH, EXCHANGE, GONE = "graph", "exchange", "gone"
CATALOG = Catalog(
    {
        GRAPH: Resource(
            GRAPH,
            "graph-principal",
            "Microsoft Graph",
            {"Role": {"Mail.Send": "1", "Calendars.Read": "2"}, "Scope": {"User.Read": "3", "Mail.Send": "4"}},
        ),
        EXCHANGE: Resource(EXCHANGE, "exchange-principal", "Exchange", {"Role": {"Manage": "5"}, "Scope": {}}),
    }
)
SEND = Permission(GRAPH, "Role", "1")
READ = Permission(GRAPH, "Role", "2")
USER = Permission(GRAPH, "Scope", "3")
MANAGE = Permission(EXCHANGE, "Role", "5")
RETIRED = Permission(GRAPH, "Role", "an id that Graph no longer knows")
LEFTOVER = Permission(GONE, "Role", "an id of an api that left the tenant")
NAMED = (SEND, READ, USER, MANAGE)


def wanted(*permissions: Permission) -> tuple[ResourcePermissions, ...]:
    """The permissions by their names, as an inventory gives them."""

    def names(app_id: str, kind: str) -> tuple[str, ...]:
        own = [entry for entry in permissions if (entry.resource_app_id, entry.kind) == (app_id, kind)]
        return tuple(CATALOG.resources[app_id].name(entry) for entry in own)

    return tuple(ResourcePermissions(api, names(api, "Role"), names(api, "Scope")) for api in (GRAPH, EXCHANGE))


def actual(*declared: Permission) -> Actual:
    return Actual(CATALOG, frozenset(declared), id="object-1", created="2026-01-01T00:00:00Z")


def subsets(values: t.Collection[Permission]) -> list[tuple[Permission, ...]]:
    return [found for size in range(len(values) + 1) for found in itertools.combinations(values, size)]


def situations() -> t.Iterator[tuple[Actual, Desired, frozenset[Permission]]]:
    """Every declaration against every wish, exact or additive, and what shall be declared in the end."""
    for declared, names, exact in itertools.product(
        subsets((*NAMED, RETIRED, LEFTOVER)), subsets(NAMED), (True, False)
    ):
        target = frozenset(names) if exact else frozenset(names) | frozenset(declared)
        yield actual(*declared), Desired(wanted(*names), exact), target


def done(before: Actual, change: Change[Declare]) -> Actual:
    for step in change.steps:
        before = replace(before, declared=step.permissions)
    return before


def test_the_plan_declares_exactly_the_target_and_only_where_it_is_not_declared_yet():
    for state, desired, target in situations():
        change = plan(state, desired)
        assert [step.permissions for step in change.steps] == ([] if target == state.declared else [target])


def test_planning_again_after_the_step_gives_none():
    for state, desired, _target in situations():
        again = plan(done(state, plan(state, desired)), desired)
        assert not again.changed
        assert again.before == again.after


def test_before_and_after_have_the_same_keys_and_differ_exactly_where_something_is_written():
    for state, desired, _target in situations():
        change = plan(state, desired)
        assert change.before.keys() == change.after.keys()
        assert (change.before != change.after) == bool(change.steps) == change.changed
        assert plan(done(state, change), desired).before == change.after


def test_what_is_added_and_removed_is_told_by_name():
    change = plan(actual(USER, READ), Desired(wanted(READ, SEND, MANAGE)))

    (step,) = change.steps
    assert step.added == ("Manage (application)", "Mail.Send (application)")
    assert step.removed == ("User.Read (delegated)",)
    assert change.describe() == [
        "declare Manage (application), Mail.Send (application); no longer declare User.Read (delegated)"
    ]


def test_exact_also_takes_away_other_apis_and_unknown_ids():
    change = plan(actual(SEND, RETIRED, LEFTOVER), Desired(wanted(SEND)))

    (step,) = change.steps
    assert step.permissions == {SEND}
    assert set(step.removed) == {f"{RETIRED.id} (application)", f"{LEFTOVER.id} (application)"}
    assert step.describe().startswith("no longer declare ")


def test_additive_leaves_what_others_declared():
    change = plan(actual(RETIRED, LEFTOVER, USER), Desired(wanted(SEND), exact=False))

    (step,) = change.steps
    assert step.permissions == {SEND, RETIRED, LEFTOVER, USER}
    assert (step.added, step.removed) == (("Mail.Send (application)",), ())
    assert step.describe() == "declare Mail.Send (application)"


def test_exact_with_nothing_wanted_empties_the_declaration():
    assert plan(actual(SEND), Desired(())).steps[0].permissions == frozenset()


def test_a_registration_yet_to_be_made_is_planned_like_an_empty_one():
    change = plan(Actual(CATALOG), Desired(wanted(SEND)))

    assert [step.permissions for step in change.steps] == [{SEND}]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (ResourcePermissions(GRAPH, application=("Email.Send",)), "UnknownPermission"),
        (ResourcePermissions(GRAPH, application=("User.Read",)), "UnknownPermission"),
        (ResourcePermissions(GRAPH, delegated=("Calendars.Read",)), "UnknownPermission"),
        (ResourcePermissions(GONE), "UnknownResource"),
        (ResourcePermissions(GONE, application=("Mail.Send",)), "UnknownResource"),
    ],
)
def test_an_unknown_name_or_api_is_an_error_before_anything_is_written(entry, code, exact):
    with pytest.raises(InputError) as caught:
        plan(actual(SEND), Desired((*wanted(READ), entry), exact))

    assert caught.value.code == code


def test_the_same_name_is_another_permission_in_another_kind():
    found = resolve(CATALOG, [ResourcePermissions(GRAPH, ("Mail.Send",), ("Mail.Send",))])

    assert found == {SEND, Permission(GRAPH, "Scope", "4")}


def test_entries_for_one_api_add_up():
    entries = [ResourcePermissions(GRAPH, ("Mail.Send",)), ResourcePermissions(GRAPH, ("Calendars.Read",))]

    assert resolve(CATALOG, entries) == {SEND, READ}


def test_the_option_becomes_a_declaration():
    option = [{"resource_app_id": "ABC-1", "application": ["Mail.Send"], "delegated": []}]

    assert declaration(option) == (ResourcePermissions("abc-1", ("Mail.Send",), ()),)
    assert declaration([]) == ()


def many(resources: int, each: int) -> Actual:
    catalog = {
        f"api-{api}": Resource(
            f"api-{api}", f"p-{api}", "", {"Role": {f"R{n}": f"{n}" for n in range(each)}, "Scope": {}}
        )
        for api in range(resources)
    }
    return Actual(Catalog(catalog), id="object-1")


@pytest.mark.parametrize(
    ("resources", "each", "fits"), [(50, 8, True), (1, 400, True), (51, 1, False), (1, 401, False), (50, 9, False)]
)
@pytest.mark.parametrize("exact", [True, False])
def test_what_graph_would_not_take_is_refused(resources, each, fits, exact):
    state = many(resources, each)
    desired = Desired(
        tuple(ResourcePermissions(api, tuple(entry.names["Role"])) for api, entry in state.catalog.resources.items()),
        exact,
    )

    if fits:
        assert len(plan(state, desired).steps[0].permissions) == resources * each
    else:
        with pytest.raises(InputError, match=f"{resources * each} of {resources}"):
            plan(state, desired)


def test_what_others_declared_counts_for_the_limit_of_an_additive_plan():
    state = many(1, 401)
    declared = frozenset(Permission("api-0", "Role", str(number)) for number in range(400))
    desired = Desired((ResourcePermissions("api-0", ("R400",)),), exact=False)

    with pytest.raises(InputError, match="400 permissions"):
        plan(replace(state, declared=declared), desired)


APPLICATION = "/applications(uniqueName='ours')"
ABSENT = (404, {"error": {"code": "Request_ResourceNotFound", "message": ""}})


def declaring(*permissions: Permission) -> dict[str, t.Any]:
    return {
        "id": "object-1",
        "appId": "client-1",
        "createdDateTime": "2026-01-01T00:00:00Z",
        "requiredResourceAccess": [
            {"resourceAppId": entry.resource_app_id, "resourceAccess": [{"id": entry.id, "type": entry.kind}]}
            for entry in permissions
        ],
    }


def script_catalog(http: t.Any) -> None:
    http.on("GET", "/servicePrincipals(appId='graph')", (200, {"id": "graph-principal", "appId": GRAPH}))
    http.on("GET", "/servicePrincipals(appId='gone')", ABSENT)


def test_reading_asks_for_the_apis_that_are_wanted_or_declared(graph, http):
    http.on("GET", APPLICATION, (200, declaring(LEFTOVER)))
    script_catalog(http)

    state = read(graph, "ours", Desired(wanted(SEND)[:1]))

    assert (state.id, state.created, state.declared) == ("object-1", "2026-01-01T00:00:00Z", {LEFTOVER})
    assert set(state.catalog.resources) == {GRAPH}
    assert http.writes() == []


def test_reading_finds_no_registration(graph, http):
    http.on("GET", APPLICATION, ABSENT)
    script_catalog(http)

    state = read(graph, "ours", Desired(wanted(SEND)[:1]))

    assert (state.id, state.declared) == (None, frozenset())


def test_the_declaration_is_written_whole_and_waited_for(graph, http):
    http.on("PATCH", "/applications/object-1", (204,))
    http.on("GET", "/applications/object-1", (200, declaring(USER)), (200, declaring(READ, SEND)))
    state = actual(USER)

    apply(graph, state, plan(state, Desired(wanted(READ, SEND))))

    (sent,) = (sent for sent in http.sent if sent.method == "PATCH")
    assert sent.body == {
        "requiredResourceAccess": [
            {"resourceAppId": GRAPH, "resourceAccess": [{"id": "1", "type": "Role"}, {"id": "2", "type": "Role"}]}
        ]
    }
    assert len(http.calls("GET")) == 3, "one stale reading, then two good ones"


def test_nothing_planned_writes_nothing(graph, http):
    state = actual(SEND)

    apply(graph, state, plan(state, Desired(wanted(SEND))))

    assert http.sent == []


def test_a_declaration_that_never_shows_is_a_fault(graph, http):
    http.on("PATCH", "/applications/object-1", (204,))
    http.on("GET", "/applications/object-1", (200, declaring(USER)))
    state = actual(USER)

    with pytest.raises(ReplicationError):
        apply(graph, state, plan(state, Desired(wanted(SEND))))

    assert http.writes() == [("PATCH", "/applications/object-1")]


def test_a_disabled_api_is_an_error_before_anything_is_written():
    off = replace(CATALOG.resources[GRAPH], enabled=False)
    state = replace(actual(), catalog=Catalog({**CATALOG.resources, GRAPH: off}))

    with pytest.raises(InputError, match="is disabled in this tenant") as caught:
        plan(state, Desired(wanted(SEND)))

    assert caught.value.code == "ResourceDisabled"
    assert plan(state, Desired((ResourcePermissions(EXCHANGE, ("Manage",)),))).steps
