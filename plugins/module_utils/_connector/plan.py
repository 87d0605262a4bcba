# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.steps import STEPS
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import renamed, told_in_variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    AmbiguityError,
    EndpointError,
    ExchangeError,
    InputError,
    NoExchangeError,
    PolicyError,
    ProofError,
    StoreError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import plan as secret_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import read as secret_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import run as secret_run
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.policy import POLICY
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import plan as consent_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import read as consent_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import run as consent_run
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import messages
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.waiting import (
    days,
    waiting_since,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials import read as access_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.check import (
    Gate,
    removal,
    with_ways,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.credentials.plan import held_back
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission import (
    model as permission,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission import (
    plan as permission_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission import (
    read as permission_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import resource_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.binding import Bound, bound_to
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import RecordProof
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.prove import prove
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.sign_in import note_sign_in
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    model as registration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    plan as registration_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    read as registration_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    run as registration_run,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    known_client_id,
    with_store,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    plan as restriction_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    read as restriction_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    run as restriction_run,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import CreatePolicy
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    SecretStore,
    StoredProof,
    StoredSecret,
)


def check_groups(planned: t.Sequence[Planned]) -> None:
    """One group may be told by its name once and by its address once. Raises InputError."""
    names: dict[str, str] = {}
    for entry in planned:
        guid, group = entry.restriction.group_guid, entry.wanted.restriction.group
        if guid in names:
            raise InputError(
                f"{names[guid]} and {group} are one group ({guid}): calendars and e-mail each need their own.",
                next_step="Correct connector_calendar_group or connector_mail_group; nothing was written.",
                code="SameGroup",
            )
        if guid is not None and group:
            names[guid] = group


class Planner:
    """Reads a tenant once for all steps and plans each of them, by the modules' own code. Writes nothing there.

    `note`: whether the store remembers who else was found to be able to sign in. `disables_open`: what is granted and
    not restricted is deactivated until it is.
    """

    def __init__(
        self,
        tenant: Tenant,
        store: SecretStore,
        *,
        note: bool,
        prove_again: bool,
        proof_valid: timedelta,
        disables_open: bool = False,
    ) -> None:
        self._tenant = tenant
        self._store = store
        self._note = note
        self._prove_again = prove_again
        self._proof_valid = proof_valid
        self._disables_open = disables_open

    def plan(self, wanted: t.Sequence[Wanted]) -> list[Planned]:
        """Raises whatever the steps raise for input that cannot work."""
        self._prefetch(wanted)
        planned = [Planned(self._known(entry)) for entry in wanted]
        for entry in planned:
            with told_in_variables(entry.name):
                for _name, work in self._works():
                    work(entry)
        check_groups(planned)
        return planned

    def look(self, wanted: t.Sequence[Wanted]) -> list[Planned]:
        """The same for an audit: where a run would stop is kept, and what it hides is left out."""
        self._prefetch(wanted)
        planned = [Planned(self._known(entry)) for entry in wanted]
        for entry in planned:
            for name, work in self._works():
                hidden = name in ("proof", "old restriction") or entry.wanted.client_id is None
                if not (entry.refused and hidden):
                    _keep_refusal(entry, partial(work, entry))
        _keep_refusal(planned[-1], partial(check_groups, planned))
        return planned

    def plan_secrets(self, wanted: t.Sequence[Wanted]) -> list[Planned]:
        """Only the client secrets, of registrations that the store knows. Raises InputError for any other."""
        known = [self._known(entry) for entry in wanted]
        missing = [entry.unique_name for entry in known if entry.registration.client_id is None]
        if missing:
            raise InputError(
                f"The store holds no secret of {' and '.join(missing)}.",
                next_step="Onboard the tenant first; where it was, bring its store back.",
                code="NoSecret",
            )
        located = [entry.located(entry.registration.client_id) for entry in known]
        reads = [registration_read.client_id_read(str(entry.client_id)) for entry in located]
        self._tenant.graph.read_ahead(reads)
        planned = [Planned(entry) for entry in located]
        for entry in planned:
            self._secret(entry)
        return planned

    def _known(self, wanted: Wanted) -> Wanted:
        """With what tells our registration from a stranger's that carries its key."""
        automation = self._tenant.client_id
        desired = with_store(wanted.registration, self._store, self._tenant.directory_id)
        # Of a store that is lost for good nothing can be asked.
        by_store = not wanted.secret.replaces_lost
        return replace(wanted, registration=replace(desired, automation=automation, by_store=by_store))

    def _works(self) -> list[tuple[str, t.Callable[[Planned], None]]]:
        work: dict[str, t.Callable[[Planned], None]] = {
            "application": self._application,
            "permissions": self._permissions,
            "restriction": self._restriction,
            "consent": self._consent,
            "secret": self._secret,
            "proof": self._proof,
            "old restriction": self._old_restriction,
        }
        return [(step.name, work[step.name]) for step in STEPS if step.each]

    # --- one method for each step -------------------------------------------------------------------------------------

    def _application(self, planned: Planned) -> None:
        desired = planned.wanted.registration
        actual = registration_read.read(self._tenant.graph, desired)
        if actual.application is None:
            declares = permission_read.read_declaration(self._tenant.graph, planned.wanted.declared)
            desired = replace(desired, declares=declares)
        planned.registration = actual
        planned.changes["application"] = registration_plan.plan(actual, desired)
        planned.wanted = planned.wanted.located(view(actual, desired)["client_id"])
        self._forget_restoring(actual, desired)
        planned.find(registration_run.findings(actual, restored=desired.restoring))
        self._access(planned, taken_over=self._takes_over(planned, actual, desired))
        _check_enabled(actual, desired)
        restored = registration_plan.restored(actual)
        if restored is not None:
            registration_read.foresee_restored(self._tenant.graph, restored.app_id)
            planned.wanted = planned.wanted.located(restored.app_id)

    def _forget_restoring(self, actual: registration.Actual, desired: registration.Desired) -> None:
        """Somebody activated it since."""
        found, place = actual.application, (self._tenant.directory_id, desired.unique_name)
        noted = self._store.registration(*place)
        if self._note and desired.restoring and noted is not None and found is not None and not found.disabled:
            self._store.note_registration(*place, replace(noted, restoring=False))

    @staticmethod
    def _takes_over(planned: Planned, actual: registration.Actual, desired: registration.Desired) -> bool:
        found = actual.application or registration_plan.to_restore(actual)
        return registration_plan.adopts(planned.changes["application"], found, desired)

    def _access(self, planned: Planned, *, taken_over: bool) -> None:
        """Who else can sign in, as the modules that grant something will find, and who of them goes before."""
        wanted, now = planned.wanted, self._tenant.graph.now
        if wanted.client_id is None:
            return
        found = Gate.from_params(self._tenant, self._store, wanted.access).look(wanted.client_id, note=self._note)
        decided = removal(self._store, self._tenant, wanted.access)
        actual = planned.registration
        application = registration_plan.found(actual, wanted.registration) if actual else None
        others = with_ways(self._tenant.graph, found, application, wanted.access, taken_over=taken_over)
        planned.changes["application"], steps = registration_plan.with_decisions(
            planned.changes["application"],
            others,
            decided,
            (wanted.registration.display_name, wanted.client_id),
            taken_over=taken_over,
            now=now,
        )
        planned.access = found.without(steps, now)
        planned.find((*found.findings, *held_back(others, decided, now)))

    def _permissions(self, planned: Planned) -> None:
        wanted = planned.wanted
        desired = permission.Desired(wanted.declared)
        actual = permission_read.read(self._tenant.graph, wanted.unique_name, desired, wanted.client_id)
        change = permission_plan.plan(actual, desired)
        if not registration_plan.creates(planned.changes["application"]):  # which declares them from the start
            planned.changes["permissions"] = change

    def _restriction(self, planned: Planned) -> None:
        wanted = planned.wanted.restriction
        desired = restriction_run.with_known(wanted, self._store, self._tenant.directory_id)
        desired = restriction_run.guarded(desired, planned.access)
        try:
            actual = restriction_read.read(self._clients(planned.wanted), desired, deleted=True)
            planned.restriction = restriction_plan.plan(actual, desired)
            if self._note:
                restriction_run.forget_policy(self._store, self._tenant.directory_id, desired, planned.restriction)
            planned.find(planned.restriction.findings)
            if self._note:
                restriction_run.note_sender(self._store, self._tenant.directory_id, desired, planned.restriction)
        except (EndpointError, ExchangeError, NoExchangeError) as error:
            if not restriction_run.is_optional(error, desired):
                raise
            planned.find(restriction_run.unread(error))
        planned.changes["restriction"] = planned.restriction.change
        planned.withheld += [step.describe() for step in planned.restriction.withheld]
        if planned.restriction.unseen_policy:
            planned.wait([str(planned.restriction.waiting)], planned.restriction.unseen_policy + desired.delay)
        if planned.restriction.withheld and not planned.access.foreign:
            planned.wait([str(planned.restriction.waiting)], planned.access.until)

    def _consent(self, planned: Planned) -> None:
        tenant, wanted, restriction = self._tenant, planned.wanted, planned.restriction
        actual = consent_read.read(tenant.graph, wanted.unique_name, wanted.declared, wanted.client_id)
        comes_back = planned.registration.deleted_service_principal_id if planned.registration else None
        if actual.principal_id is None and comes_back is not None:  # with what, nobody can tell yet
            actual = replace(actual, principal_id=comes_back, delegated=())
        withhold = bool(planned.access.foreign)
        consent = consent_plan.plan(actual, tenant.roles, restriction.hold, withhold=withhold)
        planned.open_grants = tuple(step for step in consent_plan.open_steps(actual) if step not in consent.held)
        planned.held_grants = tuple(consent.held)
        planned.withheld += [step.describe() for step in consent.withheld]
        planned.changes["consent"], planned.consent = consent.change, consent.state
        planned.grants = consent_plan.fingerprint(actual, consent.change.after["permissions"])
        planned.to_take = [step.describe() for step in consent_plan.taking(actual)]
        planned.find(consent_run.findings(actual))
        planned.granted = tuple(consent_plan.granted(actual))
        self._open_door(planned)
        if consent.held and restriction.since:
            held = [step.describe() for step in consent.held]
            planned.wait(held, restriction.since + wanted.restriction.delay)
        planned.messages = messages(
            tenant.options.authority_url, tenant.directory_id, wanted.unique_name, actual.app_id, consent
        )
        planned.to_revoke = [step.describe() for step in consent.to_revoke]
        name, asked, now = wanted.unique_name, (actual.app_id, consent), tenant.graph.now
        since = waiting_since(self._store, tenant.directory_id, name, asked, now, note=self._note)
        planned.asked_since, planned.asked_days = since, days(since, now)

    def _open_door(self, planned: Planned) -> None:
        """A restriction that is gone beside a living grant lets the registration into every mailbox."""
        wanted, found, now = planned.wanted, planned.registration, self._tenant.graph.now
        application = found.application if found else None
        names = [name for name in planned.granted if name in wanted.restriction.permissions]
        is_gone = any(isinstance(step, CreatePolicy) for step in planned.restriction.change.steps)
        if found is None or application is None or not (names and is_gone):
            return
        if not registration_plan.is_enabled(application, found.service_principal):
            return
        stored = self._store.read(self._tenant.directory_id, wanted.unique_name)
        planned.find([_open(names, stored.proof if stored else None, now + wanted.restriction.delay)])
        if self._disables_open:
            change = planned.changes["application"]
            planned.changes["application"] = registration_plan.with_deactivation(change, application)
            planned.deactivates = planned.stays_disabled = True
            planned.wait([f"enable {wanted.unique_name}"], now + wanted.restriction.delay)

    def _secret(self, planned: Planned) -> None:
        wanted, tenant = planned.wanted, self._tenant
        actual = secret_read.read(
            tenant.graph, self._store, tenant.directory_id, wanted.unique_name, wanted.secret, tenant.sign_in_reports
        )
        change = planned.changes["secret"] = secret_plan.plan(actual, wanted.secret)
        planned.issues_secret = secret_plan.issues(change)
        planned.was_handed_off = secret_plan.was_handed_off(actual)
        planned.named_keys = secret_plan.known(actual) & (wanted.secret.delivered | wanted.secret.revoked)
        planned.lives_outside = secret_plan.lives_outside(actual) or bool(wanted.access["keep"])
        planned.type_in = secret_plan.type_in(actual, actual.stored, change)
        planned.find(secret_run.findings(actual, wanted.secret))

    def _proof(self, planned: Planned) -> None:
        """While something is to be changed there is nothing to prove yet: the run that changes it proves it."""
        secret = self._store.read(self._tenant.directory_id, planned.wanted.unique_name)
        planned.holds = self._holds(planned, secret)
        self._keep_disabled(planned)
        if planned.consent != "granted" or planned.restriction.withheld or planned.stays_disabled:
            return
        record: Change[t.Any] = Change({"proven": False}, {"proven": True}, (RecordProof(planned.wanted.unique_name),))
        if planned.holds:
            planned.proven = True
            return
        if not planned.is_settled or planned.restriction.fingerprint is None or secret is None:
            planned.proven, planned.changes["proof"] = True, record
            return
        if self._note or planned.wanted.secret.reads_reports:
            graph, name = self._tenant.graph, planned.wanted.unique_name
            note_sign_in(self._store, self._tenant.directory_id, name, secret, graph.now)
        task = planned.wanted.proof if self._note else planned.wanted.proof.at_once()
        judgement, _now = prove(self._tenant, secret, replace(task, since=planned.restriction.since))
        if judgement.state == "proven":
            planned.proven, planned.changes["proof"] = True, record
        else:
            waits = [check.detail for check in judgement.checks if check.result == "not_yet"]
            planned.unprovable = [check.detail for check in judgement.checks if check.result == "no_evidence"]
            planned.wait(waits, judgement.try_again_at if waits else None)

    def _holds(self, planned: Planned, secret: StoredSecret | None) -> bool:
        """Whether a proof that was recorded is of this very restriction, of these grants and of this secret."""
        bound = bound_to(planned.restriction.fingerprint, planned.grants)
        if secret is None or bound is None or planned.issues_secret or self._prove_again:
            return False
        binding = Bound(bound, planned.restriction.since, self._proof_valid)
        return binding.proof_of(secret, self._tenant.graph.now) is not None

    def _keep_disabled(self, planned: Planned) -> None:
        """To enable is to consent anew: not while Exchange may not enforce the restriction of what is granted yet, nor
        while more is granted than is wanted. To restore is as much, since what was granted may come back.

        Only a proof of this very restriction shows that it does before its time. A secret that never left the store
        lets nobody in.
        """
        wanted, actual, change = planned.wanted, planned.registration, planned.changes["application"]
        enables = registration_plan.enables(change)
        if actual is None or not (enables or registration_plan.restores(change)):
            return
        narrows = restriction_plan.narrows(planned.restriction.change, wanted.restriction.mode)
        until = self._in_force(planned) if enables or narrows else None
        if until is None and not (planned.to_take or (narrows and self._opens(planned, enables=enables))):
            return
        if enables:
            planned.changes["application"] = registration_plan.without_enabling(change, actual, wanted.registration)
        planned.stays_disabled = True
        planned.wait([f"enable {wanted.unique_name}"], until)

    def _opens(self, planned: Planned, *, enables: bool) -> bool:
        """Whether it would reach more until the restriction is written, be it for nobody but us. What is restored may
        bring any grant along; one that is enabled has what was read."""
        wanted = planned.wanted.restriction
        if wanted.mode == "none" or not planned.restriction.change.changed:
            return False
        return not enables or wanted.mode == "rbac" or any(name in wanted.permissions for name in planned.granted)

    def _in_force(self, planned: Planned) -> datetime | None:
        """When the restriction is in force, where that is yet to come and somebody may sign in before."""
        wanted, since = planned.wanted.restriction, planned.restriction.since
        if since is None or not wanted.permissions or planned.holds or not planned.lives_outside:
            return None
        until = since + wanted.delay
        return until if until > self._tenant.graph.now else None

    def _old_restriction(self, planned: Planned) -> None:
        if planned.restriction.leftover and planned.proven:
            desired = replace(planned.wanted.restriction, proven=True)
            actual = restriction_read.read(self._clients(planned.wanted), desired)
            found = restriction_plan.plan(actual, desired)
            planned.changes["old restriction"] = found.change
            planned.find(told for told in found.findings if told not in planned.restriction.findings)

    def _clients(self, wanted: Wanted) -> restriction_read.Clients:
        tenant = self._tenant
        return restriction_read.Clients(
            tenant.graph, tenant.exchange, tenant.graph_beta if wanted.restriction.beta else None
        )

    # --- in few batches what the steps read one by one: each batch asks by what the one before has told --------------

    def _prefetch(self, wanted: t.Sequence[Wanted]) -> None:
        graph = self._tenant.graph
        remembered = self._remembered_app_ids(wanted)
        resources = {entry.resource_app_id for each in wanted for entry in each.declared}
        graph.read_ahead(
            [
                *(registration_read.application_read(entry.unique_name) for entry in wanted),
                *map(resource_read, sorted(resources)),
                *map(registration_read.service_principal_read, remembered),
            ]
        )
        bodies = [registration_read.find_by_unique_name(graph, entry.unique_name) for entry in wanted]
        there = [body for body in bodies if body is not None]
        app_ids = [str(body["appId"]) for body in there]
        fresh = [entry for entry, body in zip(wanted, bodies, strict=True) if body is None]
        self._prefetch_grants(there, remembered, fresh)
        reports = self._tenant.sign_in_reports
        if reports is not None and any(entry.secret.reads_reports for entry in wanted):
            reports.read_ahead(map(secret_read.used_read, remembered))
        if self._tenant.has_exchange:
            self._prefetch_exchange(wanted, app_ids, fresh)

    def _prefetch_grants(self, bodies: list[Json], remembered: list[str], fresh: list[Wanted]) -> None:
        graph = self._tenant.graph
        app_ids = [str(body["appId"]) for body in bodies]
        graph.read_ahead(
            map(registration_read.service_principal_read, [id_ for id_ in app_ids if id_ not in remembered])
        )
        found = [registration_read.find_service_principal(graph, app_id) for app_id in app_ids]
        reads = [read for principal in found if principal for read in consent_read.grants_reads(principal.id)]
        # Who else can sign in.
        reads += [
            read
            for body, principal in zip(bodies, found, strict=True)
            for read in access_read.reads(body["id"], principal.id if principal else None)
        ]
        # What may be theirs although the key does not find it, and what a new secret may be.
        unkeyed = [read for entry in fresh for read in registration_read.unkeyed_reads(entry.registration)]
        located = map(registration_read.client_id_read, app_ids)
        graph.read_ahead([*reads, *located, *unkeyed, *([POLICY] if fresh else [])])

    def _prefetch_exchange(self, wanted: t.Sequence[Wanted], app_ids: list[str], fresh: list[Wanted]) -> None:
        groups = sorted({entry.restriction.group for entry in wanted} - {""})
        # The group of a registration that is yet to be made is likely to be missing too; without a group, only the
        # sender is looked for.
        looking = [entry.restriction for entry in wanted if entry in fresh or not entry.restriction.group]
        names = sorted({name for restriction in looking for name in restriction_read.recipients_of(restriction)})
        self._tenant.exchange.read_ahead(restriction_read.reads_ahead(app_ids, groups, names))

    def _remembered_app_ids(self, wanted: t.Sequence[Wanted]) -> list[str]:
        """What the store knows saves a batch, and costs nothing where it is wrong."""
        tenant_id = self._tenant.directory_id
        known = [known_client_id(self._store, tenant_id, entry.unique_name) for entry in wanted]
        return [client_id for client_id in known if client_id is not None]


def _check_enabled(actual: registration.Actual, desired: registration.Desired) -> None:
    """Raises AmbiguityError: what nobody can sign in with is never complete; whether to enable it somebody decides."""
    found, principal = registration_plan.found(actual, desired), actual.service_principal
    if found is not None and desired.restoring:  # which is ours to end
        found = replace(found, disabled=False)
    reasons = list(registration_run.disabled(found, principal))
    by_microsoft = any(entry is not None and entry.by_microsoft for entry in (found, principal))
    if not reasons or (desired.enable and not by_microsoft):
        return
    ours = "" if by_microsoft else " Or you set connector_enable: true, if it was not disabled on purpose."
    raise AmbiguityError(
        f"The registration {desired.unique_name} (client id {found.app_id if found else ''}) cannot be used.",
        next_step=f"{' '.join(reasons)}{ours}",
        code="RegistrationDisabled",
    )


def _open(names: t.Sequence[str], proof: StoredProof | None, until: datetime) -> str:
    proven = f"was last proven on {proof.at:%Y-%m-%d %H:%M} UTC" if proof else "was never proven"
    return (
        f"Nothing restricts its mailboxes, and {' and '.join(names)} is granted: it reaches every mailbox of the "
        f"tenant. The restriction {proven}; when it went, Exchange does not tell. It is written before anything else, "
        f"and is in force by {until:%Y-%m-%d %H:%M} UTC at the latest. connector_open_door says whether the "
        "registration is deactivated until then. An Exchange administrator of the tenant finds out who removed it."
    )


def _keep_refusal(planned: Planned, work: t.Callable[[], None]) -> None:
    try:
        work()
    except (AmbiguityError, InputError, PolicyError, ProofError, StoreError) as error:
        planned.refused.append(renamed(error, planned.name))
