# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import itertools
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import AmbiguityError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.model import (
    Actual,
    AddOwner,
    Application,
    CreateApplication,
    CreateServicePrincipal,
    DeleteApplication,
    Desired,
    EnableServicePrincipal,
    PurgeApplication,
    RestoreApplication,
    RestoreServicePrincipal,
    ServicePrincipal,
    StampUniqueName,
    Step,
    UpdateApplication,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.plan import (
    plan,
    plan_absent,
)

NAME = "totalview-exchange365-mail"
DESIRED = Desired(NAME, "Totalview e-mail", notes="kept by us", tags=("one", "two"))
APPLICATION = Application(
    id="object-1",
    app_id="client-1",
    display_name="Totalview e-mail",
    unique_name=NAME,
    sign_in_audience="AzureADMyOrg",
    notes="kept by us",
    tags=("one", "two"),
    created="2026-01-02T03:04:05Z",
)
BY_HAND = replace(APPLICATION, unique_name=None)
PRINCIPAL = ServicePrincipal("principal-1", enabled=True)
#: Field of the application: what it drifted to, and Graph's name.
DRIFTS: dict[str, tuple[t.Any, str]] = {
    "display_name": ("renamed by somebody", "displayName"),
    "sign_in_audience": ("AzureADMultipleOrgs", "signInAudience"),
    "notes": (None, "notes"),
    "tags": (("two", "three"), "tags"),
}


def drifted(application: Application, fields: t.Iterable[str]) -> Application:
    return replace(application, **{name: DRIFTS[name][0] for name in fields})


def subsets(names: t.Collection[t.Any]) -> list[tuple[t.Any, ...]]:
    return [found for size in range(len(names) + 1) for found in itertools.combinations(names, size)]


def done(actual: Actual, change: Change[Step]) -> Actual:
    """The tenant after the steps, as strict as Graph: nothing is made, restored or added twice."""
    for step in change.steps:
        actual = _one_done(actual, step)
    return actual


def _one_done(actual: Actual, step: Step) -> Actual:  # noqa: PLR0911 - one for each kind of step
    application = actual.application
    match step:
        case CreateApplication():
            assert application is None
            assert not actual.deleted
            made = replace(BY_HAND, unique_name=step.unique_name, notes=None, tags=())
            return replace(actual, application=with_properties(made, step.properties))
        case RestoreApplication():
            (restored,) = (found for found in actual.deleted if found.id == step.id)
            return replace(actual, application=restored, deleted=())
        case StampUniqueName():
            (adopted,) = (found for found in actual.candidates if found.id == step.id)
            assert adopted.unique_name is None
            return replace(actual, application=replace(adopted, unique_name=step.unique_name), candidates=())
        case UpdateApplication():
            assert application is not None
            assert application.id == step.id
            return replace(actual, application=with_properties(application, step.properties))
        case CreateServicePrincipal() | RestoreServicePrincipal():
            assert application is not None
            assert actual.service_principal is None
            assert getattr(step, "id", None) == actual.deleted_service_principal_id
            return replace(actual, service_principal=PRINCIPAL, deleted_service_principal_id=None)
        case AddOwner():
            assert step.id not in actual.owners
            return replace(actual, owners=(*actual.owners, step.id))
        case DeleteApplication():
            assert application is not None
            assert application.id == step.id
            return replace(actual, application=None, service_principal=None, deleted=(*actual.deleted, application))
        case PurgeApplication():
            assert step.id in {found.id for found in actual.deleted}
            return replace(actual, deleted=tuple(found for found in actual.deleted if found.id != step.id))


def with_properties(application: Application, properties: t.Mapping[str, t.Any]) -> Application:
    fields = {graph_name: field for field, (_drift, graph_name) in DRIFTS.items()}
    values = {fields[name]: tuple(value) if name == "tags" else value for name, value in properties.items()}
    return replace(application, **values)


def situations() -> t.Iterator[tuple[Actual, Desired]]:
    """Every combination of where the application is, what drifted, its service principal, owners and wishes."""
    wishes = itertools.product((None, "kept by us", ""), (None, (), ("one", "two")), ((), ("ann",), ("ann", "bob")))
    desires = [replace(DESIRED, notes=notes, tags=tags, owners=owners) for notes, tags, owners in wishes]
    yield from ((Actual(), desired) for desired in desires)
    yield from ((Actual(search_refused=True), desired) for desired in desires)
    for fields, desired, owners in itertools.product(subsets(DRIFTS), desires, ((), ("bob",), ("cid", "ann"))):
        found = drifted(APPLICATION, fields)
        by_hand = drifted(BY_HAND, fields)
        for principal in ({"service_principal": PRINCIPAL}, {}, {"deleted_service_principal_id": "principal-0"}):
            yield Actual(application=found, owners=owners, **principal), desired
            yield Actual(candidates=(by_hand,), owners=owners, **principal), replace(desired, adopt=True)
        yield Actual(deleted=(found,)), desired
        yield Actual(deleted=(found,), candidates=(by_hand,)), desired
        yield Actual(deleted=(found,), deleted_service_principal_id="principal-0"), desired


@pytest.mark.parametrize("fields", subsets(DRIFTS), ids=lambda fields: "+".join(fields) or "none")
def test_one_update_repairs_exactly_what_drifted(fields):
    change = plan(Actual(drifted(APPLICATION, fields), PRINCIPAL), DESIRED)

    expected = {DRIFTS[field][1]: DESIRED.properties()[DRIFTS[field][1]] for field in fields}
    assert change.steps == ((UpdateApplication("object-1", expected),) if fields else ())
    assert {name for name in change.before if change.before[name] != change.after[name]} == set(fields)


@pytest.mark.parametrize("field", ["notes", "tags"])
def test_a_property_that_nobody_asked_for_stays_as_it_is(field):
    actual = Actual(drifted(APPLICATION, [field]), PRINCIPAL)

    change = plan(actual, replace(DESIRED, **{field: None}))

    assert not change.changed
    assert change.before == change.after


def test_empty_notes_and_tags_are_a_wish_of_their_own():
    change = plan(Actual(APPLICATION, PRINCIPAL), replace(DESIRED, notes="", tags=()))

    assert change.steps == (UpdateApplication("object-1", {"notes": None, "tags": []}),)


def test_the_order_of_tags_is_no_drift():
    assert not plan(Actual(APPLICATION, PRINCIPAL), replace(DESIRED, tags=("two", "one"))).changed


def test_nothing_there_makes_application_service_principal_and_owners_in_this_order():
    change = plan(Actual(), replace(DESIRED, owners=("ann", "bob")))

    assert change.steps == (
        CreateApplication(NAME, DESIRED.properties()),
        CreateServicePrincipal(),
        AddOwner("ann"),
        AddOwner("bob"),
    )
    assert change.before["state"] == "absent"
    assert change.after["state"] == "present"


def test_the_sign_in_audience_is_always_sent_when_an_application_is_made():
    (create, *_rest) = plan(Actual(), Desired(NAME, "Totalview e-mail")).steps

    assert isinstance(create, CreateApplication)
    assert create.properties == {"displayName": "Totalview e-mail", "signInAudience": "AzureADMyOrg"}


@pytest.mark.parametrize("disabled", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("enable", [False, True])
def test_what_is_disabled_is_enabled_only_when_asked(disabled, enabled, enable):
    actual = Actual(replace(APPLICATION, disabled=disabled), replace(PRINCIPAL, enabled=enabled))

    change = plan(actual, replace(DESIRED, enable=enable))

    expected: list[Step] = [UpdateApplication("object-1", {"isDisabled": False})] if disabled else []
    expected += [] if enabled else [EnableServicePrincipal("principal-1")]
    assert change.steps == tuple(expected if enable else ())
    told = (change.before.get("enabled"), change.after.get("enabled"))
    assert told == ((False, True) if enable and (disabled or not enabled) else (None, None))


@pytest.mark.parametrize("actual", [Actual(), Actual(APPLICATION, PRINCIPAL), Actual(deleted=(APPLICATION,))])
def test_an_owner_that_is_neither_user_nor_service_principal_stops_every_plan(actual):
    with pytest.raises(InputError) as caught:
        plan(replace(actual, unknown_owners=("one", "two")), DESIRED)

    assert caught.value.code == "OwnerMissing"
    assert "one, two" in caught.value.message


@pytest.mark.parametrize(
    ("principal", "steps"),
    [
        ({"service_principal": PRINCIPAL}, ()),
        ({"service_principal": replace(PRINCIPAL, enabled=False)}, ()),
        ({}, (CreateServicePrincipal(),)),
        ({"deleted_service_principal_id": "principal-0"}, (RestoreServicePrincipal("principal-0"),)),
    ],
    ids=["there", "disabled", "missing", "deleted"],
)
def test_the_service_principal_is_kept_made_or_restored(principal, steps):
    change = plan(Actual(APPLICATION, **principal), DESIRED)

    assert change.steps == steps
    assert change.before["service_principal"] == ("absent" if steps else "present")
    assert change.after["service_principal"] == "present"


def test_owners_are_added_and_never_taken_away():
    change = plan(Actual(APPLICATION, PRINCIPAL, owners=("cid", "ann")), replace(DESIRED, owners=("ann", "bob")))

    assert change.steps == (AddOwner("bob"),)
    assert change.after["owners"] == ["ann", "bob", "cid"]


@pytest.mark.parametrize("start", [Actual(), Actual(APPLICATION, PRINCIPAL)], ids=["new", "present"])
def test_an_owner_that_is_named_twice_is_added_once(start):
    change = plan(start, replace(DESIRED, owners=("ann", "ann")))

    assert [step for step in change.steps if isinstance(step, AddOwner)] == [AddOwner("ann")]
    assert change.after["owners"] == ["ann"]


def test_a_deleted_registration_is_restored_before_it_is_repaired():
    deleted = drifted(APPLICATION, ["notes"])

    change = plan(Actual(deleted=(deleted,), deleted_service_principal_id="principal-0"), DESIRED)

    assert change.steps == (
        RestoreApplication("object-1"),
        UpdateApplication("object-1", {"notes": "kept by us"}),
        RestoreServicePrincipal("principal-0"),
    )
    assert (change.before["state"], change.after["state"]) == ("soft-deleted", "present")


def test_our_deleted_registration_wins_over_an_application_of_the_same_name():
    change = plan(Actual(deleted=(APPLICATION,), candidates=(BY_HAND,)), replace(DESIRED, adopt=True))

    assert change.steps[0] == RestoreApplication("object-1")
    assert not any(isinstance(step, StampUniqueName) for step in change.steps)


def test_two_deleted_registrations_are_for_a_person_to_decide():
    with pytest.raises(AmbiguityError) as caught:
        plan(Actual(deleted=(APPLICATION, replace(APPLICATION, id="object-2", app_id="client-2"))), DESIRED)

    assert [row["client_id"] for row in caught.value.details] == ["client-1", "client-2"]


def test_an_application_made_by_hand_is_adopted_when_asked():
    by_hand = drifted(BY_HAND, ["display_name"])

    change = plan(Actual(service_principal=PRINCIPAL, candidates=(by_hand,)), replace(DESIRED, adopt=True))

    assert change.steps == (
        StampUniqueName("object-1", NAME),
        UpdateApplication("object-1", {"displayName": "Totalview e-mail"}),
    )
    assert (change.before["unique_name"], change.after["unique_name"]) == (None, NAME)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_nothing_is_adopted_without_being_asked(count):
    candidates = tuple(replace(BY_HAND, app_id=f"client-{number}") for number in range(count))

    with pytest.raises(AmbiguityError) as caught:
        plan(Actual(candidates=candidates), DESIRED)

    assert [row["client_id"] for row in caught.value.details] == [entry.app_id for entry in candidates]
    assert all(entry.app_id in caught.value.message for entry in candidates)
    assert "adopt" in caught.value.next_step


def test_more_than_one_candidate_is_never_adopted():
    candidates = (BY_HAND, replace(BY_HAND, id="object-2", app_id="client-2"))

    with pytest.raises(AmbiguityError, match="2 applications") as caught:
        plan(Actual(candidates=candidates), replace(DESIRED, adopt=True))

    assert "adopt_client_id" in caught.value.next_step
    assert len(caught.value.details) == 2


def test_an_application_with_a_unique_name_of_its_own_is_never_adopted():
    managed = replace(BY_HAND, unique_name="somebody-elses")

    with pytest.raises(AmbiguityError, match="somebody-elses"):
        plan(Actual(candidates=(managed,)), replace(DESIRED, adopt=True))


def test_a_client_id_to_adopt_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match="client-9"):
        plan(Actual(), replace(DESIRED, adopt=True, adopt_client_id="client-9"))


def test_the_client_id_to_adopt_no_longer_matters_once_it_is_ours():
    desired = replace(DESIRED, adopt=True, adopt_client_id="client-1")

    assert not plan(Actual(APPLICATION, PRINCIPAL), desired).changed


def test_a_refused_search_does_not_keep_a_new_registration_from_being_made():
    assert plan(Actual(search_refused=True), DESIRED) == plan(Actual(), DESIRED)


def test_planning_again_after_the_steps_gives_none():
    for actual, desired in situations():
        again = plan(done(actual, plan(actual, desired)), desired)
        assert again.steps == (), (actual, desired)
        assert not again.changed
        assert again.before == again.after, (actual, desired)


def test_the_next_reading_shows_what_the_plan_promised():
    for actual, desired in situations():
        change = plan(actual, desired)
        promised = {**change.after, "notes": change.after["notes"] or None}
        shown = plan(done(actual, change), desired).before
        assert {**shown, "notes": shown["notes"] or None} == promised, (actual, desired)


def test_before_and_after_have_the_same_keys_and_differ_exactly_where_something_is_written():
    for actual, desired in situations():
        change = plan(actual, desired)
        assert change.before.keys() == change.after.keys(), (actual, desired)
        assert (change.before != change.after) == bool(change.steps) == change.changed, (actual, desired)


def test_planning_is_pure():
    for actual, desired in situations():
        kept = copy.deepcopy((actual, desired))
        assert plan(actual, desired) == plan(actual, desired)
        assert (actual, desired) == kept


def test_every_step_is_told_in_words():
    for actual, desired in situations():
        change = plan(actual, desired)
        assert len(change.describe()) == len(change.steps)
        assert all(change.describe())


OTHER = replace(APPLICATION, id="object-2")


@pytest.mark.parametrize(
    ("actual", "purge", "steps", "before", "after"),
    [
        (Actual(), False, (), "absent", "absent"),
        (Actual(), True, (), "absent", "absent"),
        (Actual(APPLICATION), False, (DeleteApplication("object-1"),), "present", "soft-deleted"),
        (
            Actual(APPLICATION),
            True,
            (DeleteApplication("object-1"), PurgeApplication("object-1")),
            "present",
            "absent",
        ),
        (Actual(deleted=(APPLICATION,)), False, (), "soft-deleted", "soft-deleted"),
        (Actual(deleted=(APPLICATION,)), True, (PurgeApplication("object-1"),), "soft-deleted", "absent"),
        (
            Actual(deleted=(APPLICATION, OTHER)),
            True,
            (PurgeApplication("object-1"), PurgeApplication("object-2")),
            "soft-deleted",
            "absent",
        ),
        (
            Actual(APPLICATION, deleted=(OTHER,)),
            True,
            (DeleteApplication("object-1"), PurgeApplication("object-1"), PurgeApplication("object-2")),
            "present",
            "absent",
        ),
    ],
)
def test_taking_a_registration_away(actual, purge, steps, before, after):
    change = plan_absent(actual, purge=purge)

    assert change.steps == steps
    assert (change.before, change.after) == ({"state": before}, {"state": after})
    again = plan_absent(done(actual, change), purge=purge)
    assert again.steps == ()
    assert again.before == change.after


@pytest.mark.parametrize("actual", [Actual(APPLICATION, PRINCIPAL), Actual(deleted=(APPLICATION,))])
@pytest.mark.parametrize("adopt", [True, False])
def test_an_adoptee_beside_a_key_that_sits_on_another_application_is_refused_with_both_named(actual, adopt):
    with pytest.raises(AmbiguityError, match="client-1") as caught:
        plan(actual, replace(DESIRED, adopt=adopt, adopt_client_id="client-2"))

    assert "client-2" in caught.value.message


def test_an_adoptee_that_carries_the_key_already_is_no_contradiction():
    desired = replace(DESIRED, adopt=True, adopt_client_id="CLIENT-1")

    assert not plan(Actual(APPLICATION, PRINCIPAL), desired).changed
