# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import itertools
import typing as t
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.absent import (
    kept,
    plan_absent,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    Actual,
    AddMember,
    Assign,
    Assignment,
    CreateGroup,
    CreatePointer,
    CreatePolicy,
    Desired,
    EnableCustomization,
    Group,
    Policy,
    Recipient,
    RemoveGroup,
    RemoveMember,
    RemovePointer,
    RemovePolicy,
    RemoveScope,
    Scope,
    Step,
    TakeOverPolicy,
    Unassign,
    WriteScope,
    group_notes,
    policy_description,
    role_name,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.plan import plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.rbac import (
    same_filter,
    scope_filter,
)

NAME = "totalview-exchange365-mail"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
DELAY = timedelta(hours=2)

ANN, BOB, CARL = (
    Recipient(f"guid-{name}", f"{name}@contoso.example", "UserMailbox") for name in ("ann", "bob", "carl")
)
TEAM = Recipient("guid-team", "team@contoso.example", "MailUniversalSecurityGroup")
MAILBOXES = frozenset({ANN, BOB, CARL})

GROUP = Group(
    guid="guid-senders",
    name="senders",
    sid="S-1-5-21-1",
    distinguished_name="CN=senders,OU=contoso",
    directory_id="senders",
    notes=group_notes(NAME),
    kind="MailUniversalSecurityGroup",
    changed=LONG_AGO,
    members=(ANN, BOB),
)
FOREIGN_GROUP = replace(GROUP, notes="made by hand")
OURS = Policy("ours", GROUP.sid, "RestrictAccess", policy_description(LONG_AGO))
ELSEWHERE = replace(OURS, identity="elsewhere", group_sid="S-1-5-21-9")
FOREIGN = replace(OURS, identity="foreign", description="Restrict this app to Sales")

FITS, UNFIT = Scope(NAME, scope_filter(GROUP)), Scope(NAME, "MemberOfGroup -eq 'CN=others'")
SEND, CALENDARS = (
    Assignment(f"id-{permission}", f"{NAME} {permission}", role_name(permission), NAME, LONG_AGO)
    for permission in ("Mail.Send", "Calendars.Read")
)
UNSCOPED = replace(SEND, scope=None)
UNWANTED = replace(SEND, id="id-old", name=f"{NAME} Mail.Read", role=role_name("Mail.Read"))
SEND_BETA = Assignment("id-beta", "", role_name("Mail.Send"), "/Groups/senders", None)
UNWANTED_BETA = replace(SEND_BETA, id="id-beta-old", role=role_name("Mail.Read"))

DESIRED = Desired(
    NAME,
    "access_policy",
    permissions=("Calendars.Read", "Mail.Send"),
    group="senders",
    members=(ANN.address, "BOB@contoso.example"),
    sender=ANN.address,
    delay=DELAY,
)
RBAC, NONE = replace(DESIRED, mode="rbac"), replace(DESIRED, mode="none", group="", members=None, sender=None)

KNOWN: dict[str, Recipient | None] = {found.address: found for found in (ANN, BOB, CARL, TEAM)}


def actual(**fields: t.Any) -> Actual:
    base = Actual(NOW, app_id="client", principal_id="principal", display_name="Totalview e-mail", resolved=KNOWN)
    return replace(base, **fields)


RESTRICTED = actual(group=GROUP, policies=(OURS,))
WITH_ROLES = actual(group=GROUP, pointer=True, scope=FITS, assignments=(CALENDARS, SEND))


# --- Exchange as strict as it is, and what an application reaches


def done(state: Actual, desired: Desired, steps: t.Iterable[Step]) -> Actual:
    for step in steps:
        state = _one_done(state, desired, step)
    return state


def _one_done(state: Actual, desired: Desired, step: Step) -> Actual:
    match step:
        case CreateGroup() | AddMember() | RemoveMember() | RemoveGroup():
            return _group_done(state, step)
        case CreatePolicy() | TakeOverPolicy() | RemovePolicy():
            return _policy_done(state, desired, step)
        case _:
            return _role_done(state, desired, step)


def _group_done(state: Actual, step: CreateGroup | AddMember | RemoveMember | RemoveGroup) -> Actual:
    group = state.group
    match step:
        case CreateGroup():
            assert group is None
            return replace(state, group=replace(GROUP, name=step.name, members=step.members, notes=step.notes))
        case RemoveGroup():
            assert group == step.group
            return replace(state, group=None)
        case AddMember():
            assert group is not None
            assert step.member not in group.members
            members = {*group.members, step.member}
        case RemoveMember():
            assert group is not None
            assert step.member in group.members
            members = {*group.members} - {step.member}
    return replace(state, group=replace(group, members=tuple(sorted(members, key=lambda member: member.address))))


def _policy_done(state: Actual, desired: Desired, step: CreatePolicy | TakeOverPolicy | RemovePolicy) -> Actual:
    ours = policy_description(state.now)
    match step:
        case CreatePolicy():
            assert state.group is not None, "a policy needs its group"
            new = Policy(f"(new, {step.group})", state.group.sid, "RestrictAccess", ours)
            return replace(state, policies=(*state.policies, new))
        case TakeOverPolicy():
            assert step.policy in state.policies
            taken = (
                replace(policy, description=ours) if policy == step.policy else policy for policy in state.policies
            )
            return replace(state, policies=tuple(taken))
        case RemovePolicy():
            assert step.policy in state.policies
            assert desired.mode == "none" or is_replaced(state, desired, step.policy)
            return replace(state, policies=tuple(policy for policy in state.policies if policy != step.policy))


def is_replaced(state: Actual, desired: Desired, policy: Policy) -> bool:
    if desired.mode == "rbac":
        return {role_name(name) for name in desired.permissions} <= {entry.role for entry in state.assignments}
    others = (other for other in state.policies if other != policy and other.right == "RestrictAccess")
    return state.group is not None and state.group.sid in {other.group_sid for other in others}


def _role_done(state: Actual, desired: Desired, step: Step) -> Actual:  # noqa: PLR0911 - one for each kind of step
    match step:
        case EnableCustomization():
            assert state.dehydrated
            return replace(state, dehydrated=False)
        case CreatePointer():
            assert not state.pointer
            return replace(state, pointer=True)
        case RemovePointer():
            assert state.pointer
            assert state.assignments == ()
            return replace(state, pointer=False)
        case WriteScope():
            assert not state.dehydrated
            assert (state.scope is not None) == step.exists
            assert state.group is not None
            return replace(state, scope=Scope(step.name, scope_filter(state.group)))
        case RemoveScope():
            assert state.scope is not None
            assert step.name not in {entry.scope for entry in state.assignments}
            return replace(state, scope=None)
        case Unassign():
            assert step.assignment in state.assignments
            return replace(state, assignments=tuple(e for e in state.assignments if e != step.assignment))
        case Assign():
            return replace(state, assignments=(*state.assignments, assigned(state, desired, step)))
        case _:
            raise AssertionError(step)


def assigned(state: Actual, desired: Desired, step: Assign) -> Assignment:
    """A role is never given without a scope, nor with one that means another group."""
    assert not state.dehydrated
    assert state.pointer
    assert state.group is not None
    assert step.name not in {entry.name for entry in state.assignments if entry.name}
    role = role_name(step.permission)
    if desired.beta:
        return Assignment(f"new-{step.permission}", "", role, f"/Groups/{state.group.directory_id}", None)
    assert state.scope == Scope(desired.scope_name, scope_filter(state.group))
    return Assignment(f"new-{step.permission}", step.name, role, desired.scope_name, state.now)


def reach(state: Actual, *, granted: bool) -> frozenset[Recipient]:
    """What Exchange lets through once it enforces: roles add to grants, and policies limit grants only."""
    inside = frozenset(state.group.members if state.group else ()) & MAILBOXES
    found: frozenset[Recipient] = frozenset()
    for entry in state.assignments:
        scoped = entry.scope == "/Groups/senders" or (entry.scope == NAME and state.scope == FITS)
        found |= inside if scoped else MAILBOXES if entry.scope is None else frozenset({CARL})
    if granted and not state.policies:
        return MAILBOXES
    if granted and state.group and state.group.sid in {policy.group_sid for policy in state.policies}:
        found |= inside
    return found


# --- every combination


GROUPS = (
    None,
    GROUP,
    replace(GROUP, members=(ANN,)),
    replace(GROUP, members=(ANN, BOB, CARL)),
    replace(GROUP, members=(CARL,)),
    FOREIGN_GROUP,
    replace(FOREIGN_GROUP, members=(ANN, CARL)),
)
POLICIES: tuple[tuple[Policy, ...], ...] = (
    (),
    (OURS,),
    (ELSEWHERE,),
    (ELSEWHERE, OURS),
    (OURS, replace(OURS, identity="twin")),
)
ROLES: tuple[dict[str, t.Any], ...] = (
    {},
    {"dehydrated": True},
    {"pointer": True},
    {"pointer": True, "dehydrated": True},
    {"pointer": True, "scope": FITS},
    {"pointer": True, "scope": UNFIT},
    {"scope": FITS},
    {"pointer": True, "scope": FITS, "assignments": (SEND,)},
    {"pointer": True, "scope": UNFIT, "assignments": (SEND,)},
    {"pointer": True, "scope": FITS, "assignments": (CALENDARS, SEND)},
    {"pointer": True, "scope": FITS, "assignments": (UNSCOPED, UNWANTED)},
    {"pointer": True, "scope": None, "assignments": (UNSCOPED,)},
)
BETA_ROLES: tuple[dict[str, t.Any], ...] = (
    {},
    {"dehydrated": True},
    {"pointer": True},
    {"pointer": True, "assignments": (SEND_BETA,)},
    {"pointer": True, "assignments": (SEND_BETA, UNWANTED_BETA)},
)
WISHES = tuple(
    replace(wish, proven=proven, beta=beta, adopt=True)
    for wish, proven, beta in itertools.product((DESIRED, RBAC, NONE), (False, True), (False, True))
)


def situations() -> t.Iterator[tuple[Actual, Desired]]:
    """Every group, policy and role that there may be, with every wish; nothing of somebody else's that stops it."""
    for desired, group, policies in itertools.product(WISHES, GROUPS, POLICIES):
        for roles in BETA_ROLES if desired.beta else ROLES:
            to_our_group = any(policy.group_sid == GROUP.sid for policy in policies)
            by_group = any(entry.scope == "/Groups/senders" for entry in roles.get("assignments", ()))
            if group is None and (to_our_group or by_group):
                continue
            if desired.mode == "none" and by_group:
                continue
            state = actual(group=None if desired.mode == "none" else group, policies=policies, **roles)
            # Exchange's state is looked at only where it matters.
            dehydrated = state.dehydrated and desired.mode == "rbac"
            yield replace(state, dehydrated=dehydrated), desired


def test_planning_again_after_the_steps_gives_none():
    for state, desired in situations():
        found = plan(state, desired)
        again = plan(done(state, desired, found.change.steps), desired)
        assert again.change.steps == (), (state, desired)
        assert again.change.before == again.change.after
        assert again.leftover == found.leftover
        assert again.fingerprint is not None


def test_the_next_reading_shows_what_the_plan_promised():
    for state, desired in situations():
        change = plan(state, desired).change
        assert change.before.keys() == change.after.keys()
        assert plan(done(state, desired, change.steps), desired).change.before == change.after, (state, desired)


#: Steps that prepare: they change nothing of what a registration reaches.
PREPARING = (EnableCustomization, CreatePointer, RemovePointer, WriteScope, RemoveScope, TakeOverPolicy)


def test_before_and_after_differ_only_where_something_is_written():
    for state, desired in situations():
        change = plan(state, desired).change
        assert change.changed == bool(change.steps)
        telling = [step for step in change.steps if not isinstance(step, PREPARING)]
        assert (change.before != change.after) == bool(telling), (state, desired)


def test_planning_is_pure():
    for state, desired in situations():
        kept = copy.deepcopy((state, desired))
        assert plan(state, desired) == plan(state, desired)
        assert (state, desired) == kept


def test_every_step_is_told_in_words():
    for state, desired in situations():
        found = plan(state, desired)
        assert len(found.change.describe()) == len(found.change.steps)
        assert all((*found.change.describe(), *found.leftover))


@pytest.mark.parametrize("granted", [False, True], ids=["without grants", "with grants"])
def test_at_no_moment_a_registration_reaches_more_than_before_or_than_it_shall(granted):
    for state, desired in situations():
        steps = plan(state, desired).change.steps
        moments = [reach(done(state, desired, steps[:count]), granted=granted) for count in range(len(steps) + 1)]
        wanted = moments[-1] if desired.mode == "none" else {ANN, BOB} | moments[-1]
        assert all(moment <= moments[0] | wanted for moment in moments), (state, desired)


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_where_it_is_killed_the_next_run_ends_the_same(mode):
    for state, desired in situations():
        if desired.mode != mode:
            continue
        steps = plan(state, desired).change.steps
        for count in range(len(steps)):
            halfway = done(state, desired, steps[:count])
            ended = done(halfway, desired, plan(halfway, desired).change.steps)
            assert not plan(ended, desired).change.changed, (state, desired, count)
            assert reach(ended, granted=mode == "access_policy") == {ANN, BOB}


def test_a_restricting_mode_reaches_exactly_the_members_in_the_end():
    for state, desired in situations():
        if desired.mode == "none":
            continue
        ended = done(state, desired, plan(state, desired).change.steps)
        assert reach(ended, granted=desired.mode == "access_policy") == {ANN, BOB}, (state, desired)


def test_no_role_is_ever_assigned_before_its_scope_and_none_without_one():
    for state, desired in situations():
        steps = plan(state, desired).change.steps
        kinds = [type(step) for step in steps]
        if Assign in kinds and WriteScope in kinds:
            assert kinds.index(WriteScope) < kinds.index(Assign)
        if Assign in kinds and not desired.beta:
            assert WriteScope in kinds or (state.scope == FITS and state.group is not None)


def test_no_policy_is_ever_removed_before_its_replacement_exists():
    for state, desired in situations():
        kinds = [type(step) for step in plan(state, desired).change.steps]
        if RemovePolicy in kinds:
            first = kinds.index(RemovePolicy)
            assert {CreateGroup, CreatePolicy, TakeOverPolicy, WriteScope, Assign}.isdisjoint(kinds[first:])


@pytest.mark.parametrize("mode", ["access_policy", "rbac", "none"])
def test_what_the_other_mode_left_goes_only_when_this_one_is_proven(mode):
    seen = 0
    for state, desired in situations():
        if desired.mode != mode or desired.proven:
            continue
        unproven, proven = plan(state, desired), plan(state, replace(desired, proven=True))
        told = tuple(step.describe() for step in proven.change.steps[len(unproven.change.steps) :])
        assert proven.change.steps[: len(unproven.change.steps)] == unproven.change.steps
        assert (unproven.leftover, proven.leftover) == (told, ())
        seen += bool(told)
    assert seen


# --- access policies


def steps(state: Actual, desired: Desired) -> tuple[Step, ...]:
    return plan(state, desired).change.steps


def test_a_fresh_restriction_makes_group_and_policy_in_this_order():
    assert steps(actual(), DESIRED) == (
        CreateGroup("senders", (ANN, BOB), group_notes(NAME)),
        CreatePolicy("senders"),
    )


def test_before_the_registration_is_made_the_same_is_planned():
    assert steps(Actual(NOW, resolved=KNOWN), DESIRED) == steps(actual(), DESIRED)


def test_what_is_as_it_shall_be_stays():
    found = plan(RESTRICTED, DESIRED)

    assert found.change.steps == ()
    assert found.change.before == {
        "group": "senders",
        "members": [ANN.address, BOB.address],
        "access_policies": ["ours"],
        "roles": [],
    }


@pytest.mark.parametrize(
    ("drift", "repair"),
    [
        ({"group": replace(GROUP, members=(ANN,))}, (AddMember("senders", BOB),)),
        ({"group": replace(GROUP, members=(ANN, BOB, CARL))}, (RemoveMember("senders", CARL),)),
        (
            {"group": replace(GROUP, members=(ANN, CARL))},
            (RemoveMember("senders", CARL), AddMember("senders", BOB)),
        ),
        ({"policies": ()}, (CreatePolicy("senders"),)),
        ({"policies": (ELSEWHERE,)}, (CreatePolicy("senders"), RemovePolicy(ELSEWHERE))),
        ({"policies": (OURS, ELSEWHERE)}, (RemovePolicy(ELSEWHERE),)),
        (
            {"policies": (replace(OURS, right="DenyAccess"),)},
            (CreatePolicy("senders"), RemovePolicy(replace(OURS, right="DenyAccess"))),
        ),
        (
            {"pointer": True, "scope": FITS, "assignments": (UNSCOPED,)},
            (Unassign(UNSCOPED),),
        ),
        ({"pointer": True, "scope": FITS, "assignments": (UNWANTED,)}, (Unassign(UNWANTED),)),
    ],
    ids=[
        "a member missing",
        "a member too many",
        "another member",
        "the policy gone",
        "the policy of another group",
        "a policy too many",
        "a policy of ours that denies",
        "a role for every mailbox",
        "a role that nobody wants",
    ],
)
def test_drift_of_an_access_policy_is_repaired(drift, repair):
    assert steps(replace(RESTRICTED, **drift), DESIRED) == repair


def test_members_may_be_left_to_somebody_else():
    desired = replace(DESIRED, members=None)
    group = replace(FOREIGN_GROUP, members=(ANN, CARL))

    assert steps(replace(RESTRICTED, group=group), desired) == ()


def test_members_that_are_not_exact_are_only_added():
    desired = replace(DESIRED, exact=False)
    group = replace(FOREIGN_GROUP, members=(ANN, CARL))

    found = plan(replace(RESTRICTED, group=group), desired)

    assert found.change.steps == (AddMember("senders", BOB),)
    assert found.change.after["members"] == [ANN.address, BOB.address, CARL.address]


def test_members_are_named_by_any_of_their_addresses_and_once():
    resolved = {**KNOWN, "robert@contoso.example": BOB}
    desired = replace(DESIRED, members=(ANN.address, BOB.address, "Robert@contoso.example", ANN.address))

    assert steps(replace(RESTRICTED, resolved=resolved), desired) == ()


def test_nested_groups_count_for_an_access_policy():
    nested = {TEAM.guid: (ANN, CARL)}
    desired = replace(DESIRED, members=(TEAM.address,))

    assert steps(actual(nested=nested), desired) == (
        CreateGroup("senders", (TEAM,), group_notes(NAME)),
        CreatePolicy("senders"),
    )


def test_the_policy_of_somebody_else_to_our_group_is_taken_over_when_asked():
    state = replace(RESTRICTED, policies=(FOREIGN,))

    assert steps(state, replace(DESIRED, adopt=True)) == (TakeOverPolicy(FOREIGN),)
    taken = done(state, DESIRED, [TakeOverPolicy(FOREIGN)])
    assert steps(taken, DESIRED) == ()


@pytest.mark.parametrize(
    "foreign",
    [
        FOREIGN,
        replace(FOREIGN, right="DenyAccess"),
        replace(FOREIGN, group_sid="S-1-5-21-9"),
        replace(FOREIGN, description=""),
        replace(FOREIGN, description="Totalview"),
        replace(FOREIGN, description="Totalview sends from here"),
        replace(FOREIGN, description="TotalviewX 2026-11-23T12:00Z"),
    ],
)
@pytest.mark.parametrize("desired", [DESIRED, RBAC, NONE], ids=["access_policy", "rbac", "none"])
def test_a_policy_of_somebody_else_stops_the_run(foreign, desired):
    with pytest.raises(AmbiguityError, match="foreign") as caught:
        plan(replace(RESTRICTED, policies=(foreign,)), desired)

    assert caught.value.code == "ForeignPolicy"
    assert caught.value.next_step


@pytest.mark.parametrize(
    "foreign",
    [replace(FOREIGN, right="DenyAccess"), replace(FOREIGN, group_sid="S-1-5-21-9")],
    ids=["deny", "elsewhere"],
)
def test_a_policy_of_somebody_else_to_anything_else_is_not_taken_over(foreign):
    with pytest.raises(AmbiguityError):
        plan(replace(RESTRICTED, policies=(foreign,)), replace(DESIRED, adopt=True))


# --- groups and names


def test_the_group_of_somebody_else_with_the_same_members_is_used_and_stays_theirs():
    assert steps(replace(RESTRICTED, group=FOREIGN_GROUP), DESIRED) == ()


def test_the_group_of_somebody_else_loses_nobody_unless_asked():
    state = replace(RESTRICTED, group=replace(FOREIGN_GROUP, members=(ANN, CARL)))

    with pytest.raises(AmbiguityError, match=r"carl@contoso\.example") as caught:
        plan(state, DESIRED)

    assert caught.value.code == "ForeignGroup"
    assert steps(state, replace(DESIRED, adopt=True)) == (
        RemoveMember("senders", CARL),
        AddMember("senders", BOB),
    )


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize(
    "taken",
    [
        {"name_taken": "UserMailbox"},
        {"group": replace(GROUP, kind="GroupMailbox", members=())},
        {"group": replace(GROUP, kind="MailUniversalDistributionGroup")},
    ],
    ids=["mailbox", "Microsoft 365 group", "distribution group"],
)
def test_a_name_that_something_else_has_stops_the_run(desired, taken):
    with pytest.raises(InputError, match="belongs to something else") as caught:
        plan(actual(**taken), replace(desired, adopt=True))

    assert caught.value.code == "GroupNameTaken"


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize(("length", "fits"), [(0, False), (1, True), (64, True), (65, False)])
def test_the_groups_name_has_a_length_that_exchange_takes(desired, length, fits):
    desired = replace(desired, group="g" * length)

    if fits:
        assert steps(actual(), desired)
    else:
        with pytest.raises(InputError) as caught:
            plan(actual(), desired)
        assert caught.value.code == ("NameTooLong" if length else "NameMissing")


@pytest.mark.parametrize("length", [64 - len(" Calendars.Read"), 64 - len(" Calendars.Read") + 1, 64, 65])
def test_names_of_assignments_and_scopes_must_fit_as_well(length):
    name = "u" * length
    rbac, policy = replace(RBAC, unique_name=name), replace(DESIRED, unique_name=name)

    assert steps(actual(), policy), "a policy has no name"
    if length == 64 - len(" Calendars.Read"):
        assert steps(actual(), rbac)
    else:
        with pytest.raises(InputError, match=r"64 characters"):
            plan(actual(), rbac)


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
def test_an_unknown_member_stops_the_run(desired):
    with pytest.raises(InputError, match=r"dora@contoso\.example") as caught:
        plan(actual(), replace(desired, members=("dora@contoso.example",)))

    assert caught.value.code == "UnknownRecipient"


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize(
    ("group", "members"),
    [
        (None, ()),
        (None, None),
        (replace(GROUP, members=()), None),
        (replace(GROUP, members=()), ()),
        (GROUP, ()),
    ],
    ids=["fresh", "fresh without members given", "existing", "existing, none wanted", "all to go"],
)
def test_an_empty_group_stops_the_run(desired, group, members):
    with pytest.raises(InputError) as caught:
        plan(actual(group=group), replace(desired, members=members, sender=None))

    assert caught.value.code == "EmptyGroup"


def test_a_group_of_empty_groups_is_empty():
    with pytest.raises(InputError, match="no mailbox"):
        plan(actual(nested={TEAM.guid: ()}), replace(DESIRED, members=(TEAM.address,), sender=None))


OTHER_GROUPS = ("GroupMailbox", "DynamicDistributionGroup", "RoomList", "MailNonUniversalGroup")


@pytest.mark.parametrize("kind", [*OTHER_GROUPS, "DiscoveryMailbox", "PublicFolder", "NewestMailbox"])
@pytest.mark.parametrize("nested", [False, True], ids=["member", "in a group"])
@pytest.mark.parametrize("given", [True, False], ids=["given", "kept"])
def test_a_member_of_which_nobody_knows_whom_it_lets_in_is_refused_by_name(kind, nested, given):
    odd = Recipient("guid-odd", "odd@c.example", kind)
    member = TEAM if nested else odd
    state = replace(
        RESTRICTED,
        group=replace(GROUP, members=(ANN,) if given else (ANN, member)),
        resolved={**KNOWN, member.address: member},
        nested={TEAM.guid: (ANN, odd)},
    )
    desired = replace(DESIRED, members=(ANN.address, member.address) if given else None)

    with pytest.raises(InputError, match=rf"odd@c\.example \({kind}\)") as caught:
        plan(state, desired)

    assert caught.value.code == "UnclearMember"


@pytest.mark.parametrize("kind", OTHER_GROUPS)
def test_in_rbac_mode_any_group_is_refused_by_name_and_kind(kind):
    odd = Recipient("guid-odd", "odd@c.example", kind)
    state = actual(resolved={**KNOWN, odd.address: odd})

    with pytest.raises(InputError, match=rf"odd@c\.example \({kind}\)") as caught:
        plan(state, replace(RBAC, members=(ANN.address, odd.address)))

    assert caught.value.code == "NestedGroup"


@pytest.mark.parametrize("kind", ["MailUser", "GuestMailUser", "MailContact", "RemoteUserMailbox"])
@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
def test_a_member_without_a_mailbox_is_refused_where_it_is_asked_for_and_told_where_it_is_kept(kind, desired):
    silent = Recipient("guid-silent", "silent@c.example", kind)
    with_roles = WITH_ROLES if desired is RBAC else RESTRICTED
    state = replace(with_roles, group=replace(GROUP, members=(ANN, silent)), resolved={**KNOWN, silent.address: silent})

    with pytest.raises(InputError, match=rf"silent@c\.example \({kind}\)") as caught:
        plan(state, replace(desired, members=(ANN.address, silent.address)))
    kept = plan(state, replace(desired, members=None))

    assert caught.value.code == "MemberWithoutMailbox"
    assert any(f"silent@c.example ({kind})" in finding for finding in kept.findings)


@pytest.mark.parametrize("kind", ["SharedMailbox", "RoomMailbox", "EquipmentMailbox", "SchedulingMailbox"])
@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
def test_every_kind_of_mailbox_can_be_a_member(kind, desired):
    room = Recipient("guid-room", "room@c.example", kind)
    state = actual(resolved={**KNOWN, room.address: room})

    assert plan(state, replace(desired, members=(ANN.address, room.address))).findings == ()


SYNCED = replace(RESTRICTED, group=replace(GROUP, synced=True))


def test_a_group_from_on_premises_is_refused_where_it_had_to_be_changed():
    with pytest.raises(InputError, match=rf"on premises.*{CARL.address}") as caught:
        plan(replace(SYNCED, resolved=KNOWN), replace(DESIRED, members=(ANN.address, CARL.address)))

    assert caught.value.code == "SynchronisedGroup"
    assert "on-premises Active Directory" in caught.value.next_step


def test_a_group_from_on_premises_that_is_right_is_told():
    found = plan(SYNCED, DESIRED)

    assert not found.change.changed
    assert any("synchronised from on premises" in finding for finding in found.findings)


def test_an_alias_that_is_taken_is_told_before_anything_is_written():
    desired = replace(DESIRED, group="Totalview Senders")

    with pytest.raises(InputError, match=r"Totalview-Senders.*MailContact") as caught:
        plan(actual(alias_taken="MailContact"), desired)

    assert caught.value.code == "GroupNameTaken"
    assert caught.value.next_step == "Choose another name for the group."


@pytest.mark.parametrize(
    ("kind", "told", "step"),
    [
        ("MailUser", "on premises", "Move the mailbox to Exchange Online"),
        ("RemoteUserMailbox", "on premises", "Move the mailbox to Exchange Online"),
        ("GuestMailUser", "guest", "in this tenant"),
        ("MailContact", "contact", "in this tenant"),
        ("GroupMailbox", "Microsoft 365 group", "shared mailbox"),
        ("MailUniversalSecurityGroup", "a group", "shared mailbox"),
        ("RoomList", "a group", "shared mailbox"),
        ("NewestKind", "none in Exchange Online", "licence"),
    ],
)
@pytest.mark.parametrize("desired", [DESIRED, RBAC, NONE], ids=["access_policy", "rbac", "none"])
@pytest.mark.parametrize("members", ["by default", "others"])
def test_who_cannot_send_is_told_with_what_helps(desired, members, kind, told, step):
    sender = Recipient("guid-sender", "sender@c.example", kind)
    wanted = (sender.address,) if members == "by default" else (ANN.address,)

    with pytest.raises(InputError, match=rf"sender@c\.example .*{told}.*\({kind}\)") as caught:
        plan(
            actual(resolved={**KNOWN, sender.address: sender}),
            replace(desired, sender=sender.address, members=wanted),
        )

    assert caught.value.code == "SenderWithoutMailbox"
    assert step in caught.value.next_step


@pytest.mark.parametrize("desired", [DESIRED, RBAC, NONE], ids=["access_policy", "rbac", "none"])
def test_a_sender_by_another_of_its_names_is_told_with_what_totalview_must_be_given(desired):
    boss = Recipient("guid-boss", "boss@c.example", "UserMailbox", "id-of-boss", "boss@c.onmicrosoft.example")
    state = actual(resolved={"chef@c.example": boss})

    found = plan(state, replace(desired, sender="Chef@C.example", members=("chef@c.example",)))

    (finding,) = found.findings
    assert "boss@c.example" in finding
    assert found.sender == "boss@c.onmicrosoft.example"
    assert found.sender in finding


def test_a_sender_by_its_sign_in_name_is_no_finding():
    boss = Recipient("guid-boss", "boss@c.example", "UserMailbox", "id-of-boss", "b@c.example")

    found = plan(
        actual(resolved={"b@c.example": boss}), replace(DESIRED, sender="B@c.example", members=("b@c.example",))
    )

    assert (found.findings, found.sender) == ((), "b@c.example")


@pytest.mark.parametrize("kind", ["MailUniversalSecurityGroup", "MailUniversalDistributionGroup"])
@pytest.mark.parametrize("members", [(TEAM.address,), (ANN.address, TEAM.address)])
def test_a_nested_group_stops_the_run_in_rbac_mode_only(kind, members):
    team = replace(TEAM, kind=kind)
    state = actual(resolved={**KNOWN, TEAM.address: team}, nested={TEAM.guid: (ANN,)})

    with pytest.raises(InputError, match=r"team@contoso\.example") as caught:
        plan(state, replace(RBAC, members=members))

    assert caught.value.code == "NestedGroup"
    assert steps(state, replace(DESIRED, members=members))


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize(
    ("sender", "code"),
    [
        (None, "UnknownRecipient"),
        (replace(CARL, kind="MailUser"), "SenderWithoutMailbox"),
        (replace(CARL, kind="User"), "SenderWithoutMailbox"),
        (TEAM, "SenderWithoutMailbox"),
        (CARL, "SenderOutside"),
    ],
    ids=["unknown", "mail user", "user", "group", "outside"],
)
def test_a_sender_that_cannot_send_stops_the_run(desired, sender, code):
    state = actual(group=GROUP, resolved={**KNOWN, "post@contoso.example": sender})

    with pytest.raises(InputError) as caught:
        plan(state, replace(desired, sender="post@contoso.example"))

    assert caught.value.code == code
    assert caught.value.next_step


#: All that Get-Recipient, Get-User and Get-Group call a recipient:
#: learn.microsoft.com/powershell/module/exchangepowershell/get-recipient, -RecipientTypeDetails.
REACHED = [
    "UserMailbox",
    "SharedMailbox",
    "RoomMailbox",
    "EquipmentMailbox",
    "SchedulingMailbox",
    "TeamMailbox",
    "LinkedMailbox",
    "LinkedRoomMailbox",
    "LegacyMailbox",
]
LOOKED_INTO = ["MailUniversalSecurityGroup", "MailUniversalDistributionGroup"]
#: What the next step of a sender that cannot send says.
SENDERS = {
    "Move the mailbox": "MailUser RemoteEquipmentMailbox RemoteRoomMailbox RemoteSharedMailbox RemoteTeamMailbox "
    "RemoteUserMailbox",
    "mailbox for it in this tenant": "GuestMailUser GuestUser MailContact MailForestContact Contact "
    "ExternalManagedContact",
    "shared mailbox": "ArbitrationMailbox AuditLogMailbox AuxAuditLogMailbox DiscoveryMailbox MonitoringMailbox "
    "PublicFolder PublicFolderMailbox SupervisoryReviewPolicyMailbox SystemAttendantMailbox SystemMailbox GroupMailbox "
    "DynamicDistributionGroup ExternalManagedDistributionGroup MailNonUniversalGroup MailUniversalDistributionGroup "
    "MailUniversalSecurityGroup NonUniversalGroup RoleGroup RoomList UniversalDistributionGroup UniversalSecurityGroup",
    "enables it": "DisabledUser",
    "licence": "User LinkedUser Computer SomethingNew",
    "restores it": "SoftDeletedMailbox",
}
REFUSED = [kind for kinds in SENDERS.values() for kind in kinds.split() if kind not in LOOKED_INTO]


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize("kind", [*REACHED, *LOOKED_INTO, *REFUSED])
def test_no_member_of_whatever_kind_is_passed_over_in_silence(desired, kind):
    post = Recipient("guid-post", "post@contoso.example", kind)
    state = actual(resolved={**KNOWN, post.address: post}, nested={post.guid: (BOB,)})
    desired = replace(desired, members=(ANN.address, post.address))

    if kind in REACHED or (kind in LOOKED_INTO and desired.mode == "access_policy"):
        made = steps(state, desired)[0]
        assert isinstance(made, CreateGroup)
        assert post in made.members
    else:
        with pytest.raises(InputError, match=rf"post@contoso\.example.*\({kind}\)") as caught:
            plan(state, desired)
        assert caught.value.next_step


@pytest.mark.parametrize("desired", [DESIRED, RBAC, NONE], ids=["access_policy", "rbac", "none"])
@pytest.mark.parametrize(
    ("kind", "told"), [*((kind, step) for step, kinds in SENDERS.items() for kind in kinds.split())]
)
def test_a_sender_of_whatever_kind_that_cannot_send_is_told_what_helps(desired, kind, told):
    post = Recipient("guid-post", "post@contoso.example", kind)
    state = actual(group=GROUP, resolved={**KNOWN, post.address: post})

    with pytest.raises(InputError, match=rf"post@contoso\.example.*\({kind}\)") as caught:
        plan(state, replace(desired, sender=post.address))

    assert caught.value.code == "SenderWithoutMailbox"
    assert told in caught.value.next_step


@pytest.mark.parametrize("kind", REACHED)
def test_a_sender_is_any_mailbox_inside(kind):
    post = replace(CARL, kind=kind)
    state = actual(resolved={**KNOWN, CARL.address: post})

    assert steps(state, replace(DESIRED, members=(CARL.address,), sender=CARL.address.upper()))


def test_a_sender_in_a_nested_group_lies_inside():
    state = actual(nested={TEAM.guid: (CARL,)})

    assert steps(state, replace(DESIRED, members=(TEAM.address,), sender=CARL.address))


# --- roles


def test_fresh_roles_come_after_group_service_principal_and_scope():
    assert steps(actual(), RBAC) == (
        CreateGroup("senders", (ANN, BOB), group_notes(NAME)),
        CreatePointer(),
        WriteScope(NAME, exists=False),
        Assign(f"{NAME} Calendars.Read", "Calendars.Read"),
        Assign(f"{NAME} Mail.Send", "Mail.Send"),
    )


def test_a_dehydrated_organization_is_enabled_before_anything_else_of_roles():
    found = steps(actual(dehydrated=True), RBAC)

    assert found[1] == EnableCustomization()
    assert found[2:] == steps(actual(), RBAC)[1:]
    assert EnableCustomization() not in steps(actual(dehydrated=True), DESIRED)


def test_through_graph_beta_no_scope_is_made():
    assert steps(actual(), replace(RBAC, beta=True)) == (
        CreateGroup("senders", (ANN, BOB), group_notes(NAME)),
        CreatePointer(),
        Assign(f"{NAME} Calendars.Read", "Calendars.Read"),
        Assign(f"{NAME} Mail.Send", "Mail.Send"),
    )


def test_roles_that_are_as_they_shall_be_stay():
    found = plan(WITH_ROLES, RBAC)

    assert found.change.steps == ()
    assert found.change.before["roles"] == [f"Application Calendars.Read ({NAME})", f"Application Mail.Send ({NAME})"]


ASSIGN_SEND = Assign(f"{NAME} Mail.Send", "Mail.Send")


@pytest.mark.parametrize(
    ("drift", "repair"),
    [
        (
            {"pointer": False, "assignments": ()},
            (CreatePointer(), Assign(CALENDARS.name, "Calendars.Read"), ASSIGN_SEND),
        ),
        ({"scope": UNFIT}, (WriteScope(NAME, exists=True),)),
        ({"assignments": (CALENDARS,)}, (ASSIGN_SEND,)),
        ({"assignments": (CALENDARS, UNSCOPED)}, (Unassign(UNSCOPED), ASSIGN_SEND)),
        (
            {"assignments": (CALENDARS, replace(SEND, scope="another"))},
            (Unassign(replace(SEND, scope="another")), ASSIGN_SEND),
        ),
        ({"assignments": (CALENDARS, SEND, UNWANTED)}, (Unassign(UNWANTED),)),
        ({"group": replace(GROUP, members=(ANN,))}, (AddMember("senders", BOB),)),
        ({"group": replace(GROUP, members=(ANN, BOB, CARL))}, (RemoveMember("senders", CARL),)),
        ({"group": replace(GROUP, distinguished_name="CN=renamed")}, (WriteScope(NAME, exists=True),)),
    ],
    ids=[
        "the service principal gone",
        "the scope of another group",
        "a role gone",
        "a role for every mailbox",
        "a role with another scope",
        "a role that nobody wants",
        "a member missing",
        "a member too many",
        "the group renamed",
    ],
)
def test_drift_of_roles_is_repaired(drift, repair):
    assert steps(replace(WITH_ROLES, **drift), RBAC) == repair


def test_the_name_of_a_scope_is_the_same_in_any_case():
    assignments = tuple(replace(entry, scope=NAME.upper()) for entry in (CALENDARS, SEND))

    assert steps(replace(WITH_ROLES, assignments=assignments), RBAC) == ()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (scope_filter(GROUP), True),
        (scope_filter(GROUP).replace(" -eq ", "  -eq "), True),
        (scope_filter(GROUP).upper(), True),
        (f"{scope_filter(GROUP)} -or Name -like '*'", False),
        ("", False),
    ],
)
def test_filters_are_compared_without_blanks_and_case(text, same):
    assert same_filter(text, scope_filter(GROUP)) is same


def test_a_quote_in_the_groups_name_does_not_end_the_filter():
    assert scope_filter(replace(GROUP, distinguished_name="CN=it's")) == "MemberOfGroup -eq 'CN=it''s'"


@pytest.mark.parametrize("desired", [DESIRED, RBAC], ids=["access_policy", "rbac"])
@pytest.mark.parametrize(
    "foreign",
    [
        replace(UNSCOPED, name="by hand"),
        replace(SEND, name="by hand", scope="another"),
        replace(UNWANTED, name="by hand"),
        replace(UNWANTED, name=f"{NAME}-2 Mail.Read"),
    ],
    ids=["every mailbox", "another scope", "another role", "a longer unique name"],
)
def test_a_role_that_somebody_else_gave_stops_the_run(desired, foreign):
    with pytest.raises(AmbiguityError, match=foreign.role) as caught:
        plan(replace(RESTRICTED, policies=(), pointer=True, assignments=(foreign,)), desired)

    assert caught.value.code == "ForeignAssignment"


def test_a_role_that_somebody_else_gave_as_it_shall_be_is_used():
    by_hand = replace(SEND, name="by hand")

    assert steps(replace(WITH_ROLES, assignments=(CALENDARS, by_hand)), RBAC) == ()


BETA = replace(RBAC, beta=True)


def test_through_graph_beta_the_scope_of_our_group_tells_what_is_ours():
    state = actual(group=GROUP, pointer=True, assignments=(SEND_BETA, UNWANTED_BETA))

    assert steps(state, BETA) == (Unassign(UNWANTED_BETA), Assign(CALENDARS.name, "Calendars.Read"))


@pytest.mark.parametrize("scope", [None, "/Groups/others", "/AdministrativeUnits/senders"])
def test_through_graph_beta_any_other_scope_is_somebody_elses(scope):
    state = actual(group=GROUP, pointer=True, assignments=(replace(SEND_BETA, scope=scope),))

    with pytest.raises(AmbiguityError):
        plan(state, BETA)


# --- from one mode to the other


@pytest.mark.parametrize("proven", [False, True])
def test_from_policy_to_roles(proven):
    found = plan(RESTRICTED, replace(RBAC, proven=proven))

    made = (
        CreatePointer(),
        WriteScope(NAME, exists=False),
        Assign(CALENDARS.name, "Calendars.Read"),
        ASSIGN_SEND,
    )
    assert found.change.steps == (*made, *([RemovePolicy(OURS)] if proven else []))
    assert found.leftover == (() if proven else ("remove access policy ours",))


@pytest.mark.parametrize("proven", [False, True])
def test_from_roles_to_policy(proven):
    found = plan(WITH_ROLES, replace(DESIRED, proven=proven))

    gone = (Unassign(CALENDARS), Unassign(SEND), RemoveScope(NAME), RemovePointer())
    assert found.change.steps == (CreatePolicy("senders"), *(gone if proven else ()))
    assert found.leftover == (() if proven else tuple(step.describe() for step in gone))


def test_no_restriction_takes_our_policy_away_and_leaves_the_group():
    found = plan(replace(RESTRICTED, group=None), NONE)

    assert found.change.steps == (RemovePolicy(OURS),)
    assert (found.since, found.hold) == (None, ())


def test_no_restriction_takes_our_roles_away_when_proven():
    state = replace(WITH_ROLES, group=None)

    assert steps(state, NONE) == ()
    assert steps(state, replace(NONE, proven=True)) == (
        Unassign(CALENDARS),
        Unassign(SEND),
        RemoveScope(NAME),
        RemovePointer(),
    )


@pytest.mark.parametrize("scope", [NAME, "another"])
def test_a_scope_and_a_service_principal_that_somebody_elses_role_needs_stay(scope):
    by_hand = replace(UNWANTED, name="by hand", scope=scope)

    found = plan_absent(replace(WITH_ROLES, assignments=(SEND, by_hand)), NONE).steps

    assert Unassign(by_hand) not in found
    assert RemovePointer() not in found
    assert (RemoveScope(NAME) in found) == (scope != NAME)


# --- since when, and what must wait


YOUNG = NOW - timedelta(minutes=30)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("state", "desired", "since"),
    [
        (RESTRICTED, DESIRED, LONG_AGO),
        (replace(RESTRICTED, policies=(replace(OURS, description=policy_description(YOUNG)),)), DESIRED, YOUNG),
        (replace(RESTRICTED, group=replace(GROUP, changed=YOUNG)), DESIRED, YOUNG),
        (replace(RESTRICTED, policies=()), DESIRED, NOW),
        (actual(), DESIRED, NOW),
        (WITH_ROLES, RBAC, LONG_AGO),
        (replace(WITH_ROLES, assignments=(CALENDARS, replace(SEND, created=YOUNG))), RBAC, YOUNG),
        (replace(WITH_ROLES, assignments=(CALENDARS, replace(SEND, created=None))), RBAC, LONG_AGO),
        (replace(WITH_ROLES, assignments=(CALENDARS,)), RBAC, NOW),
        (RESTRICTED, NONE, None),
    ],
    ids=[
        "old",
        "young policy",
        "young member",
        "policy to come",
        "fresh",
        "old roles",
        "young role",
        "role without a date",
        "role to come",
        "none",
    ],
)
def test_grants_are_held_while_the_restriction_is_young_and_somebody_can_sign_in(state, desired, since, live):
    found = plan(replace(state, live=live), desired)

    young = since is not None and NOW - since < DELAY
    assert found.since == since
    assert found.hold == (desired.permissions if live and young else ())


@pytest.mark.parametrize(("age", "held"), [(timedelta(hours=2) - timedelta(seconds=1), True), (DELAY, False)])
def test_the_hold_ends_with_the_delay(age, held):
    state = replace(RESTRICTED, live=True, group=replace(GROUP, changed=NOW - age))

    assert bool(plan(state, DESIRED).hold) is held


def test_without_a_delay_nothing_is_held():
    assert plan(replace(RESTRICTED, policies=(), live=True), replace(DESIRED, delay=timedelta())).hold == ()


# --- groups that somebody else manages

MANAGED = replace(GROUP, guid="guid-managed", managers=("ann",))


@pytest.mark.parametrize("notes", [GROUP.notes, "made by hand", ""])
@pytest.mark.parametrize("adopt", [False, True])
@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
@pytest.mark.parametrize("named", [None, GROUP.guid])
def test_a_group_that_others_manage_is_no_fence_whatever_its_notes_say(notes, adopt, mode, named):
    """Names and notes can be taken by anybody who may make a group; who manages it changes its members."""
    state = actual(group=replace(MANAGED, notes=notes), policies=())

    with pytest.raises(AmbiguityError, match="is managed by ann") as caught:
        plan(state, replace(DESIRED, mode=mode, adopt=adopt, adopt_group=named))

    assert caught.value.code == "ManagedGroup"
    assert MANAGED.guid in caught.value.next_step


def test_a_group_named_by_its_guid_is_taken_with_its_managers_and_its_members():
    state = actual(group=replace(MANAGED, notes="", members=(ANN, BOB, CARL)))

    steps = plan(state, replace(DESIRED, adopt_group=MANAGED.guid)).change.steps

    assert RemoveMember(MANAGED.name, CARL) in steps
    assert CreatePolicy(DESIRED.group) in steps


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
@pytest.mark.parametrize("adopt", [False, True])
def test_a_group_that_took_the_name_of_ours_is_refused(mode, adopt):
    wanted = replace(DESIRED, mode=mode, adopt=adopt, known_group="guid-before")

    with pytest.raises(AmbiguityError, match="is not the one that the store knows") as caught:
        plan(actual(group=GROUP), wanted)

    assert caught.value.code == "ReplacedGroup"
    assert plan(actual(group=GROUP), replace(wanted, adopt_group=GROUP.guid)).group_guid == GROUP.guid
    assert plan(actual(group=GROUP), replace(wanted, known_group=GROUP.guid)).group_guid == GROUP.guid


@pytest.mark.parametrize("mode", ["access_policy", "rbac", "none"])
@pytest.mark.parametrize("adopt", [None, "guid-somebody-else"])
def test_a_senders_address_that_leads_to_another_mailbox_needs_a_decision(mode, adopt):
    wanted = replace(DESIRED, mode=mode, sender=ANN.address, known_sender="guid-before", adopt_sender=adopt)
    state = actual(group=GROUP, resolved={ANN.address: ANN, BOB.address: BOB})

    with pytest.raises(AmbiguityError, match="leads to another mailbox than before") as caught:
        plan(state, wanted)

    assert caught.value.code == "ReplacedSender"
    assert f"adopt_sender: {ANN.guid}." in caught.value.next_step
    for decided in (replace(wanted, adopt_sender=ANN.guid), replace(wanted, known_sender=ANN.guid)):
        assert plan(state, decided).sender_guid == ANN.guid


def test_a_known_group_that_is_gone_is_made_anew():
    restriction = plan(actual(), replace(DESIRED, known_group="guid-before"))

    assert isinstance(restriction.change.steps[0], CreateGroup)
    assert restriction.group_guid is None


def test_a_group_that_others_manage_is_not_removed_for_its_notes():
    change = plan_absent(actual(group=MANAGED), replace(NONE, group="senders"))

    assert change.steps == ()


# --- the fingerprint


def fingerprint(state: Actual, desired: Desired) -> str:
    found = plan(state, desired).fingerprint
    assert found is not None
    return found


def test_there_is_no_fingerprint_of_what_is_about_to_change():
    assert plan(actual(), DESIRED).fingerprint is None
    assert plan(replace(RESTRICTED, policies=()), DESIRED).fingerprint is None
    assert plan(replace(WITH_ROLES, scope=UNFIT), RBAC).fingerprint is None


def test_the_date_of_a_group_s_last_change_is_not_part_of_it():
    """Directory servers tell dates that differ by seconds."""
    touched = replace(RESTRICTED, group=replace(GROUP, changed=NOW))

    assert plan(touched, DESIRED).fingerprint == plan(RESTRICTED, DESIRED).fingerprint


def test_every_restriction_has_a_fingerprint_of_its_own():
    more = replace(DESIRED, members=(ANN.address, BOB.address, CARL.address))
    team = replace(GROUP, members=(TEAM,))
    nested = replace(DESIRED, members=(TEAM.address,))
    other = replace(ANN, guid="another mailbox")
    found = [
        fingerprint(RESTRICTED, DESIRED),
        fingerprint(replace(RESTRICTED, app_id="another client"), DESIRED),
        fingerprint(replace(RESTRICTED, principal_id="another principal"), DESIRED),
        fingerprint(
            replace(RESTRICTED, group=replace(GROUP, members=(other, BOB)), resolved={**KNOWN, ANN.address: other}),
            DESIRED,
        ),
        fingerprint(RESTRICTED, replace(DESIRED, permissions=("Mail.Send",))),
        fingerprint(RESTRICTED, replace(DESIRED, sender=BOB.address)),
        fingerprint(replace(RESTRICTED, group=replace(GROUP, guid="another")), DESIRED),
        fingerprint(replace(RESTRICTED, group=replace(GROUP, members=(ANN, BOB, CARL))), more),
        fingerprint(replace(RESTRICTED, policies=(replace(OURS, identity="another"),)), DESIRED),
        fingerprint(replace(RESTRICTED, policies=(replace(OURS, description=policy_description(YOUNG)),)), DESIRED),
        fingerprint(replace(RESTRICTED, group=team, nested={TEAM.guid: (ANN,)}), nested),
        fingerprint(replace(RESTRICTED, group=team, nested={TEAM.guid: (ANN, CARL)}), nested),
        fingerprint(WITH_ROLES, RBAC),
        fingerprint(replace(WITH_ROLES, assignments=(CALENDARS, replace(SEND, id="another"))), RBAC),
        fingerprint(replace(WITH_ROLES, assignments=(CALENDARS, replace(SEND, created=YOUNG))), RBAC),
        fingerprint(replace(WITH_ROLES, scope=replace(FITS, recipient_filter=f" {FITS.recipient_filter}")), RBAC),
        fingerprint(replace(RESTRICTED, policies=()), NONE),
    ]

    assert len(set(found)) == len(found)


def test_a_policy_made_anew_is_another_although_its_identity_is_the_same():
    """By ours a second later: Exchange makes the identity from application and group."""
    anew = replace(OURS, description=policy_description(LONG_AGO + timedelta(seconds=1)))

    assert fingerprint(replace(RESTRICTED, policies=(anew,)), DESIRED) != fingerprint(RESTRICTED, DESIRED)


def test_the_fingerprint_does_not_go_by_what_proves_nothing():
    same = [
        RESTRICTED,
        replace(RESTRICTED, live=True),
        replace(RESTRICTED, now=NOW + timedelta(days=1)),
        replace(RESTRICTED, group=replace(GROUP, members=(BOB, ANN))),
        replace(RESTRICTED, display_name="renamed"),
    ]

    assert len({fingerprint(state, DESIRED) for state in same}) == 1
    assert fingerprint(RESTRICTED, replace(DESIRED, permissions=("Mail.Send", "Calendars.Read"))) == fingerprint(
        RESTRICTED, DESIRED
    )


# --- taking it away

ABSENT = replace(NONE, group="senders")


def test_absent_removes_roles_policies_and_group_of_ours():
    state = replace(WITH_ROLES, policies=(OURS, ELSEWHERE))

    change = plan_absent(state, ABSENT)

    assert set(change.steps) == {
        RemovePolicy(OURS),
        RemovePolicy(ELSEWHERE),
        Unassign(CALENDARS),
        Unassign(SEND),
        RemoveScope(NAME),
        RemovePointer(),
        RemoveGroup(GROUP),
    }
    assert change.after == {"group": None, "members": [], "access_policies": [], "roles": []}
    ended = done(state, ABSENT, change.steps)
    assert plan_absent(ended, ABSENT).steps == ()


def test_absent_leaves_what_is_somebody_elses():
    by_hand = replace(UNSCOPED, name="by hand")
    state = actual(group=FOREIGN_GROUP, policies=(FOREIGN, OURS), pointer=True, assignments=(by_hand,))

    change = plan_absent(state, ABSENT)

    assert change.steps == (RemovePolicy(OURS),)
    assert change.after["group"] == "senders"
    assert change.after["access_policies"] == ["foreign"]
    assert change.after["roles"] == ["Application Mail.Send (every mailbox)"]


def test_absent_where_nothing_is_changes_nothing():
    for state in (actual(), Actual(NOW), actual(group=FOREIGN_GROUP)):
        change = plan_absent(state, ABSENT)
        assert change.steps == ()
        assert change.before == change.after


def test_absent_through_graph_beta_removes_the_roles_to_our_group():
    others = replace(SEND_BETA, id="id-others", scope="/Groups/others")
    state = actual(group=GROUP, pointer=True, assignments=(SEND_BETA, UNWANTED_BETA, others))

    assert plan_absent(state, replace(ABSENT, beta=True)).steps == (
        Unassign(SEND_BETA),
        Unassign(UNWANTED_BETA),
        RemoveGroup(GROUP),
    )


def test_taking_the_roles_first_leaves_what_restricts():
    state = replace(WITH_ROLES, policies=(OURS,))
    change = plan_absent(state, ABSENT, only_roles=True)
    assert set(change.steps) == {Unassign(CALENDARS), Unassign(SEND)}
    later = plan_absent(done(state, ABSENT, change.steps), ABSENT)
    assert set(later.steps) == {RemovePolicy(OURS), RemoveScope(NAME), RemovePointer(), RemoveGroup(GROUP)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"group": FOREIGN_GROUP}, "it was not made for this registration"),
        ({"group": MANAGED}, "it is managed by "),
        ({"uses": ("the access policy p", "the management scope s")}, "it is used by the access policy p, the manage"),
    ],
)
def test_a_group_that_others_have_a_part_in_stays_and_is_named(change, why):
    state = replace(actual(group=GROUP), **change)
    assert not any(isinstance(step, RemoveGroup) for step in plan_absent(state, ABSENT).steps)
    (told,) = kept(state, ABSENT)
    assert told.startswith(f"group {state.group.name} ({state.group.guid}): {why}")


def test_a_group_with_members_whom_nobody_named_stays():
    """By identity: the inventory may know a mailbox by another address of it."""
    state = actual(group=GROUP)
    for known in ((), GROUP.members[:1], GROUP.members):
        aliases = {f"alias-{member.guid}": member for member in known}
        named = replace(ABSENT, members=tuple(aliases))
        found = replace(state, resolved={**state.resolved, **aliases})
        stays = [member.address for member in GROUP.members if member not in known]
        assert any(isinstance(step, RemoveGroup) for step in plan_absent(found, named).steps) is not bool(stays)
        assert [text.partition("members ")[2] for text in kept(found, named)] == ([", ".join(stays)] if stays else [])


def test_what_somebody_else_made_is_named():
    by_hand = replace(UNSCOPED, name="by hand")
    state = actual(policies=(FOREIGN, OURS), pointer=True, assignments=(by_hand,))
    assert kept(state, ABSENT) == (
        "access policy foreign: somebody else made it",
        "role assignment by hand: somebody else made it",
    )


def test_absent_always_ends_with_nothing_of_ours():
    for state, desired in situations():
        absent = replace(ABSENT, beta=desired.beta)
        ended = done(state, absent, plan_absent(state, absent).steps)
        assert plan_absent(ended, absent).steps == (), state
        assert ended.policies == ()
        assert not ended.group or ended.group.notes != group_notes(NAME)
        assert (ended.assignments, ended.scope, ended.pointer) == ((), None, False)


# --- which permissions


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_what_the_mode_does_not_confine_is_refused(mode):
    with pytest.raises(InputError, match=f"The mode {mode} does not confine Files.Read.All"):
        plan(actual(), replace(DESIRED, mode=mode, permissions=("Files.Read.All", "Mail.Send")))
