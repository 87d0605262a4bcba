# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Findings, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.plan import Planner
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.stages import Onboarding, Progress
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.summary import Standing
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import (
    SECRET_VARIABLES,
    Variables,
    read_variables,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import hand_over
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff import run as handoff_run
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_folder, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore


def run_plan(call: Call) -> Outcome:
    """The work of connector_plan."""
    host, variables = _host_and_variables(call)
    tenant = replace(call, params=options.connection(variables)).tenant()
    store = open_store(options.store(variables), call.vault)
    wanted = [Wanted.from_options(variables, entry, store.address) for entry in options.registrations(variables)]
    findings = Planner(tenant, store, prove_again=variables["connector_prove_again"]).plan(wanted)
    hands_off, handed_off = _handoff_state(call, variables, store, tenant.directory_id, findings)
    planned = [f"{entry.name}: {', '.join(entry.planned)}" for entry in findings if entry.planned]
    planned += ["hand-off"] if hands_off else []
    if not planned:
        for entry in findings:
            hand_over(entry.message)
    progress = Progress(tenant.directory_id, handed_off)
    for entry in findings:
        progress.note(entry.name, "application", {"registration": entry.registration})
    values = {"tenant_id": tenant.directory_id, "planned": planned}
    return Outcome(
        # Who has nothing to do needs nothing to do it with: a fleet's results stay small.
        {**values, "progress": progress.dump()} if planned else values,
        warnings=tuple(warning for entry in findings for warning in entry.warnings),
        session=tenant.tokens.session if planned else None,
        facts={"connector_result": _standing(findings, pending=bool(planned), handed_off=handed_off).result(host)},
    )


def run_stage(call: Call) -> Outcome:
    """The work of connector_stage."""
    host, variables = _host_and_variables(call)
    return Onboarding(call, host, variables, Progress.load(call.params["progress"])).run(call.params["stage"])


def _host_and_variables(call: Call) -> tuple[str, Variables]:
    """Raises InputError."""
    missing = [name for name in ("variables", "host", "progress") if call.params.get(name, "") is None]
    if missing:
        raise InputError(
            f"Not given: {', '.join(missing)}.",
            next_step="Give variables and host; to a stage the session that the task before it returns.",
        )
    host = call.params["host"]
    hidden = {name: call.params[name] for name in SECRET_VARIABLES if call.params[name]}
    return host, read_variables({**call.params["variables"], **hidden}, host)


def _standing(findings: t.Sequence[Findings], *, pending: bool, handed_off: bool) -> Standing:
    times = [entry.try_again_at for entry in findings if entry.try_again_at]
    return Standing(
        changed=[],
        links=[entry.link for entry in findings if entry.message],
        waits=[reason for entry in findings for reason in entry.waits],
        try_again_at=max(times).isoformat(timespec="seconds") if times else None,
        handed_off=handed_off,
        pending=pending,
    )


def _handoff_state(
    call: Call, variables: Variables, store: SecretStore, tenant_id: str, findings: t.Sequence[Findings]
) -> tuple[bool, bool]:
    """Whether the hand-off would change now, and whether there is one. It waits for consent and for the proof."""
    handoff = options.handoff(variables, tenant_id, ())
    sender = handoff_run.checked_address(handoff["sender"])
    folder = open_folder(handoff["folder"], handoff["store"], call.vault)
    present = handoff_run.read(folder, handoff["name"])
    released = all(entry.proven for entry in findings) or variables["connector_handoff_unproven"]
    if any(entry.message for entry in findings) or not released:
        return False, present is not None
    issued = {entry.name for entry in findings if "secret" in entry.planned}
    secrets = [None if name in issued else store.read(tenant_id, handoff[name]) for name in ("calendar", "mail")]
    desired = handoff_run.Desired(tenant_id, secrets[0], secrets[1], sender)
    change = handoff_run.plan(present, desired, handoff["name"])
    if change.changed:
        folder.check()
    return change.changed, present is not None
