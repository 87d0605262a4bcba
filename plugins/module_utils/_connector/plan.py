# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._connector import ahead
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Findings, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    ExchangeRightError,
    NoExchangeError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import plan as secret_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret import read as secret_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import plan as consent_plan
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent import read as consent_read
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import (
    consent_link,
    consent_message,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.model import Consent
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission import (
    declaration as permission_declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.model import RecordProof
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.prove import proof_of, prove
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    plan as registration_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    read as registration_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.view import view
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    plan as restriction_plan,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    read as restriction_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    UNRESTRICTED,
    Restriction,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore

_UNREAD = "Whether an earlier restriction is left over in Exchange is not known: {}"


class Planner:
    """Reads a tenant once for all stages and plans each of them. Writes nothing."""

    def __init__(self, tenant: Tenant, store: SecretStore, *, prove_again: bool) -> None:
        self._tenant = tenant
        self._store = store
        self._prove_again = prove_again

    def plan(self, wanted: t.Sequence[Wanted]) -> list[Findings]:
        """Raises whatever the stages raise for input that cannot work."""
        self._read_ahead(wanted)
        return [self._plan_one(entry) for entry in wanted]

    def _read_ahead(self, wanted: t.Sequence[Wanted]) -> None:
        """In few batches what the stages read one by one: each batch asks by what the one before has told."""
        graph = self._tenant.graph
        remembered = self._remembered_app_ids(wanted)
        graph.read_ahead([*ahead.first_reads(wanted), *map(registration_read.service_principal_read, remembered)])
        names = [entry.registration.unique_name for entry in wanted]
        bodies = [registration_read.find_by_unique_name(graph, name) for name in names]
        app_ids = [str(body["appId"]) for body in bodies if body is not None]
        graph.read_ahead(
            map(registration_read.service_principal_read, [id_ for id_ in app_ids if id_ not in remembered])
        )
        found = [registration_read.find_service_principal(graph, app_id) for app_id in app_ids]
        ids = [principal.id for principal in found if principal is not None]
        fresh = [entry for entry, body in zip(wanted, bodies, strict=True) if body is None]
        reads = [read for id_ in ids for read in consent_read.grants_reads(id_)]
        graph.read_ahead([*reads, *ahead.unkeyed_reads_of(fresh)])
        if self._tenant.has_exchange:
            ahead.read_exchange(self._tenant, wanted, app_ids, fresh)

    def _remembered_app_ids(self, wanted: t.Sequence[Wanted]) -> list[str]:
        """What the store knows saves a batch, and costs nothing where it is wrong."""
        tenant_id = self._tenant.directory_id
        stored = [self._store.read(tenant_id, entry.registration.unique_name) for entry in wanted]
        return [secret.client_id for secret in stored if secret is not None]

    def _plan_one(self, wanted: Wanted) -> Findings:
        findings = Findings(wanted.name)
        graph, unique_name = self._tenant.graph, wanted.registration.unique_name
        actual = registration_read.read(graph, wanted.registration)
        findings.registration = view(actual, wanted.registration)
        findings.changes["application"] = registration_plan.plan(actual, wanted.registration)
        declaration = permission_declaration.Desired(wanted.declared)
        declared = permission_declaration.read(graph, unique_name, declaration)
        permissions = permission_declaration.plan(declared, declaration)
        if not registration_plan.creates(findings.changes["application"]):  # which declares them from the start
            findings.changes["permissions"] = permissions
        restriction = self._restriction(wanted, findings)
        consent = self._consent(wanted, findings, restriction)
        tenant_id = self._tenant.directory_id
        secret = secret_read.read(graph, self._store, tenant_id, unique_name, wanted.secret)
        findings.changes["secret"] = secret_plan.plan(secret, wanted.secret)
        if consent.state == "granted":
            self._proof(wanted, findings, restriction)
        if restriction.leftover and findings.proven:
            findings.changes["old restriction"] = self._old_restriction(wanted)
        return findings

    def _restriction(self, wanted: Wanted, findings: Findings) -> Restriction:
        try:
            actual = restriction_read.read(self._clients(wanted), wanted.restriction)
            restriction = restriction_plan.plan(actual, wanted.restriction)
        except (ExchangeRightError, NoExchangeError) as error:
            if wanted.restriction.mode != "none":
                raise
            # Without a right in Exchange nothing can be restricted there, and nothing was.
            findings.warnings.append(_UNREAD.format(error.message))
            return UNRESTRICTED
        findings.changes["restriction"] = restriction.change
        return restriction

    def _clients(self, wanted: Wanted) -> restriction_read.Clients:
        tenant = self._tenant
        return restriction_read.Clients(
            tenant.graph, tenant.exchange, tenant.graph_beta if wanted.restriction.beta else None
        )

    def _old_restriction(self, wanted: Wanted) -> Change[t.Any]:
        desired = replace(wanted.restriction, proven=True)
        return restriction_plan.plan(restriction_read.read(self._clients(wanted), desired), desired).change

    def _consent(self, wanted: Wanted, findings: Findings, restriction: Restriction) -> Consent:
        tenant, unique_name = self._tenant, wanted.registration.unique_name
        actual = consent_read.read(tenant.graph, unique_name, wanted.declared)
        consent = consent_plan.plan(actual, tenant.roles, restriction.hold)
        findings.changes["consent"] = consent.change
        if consent.held and restriction.since:
            held = [step.describe() for step in consent.held]
            findings.wait(held, restriction.since + wanted.restriction.delay)
        waiting = [step.describe() for step in consent.waiting]
        if waiting:
            findings.link = consent_link(tenant.options.authority_url, tenant.directory_id, actual.app_id)
            findings.message = consent_message(tenant.directory_id, unique_name, waiting, findings.link)
        return consent

    def _proof(self, wanted: Wanted, findings: Findings, restriction: Restriction) -> None:
        """While something is to be changed there is nothing to prove yet: the run that changes it proves it."""
        record: Change[t.Any] = Change({"proven": False}, {"proven": True}, (RecordProof(wanted.name),))
        unique_name = wanted.registration.unique_name
        secret = self._store.read(self._tenant.directory_id, unique_name)
        fingerprint = restriction.fingerprint
        if findings.planned or fingerprint is None or secret is None:
            findings.proven, findings.changes["proof"] = True, record
            return
        if proof_of(secret, fingerprint) is not None and not self._prove_again:
            findings.proven = True
            return
        judgement, _now = prove(self._tenant, secret, replace(wanted.proof, since=restriction.since))
        if judgement.state == "proven":
            findings.proven, findings.changes["proof"] = True, record
        else:
            waits = [check.detail for check in judgement.checks if check.result == "not_yet"]
            findings.wait(waits, judgement.try_again_at)
