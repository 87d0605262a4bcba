# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    AmbiguityError,
    InputError,
    StoreError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.model import (
    Access,
    Removal,
    RemoveAccess,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.plan import (
    check_adoption,
    check_enabling,
    removals,
)
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
    PurgeServicePrincipal,
    RestoreApplication,
    RestoreServicePrincipal,
    ServicePrincipal,
    StampUniqueName,
    Step,
    UpdateApplication,
)

#: Between Microsoft's servers.
_SKEW = timedelta(seconds=10)


def plan(actual: Actual, desired: Desired) -> Change[Step]:
    """Raises AmbiguityError where a person must decide, InputError for a client id or an owner that is not there."""
    _check_owners(actual)
    if actual.application is not None:
        _check_adoptee(actual.application, desired)
        check_ours(actual.application, desired)
        wanted = kept_out(desired) if actual.restores_principal else desired
        return _plan_existing(actual, wanted, actual.application, ())
    restored = to_restore(actual)
    if restored is not None:
        _check_adoptee(restored, desired)
        check_ours(restored, desired)
        return _plan_existing(actual, kept_out(desired), restored, (RestoreApplication(restored.id),))
    adopted = to_adopt(actual, desired)
    if adopted is not None:
        return _plan_existing(actual, desired, adopted, (StampUniqueName(adopted.id, desired.unique_name),))
    return _plan_new(desired)


def with_deactivation(change: Change[Step], application: Application) -> Change[Step]:
    """The same, and nobody signs in with it from then on."""
    if application.disabled:
        return change
    step = UpdateApplication(application.id, {"isDisabled": True})
    return Change({**change.before, "enabled": True}, {**change.after, "enabled": False}, (step, *change.steps))


def kept_out(desired: Desired) -> Desired:
    """As it is while it is being restored: what was granted may come back with it, so that it is let in afterwards."""
    return replace(desired, enable=False, restoring=False)


def found(actual: Actual, desired: Desired) -> Application | None:
    """The application that is there, in whatever way."""
    return actual.application or to_restore(actual) or to_adopt(actual, desired)


def _check_owners(actual: Actual) -> None:
    if actual.unknown_owners:
        raise unknown_owners(*actual.unknown_owners)


def unknown_owners(*ids: str) -> InputError:
    return InputError(
        f"No user and no enterprise application of this tenant has the object id {', '.join(ids)}: it cannot own the "
        "registration.",
        next_step="Correct owners. An app registration and its enterprise application have different object ids: "
        "only the latter's will do.",
        code="OwnerMissing",
    )


def _check_adoptee(keyed: Application, desired: Desired) -> None:
    """Raises AmbiguityError where the key sits on another application than the one that is named."""
    named = desired.adopt_client_id
    if named and named.lower() != keyed.app_id.lower():
        raise AmbiguityError(
            f"The application to adopt is {named}, but the unique name '{desired.unique_name}' is that of the "
            f"application {keyed.app_id}.",
            next_step="Leave adopt_client_id out to keep the latter, or choose another unique_name for the former.",
            code="AdopteeMismatch",
            details=[keyed.candidate()],
        )


def check_ours(keyed: Application, desired: Desired) -> None:
    """Raises AmbiguityError for somebody else's application that carries our key, StoreError for one of ours that the
    store does not know.

    The key proves nothing: whoever owns an application can set it, and in most tenants everybody may register one. Nor
    does an owner: the owner of an application can make any service principal its owner, ours too. Ours is what is known
    from before, and what was made with our client, where there is a store since it announced it.
    """
    # A wish to adopt that nobody has taken back says nothing of another application than the one that was adopted.
    adopted = desired.adopt and (desired.client_id is None or desired.adopt_client_id is not None)
    if adopted or _is_known(keyed, desired):
        return
    if keyed.created_by == desired.automation:
        in_use = f" The connector may be using a secret of it ({', '.join(keyed.secrets)})." if keyed.secrets else ""
        raise StoreError(
            f"The application '{keyed.display_name}' (client id {keyed.app_id}) has the unique name "
            f"'{desired.unique_name}', was made with the automation's own application on {keyed.created}, and this "
            "store knows nothing of it: it is empty, another one, or older than it was."
            f"{in_use}",
            next_step="Bring the store back, or correct its place. If it is lost for good, set lost_store to replace "
            "for one run, or name the application by adopt and adopt_client_id.",
            code="LostStore",
        )
    maker = f"with the client {keyed.created_by}" if keyed.created_by else "nobody knows by whom"
    raise AmbiguityError(
        f"The unique name '{desired.unique_name}' is taken: the application '{keyed.display_name}' (client id "
        f"{keyed.app_id}) has it, was made {maker} on {keyed.created}, and is not known as ours.",
        next_step="An Application Administrator of the tenant finds out who made it. A stranger's is deleted "
        "permanently, or you choose another unique_name. The registration that you know you name by adopt and "
        "adopt_client_id; not while somebody else owns it or holds a credential of it.",
        code="UniqueNameTaken",
        details=[{**keyed.candidate(), "created_by": keyed.created_by}],
    )


def _is_known(keyed: Application, desired: Desired) -> bool:
    if desired.client_id is not None and desired.client_id.lower() == keyed.app_id.lower():
        return True
    if keyed.created_by != desired.automation:
        return False
    if not desired.by_store:
        return True
    # createdByAppId names the client that was used, not who used it: only what the store announced is found by it.
    created = parse_time(keyed.created) if keyed.created else None
    return bool(desired.announced and created and created >= desired.announced - _SKEW)


def adopts(change: Change[Step], found: Application | None, desired: Desired) -> bool:
    """Whether it takes over what was not known as ours before."""
    stamped = any(isinstance(step, StampUniqueName) for step in change.steps)
    return stamped or (desired.adopt and found is not None and not _is_known(found, desired))


def creates(change: Change[Step]) -> bool:
    return any(isinstance(step, CreateApplication) for step in change.steps)


def enables(change: Change[Step]) -> bool:
    return change.before.get("enabled") is False and change.after["enabled"] is True


def restored(actual: Actual) -> Application | None:
    """What is restored where the key finds nothing."""
    return None if actual.application is not None else to_restore(actual)


def restores(change: Change[Step]) -> bool:
    return any(isinstance(step, RestoreApplication | RestoreServicePrincipal) for step in change.steps)


def with_decisions(
    change: Change[Step],
    others: t.Sequence[Access],
    decided: Removal,
    located: tuple[str, str],
    *,
    taken_over: bool,
    now: datetime,
) -> tuple[Change[Step], tuple[RemoveAccess, ...]]:
    """The same, and of what somebody else could sign in with goes what was decided on: those steps besides.

    `located`: the registration's display name and client id. Raises AmbiguityError where nobody has decided yet.
    """
    if taken_over:
        check_adoption(*located, [entry for entry in others if entry.id.lower() not in decided.ids])
    steps = removals(others, decided, now)
    if enables(change):
        check_enabling(*located, others, steps)
    return _with_removals(change, others, steps), steps


def _with_removals(change: Change[Step], others: t.Sequence[Access], steps: t.Sequence[RemoveAccess]) -> Change[Step]:
    if not steps:
        return change
    gone = {step.access for step in steps}
    before = {**change.before, "others": [entry.describe() for entry in others]}
    after = {**change.after, "others": [entry.describe() for entry in others if entry not in gone]}
    return Change(before, after, (*change.steps, *steps))


def without_enabling(change: Change[Step], actual: Actual, desired: Desired) -> Change[Step]:
    """The same for a registration that stays disabled for now. What was decided to go of other people's goes."""
    still = plan(actual, kept_out(desired))
    others = [{"others": told["others"]} if "others" in told else {} for told in (change.before, change.after)]
    removals = tuple(step for step in change.steps if isinstance(step, RemoveAccess))
    return Change({**still.before, **others[0]}, {**still.after, **others[1]}, (*still.steps, *removals))


def plan_absent(actual: Actual, *, purge: bool) -> Change[Step]:
    found = (actual.application,) if actual.application else ()
    steps: list[Step] = [DeleteApplication(application.id) for application in found]
    if purge:
        steps += [PurgeApplication(application.id) for application in found + actual.deleted]
        principal = actual.service_principal.id if actual.service_principal else actual.deleted_service_principal_id
        steps += [PurgeServicePrincipal(principal)] if principal else []
    state = "present" if found else ("soft-deleted" if actual.deleted else "absent")
    after = "absent" if purge else ("soft-deleted" if found or actual.deleted else "absent")
    return Change({"state": state}, {"state": after}, tuple(steps))


def _plan_new(desired: Desired) -> Change[Step]:
    access, names = desired.declares or ((), ())
    declared = {"requiredResourceAccess": list(access)} if access else {}
    steps: tuple[Step, ...] = (
        CreateApplication(desired.unique_name, {**desired.properties(), **declared}, names),
        CreateServicePrincipal(),
        *_owner_steps(desired, ()),
    )
    after = {
        "state": "present",
        "unique_name": desired.unique_name,
        "display_name": desired.display_name,
        "sign_in_audience": desired.sign_in_audience,
        "notes": desired.notes or None,
        "tags": sorted(desired.tags or ()),
        "service_principal": "present",
        "owners": sorted(set(desired.owners)),
        **({"permissions": list(names)} if names else {}),
    }
    return Change({**dict.fromkeys(after), "state": "absent"}, after, steps)


def _plan_existing(actual: Actual, desired: Desired, application: Application, first: tuple[Step, ...]) -> Change[Step]:
    changes = differences(application, desired)
    update: tuple[Step, ...] = (UpdateApplication(application.id, changes),) if changes else ()
    principal = _principal_steps(actual, enable=desired.enable)
    steps = (*first, *update, *principal, *_owner_steps(desired, actual.owners))
    state = "soft-deleted" if any(isinstance(step, RestoreApplication) for step in first) else "present"
    before = _view(application, actual.service_principal is not None, actual.owners, state)
    planned = {**before, "state": "present", "unique_name": desired.unique_name, "service_principal": "present"}
    after = {
        **planned,
        "display_name": desired.display_name,
        "sign_in_audience": desired.sign_in_audience,
        "notes": application.notes if desired.notes is None else desired.notes or None,
        "tags": sorted(application.tags if desired.tags is None else desired.tags),
        "owners": sorted({*actual.owners, *desired.owners}),
    }
    if desired.activates(application) or (desired.enable and not is_enabled(application, actual.service_principal)):
        before, after = {**before, "enabled": False}, {**after, "enabled": True}
    return Change(before, after, steps)


def is_enabled(application: Application, principal: ServicePrincipal | None) -> bool:
    """Whether a sign-in is let in, as far as it is for the tenant to say."""
    return not application.disabled and (principal is None or principal.enabled)


def _principal_steps(actual: Actual, *, enable: bool) -> tuple[Step, ...]:
    principal = actual.service_principal
    if principal is not None:
        return (EnableServicePrincipal(principal.id),) if enable and not principal.enabled else ()
    if actual.deleted_service_principal_id is not None:
        return (RestoreServicePrincipal(actual.deleted_service_principal_id),)
    return (CreateServicePrincipal(),)


def _owner_steps(desired: Desired, present: t.Sequence[str]) -> tuple[Step, ...]:
    return tuple(AddOwner(owner) for owner in dict.fromkeys(desired.owners) if owner not in present)


def _view(application: Application, principal: bool, owners: t.Sequence[str], state: str) -> dict[str, t.Any]:
    return {
        "state": state,
        "unique_name": application.unique_name,
        "display_name": application.display_name,
        "sign_in_audience": application.sign_in_audience,
        "notes": application.notes,
        "tags": sorted(application.tags),
        "service_principal": "present" if principal else "absent",
        "owners": sorted(owners),
    }


def differences(application: Application, desired: Desired) -> dict[str, t.Any]:
    is_now = {
        "displayName": application.display_name,
        "signInAudience": application.sign_in_audience,
        "notes": application.notes,
        "tags": sorted(application.tags),
    }
    wanted = desired.properties()
    differing = {
        name: value for name, value in wanted.items() if (sorted(value) if name == "tags" else value) != is_now[name]
    }
    return {**differing, **({"isDisabled": False} if desired.activates(application) else {})}


def to_restore(actual: Actual) -> Application | None:
    if len(actual.deleted) > 1:
        raise AmbiguityError(
            f"{len(actual.deleted)} deleted applications carry the same unique name.",
            next_step="Delete all but one of them permanently, then run again.",
            details=[application.candidate() for application in actual.deleted],
        )
    return actual.deleted[0] if actual.deleted else None


def to_adopt(actual: Actual, desired: Desired) -> Application | None:
    """The one application that may be adopted. Names are not unique: anything but one match is for a person."""
    if actual.deleted:
        return None
    if desired.adopt_client_id and not actual.candidates:
        raise InputError(
            f"There is no application with client id {desired.adopt_client_id} to adopt.",
            next_step="Correct adopt_client_id: it takes the Application (client) ID, which is not the object ID.",
            code="AdopteeMissing",
        )
    if not actual.candidates:
        return None
    listed = [application.candidate() for application in actual.candidates]
    names = "; ".join(f"client id {row['client_id']}, created {row['created']}" for row in listed)
    if not desired.adopt:
        raise AmbiguityError(
            f"An application named '{desired.display_name}' exists already and is not ours ({names}).",
            next_step="Set adopt to take it over, or choose another display_name.",
            details=listed,
        )
    if len(listed) > 1:
        raise AmbiguityError(
            f"{len(listed)} applications are named '{desired.display_name}' ({names}).",
            next_step="Name the one to adopt by its client id (adopt_client_id), or rename the others.",
            details=listed,
        )
    if actual.candidates[0].unique_name:
        raise AmbiguityError(
            f"The application to adopt is managed already under the unique name '{actual.candidates[0].unique_name}'.",
            next_step="A unique name cannot be changed: use it as unique_name, or choose another application.",
            details=listed,
        )
    return actual.candidates[0]
