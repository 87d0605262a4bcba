# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import details, findings_read, options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.candidates import (
    Candidate,
    Found,
    Looked,
    candidates,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import KINDS, Finding, findings
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Planned, Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.plan import Planner
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.result import unchanged_result
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ExchangeError, NoExchangeError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Outcome
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import (
    MICROSOFT_GRAPH,
    Permission,
    Resource,
    permissions_from_graph,
    read_catalog,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration import (
    read as registration_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.locate import (
    known_client_id,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction import (
    read as restriction_read,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import Group
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import SecretStore

#: Kinds of findings that tell of the application as somebody made it, not of what the onboarding brings anyway.
_TOLD = frozenset(
    {
        "foreign-secret",
        "foreign-certificate",
        "foreign-federation",
        "foreign-owner",
        "audience",
        "redirect-uri",
        "public-client",
        "exposed-api",
        "extra-grant",
        "extra-delegated-grant",
        "disabled",
    }
)


@dataclass
class Part:
    """What was found for one registration. `known`: the store has it, nothing is looked for.

    `group`: that an access policy restricts the one candidate to. `planned`: what adopting that one would change.
    `findings`: what comes with it.
    """

    entry: options.Registration
    known: bool = False
    candidates: tuple[Candidate, ...] = ()
    group: Group | None = None
    planned: Planned | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def only(self) -> Candidate | None:
        return self.candidates[0] if len(self.candidates) == 1 else None


def discover(tenant: Tenant, store: SecretStore, planner: Planner, variables: Variables, host: str) -> Outcome:
    """Applications that people made by hand for Totalview, and what adopting them would change. Writes nothing."""
    entries = options.registrations(variables)
    parts = [
        Part(entry, known_client_id(store, tenant.directory_id, entry["unique_name"]) is not None) for entry in entries
    ]
    warnings: list[str] = []
    if not all(part.known for part in parts):
        policies = _policies(tenant, warnings)
        applications = _applications(tenant, policies)
        for part in parts:
            part.candidates = () if part.known else candidates(_looked(part.entry), applications)
        _tell_apart(parts)
        for part in parts:
            part.group = _group(tenant, part, policies)
    _plan(tenant, planner, store, variables, [part for part in parts if part.only])
    planned = [part.planned for part in parts if part.planned is not None]
    told = details.of_plan(host, tenant.directory_id, planned, store)
    values = {
        "tenant_id": tenant.directory_id,
        "planned": [],
        "plan": [],
        "result": _result(host, parts),
        "details": {**told, "warnings": [*told["warnings"], *warnings]},
        "discovered": _text(host, tenant.directory_id, parts),
    }
    return Outcome(values, warnings=tuple(warnings))


def _looked(entry: options.Registration) -> Looked:
    return Looked(entry["name"], entry["display_name"], frozenset(entry["permissions"]))


def _policies(tenant: Tenant, warnings: list[str]) -> list[Json]:
    try:
        return restriction_read.all_policies(tenant.exchange)
    except (ExchangeError, NoExchangeError) as error:
        warnings.append(f"Whether access policies name an application is not known: {error.message}")
        return []


def _applications(tenant: Tenant, policies: t.Sequence[Json]) -> list[Found]:
    graph = read_catalog(tenant.graph, [MICROSOFT_GRAPH]).resources.get(MICROSOFT_GRAPH)
    rows = registration_read.list_applications(tenant.graph)
    return [_found(row, graph, policies) for row in rows]


def _found(row: Json, graph: Resource | None, policies: t.Sequence[Json]) -> Found:
    declared = permissions_from_graph(row.get("requiredResourceAccess"))
    groups = {
        str(policy.get("ScopeName") or policy.get("ScopeIdentity") or "?")
        for policy in policies
        if restriction_read.is_of(policy, row["appId"]) and policy["AccessRight"] == "RestrictAccess"
    }
    return Found(
        client_id=row["appId"],
        display_name=row.get("displayName") or "",
        created=row.get("createdDateTime"),
        unique_name=row.get("uniqueName"),
        audience=row.get("signInAudience") or "",
        permissions=frozenset(_names(declared, graph)),
        policies=tuple(sorted(groups)),
        secrets=len(row.get("passwordCredentials") or ()),
    )


def _names(declared: t.Iterable[Permission], graph: Resource | None) -> t.Iterator[str]:
    for permission in declared:
        if permission.kind == "Role":
            known = graph is not None and permission.resource_app_id == graph.app_id
            yield graph.name(permission) if known and graph else permission.id


def _tell_apart(parts: t.Sequence[Part]) -> None:
    """One application cannot be both registrations: where it is all that there is for either, nobody but the operator
    can tell."""
    shared = {part.only.found.client_id for part in parts if part.only}
    if len(parts) > 1 and len(shared) == 1 and all(part.only for part in parts):
        for part in parts:
            part.candidates = (*part.candidates, *part.candidates)


def _group(tenant: Tenant, part: Part, policies: t.Sequence[Json]) -> Group | None:
    """The one group that the one candidate is restricted to, with its members."""
    if part.only is None or len(part.only.found.policies) != 1:
        return None
    rows = [row for row in policies if restriction_read.is_of(row, part.only.found.client_id)]
    found = restriction_read.find_group(tenant.exchange, part.only.found.policies[0])
    # Names can be taken: it is the one that the policy means only by its SID.
    same = found is not None and any(restriction_read.scope_sid(row) == found.sid for row in rows)
    return found if same else None


def _plan(tenant: Tenant, planner: Planner, store: SecretStore, variables: Variables, parts: t.Sequence[Part]) -> None:
    """By the code that would adopt them, and that of an audit."""
    wanted = [Wanted.from_options(variables, {**part.entry, **_adopting(part)}, store.address) for part in parts]
    if not wanted:
        return
    found = planner.look(wanted)
    around = findings_read.read(
        tenant.graph, None, [(entry.wanted.client_id, entry.wanted.registration.display_name) for entry in found]
    )
    for part, planned, surroundings in zip(parts, found, around, strict=True):
        part.planned = planned
        every = findings(planned, surroundings, None, tenant.graph.now)
        part.findings = tuple(finding for finding in every if finding.kind in _TOLD)


def _adopting(part: Part) -> dict[str, t.Any]:
    """The variables of the registration that adopt what was found, without their prefix."""
    if part.only is None:
        return {}
    found: dict[str, t.Any] = {"adopt": True, "adopt_client_id": part.only.found.client_id}
    if part.group is not None:
        members = [member.address for member in part.group.members]
        found |= {
            "restriction": "access_policy",
            "group": part.group.name,
            "members": members,
            "adopt_group": part.group.guid,
        }
    return found


# --- what is told -----------------------------------------------------------------------------------------------------


def _result(host: str, parts: t.Sequence[Part]) -> dict[str, t.Any]:
    """The role's connector_result after its tasks `discover`."""
    several = [part for part in parts if len(part.candidates) > 1]
    adoptable = [part for part in parts if part.only]
    told = [*map(_in_short, several), *map(_in_short, adoptable)]
    if several:
        state, then = "waiting_for_decision", " You name the right one in the file"
    elif adoptable:
        state, then = "found", " You read the file, and put it beside the inventory's other variables of the host"
    else:
        state, then = "nothing_found", "-"
    return unchanged_result(host, state, f"{' '.join(told)}{then}")


def _in_short(part: Part) -> str:
    if part.only is None:
        names = ", ".join(dict.fromkeys(one.found.client_id for one in part.candidates))
        return f"{part.entry['name']}: several applications may be it ({names})."
    return f"{part.entry['name']}: {part.only.found.display_name} ({part.only.found.client_id})."


def _text(host: str, tenant_id: str, parts: t.Sequence[Part]) -> str:
    """Variables of the host, in YAML, with what they mean as comments. No secret is in it, and no time."""
    lines = [
        f"Hand-made Totalview applications of {host} (tenant {tenant_id}), as the playbook discover has found them.",
        "Read it, change it, and put it into host_vars. Then the playbook onboard adopts them; --check tells more.",
    ]
    return "".join(["---\n", *map(_comment, lines), *(line for part in parts for line in _lines(part))])


def _lines(part: Part) -> t.Iterator[str]:
    name = part.entry["name"]
    yield "\n"
    if part.known:
        yield _comment(f"{name}: the store knows the registration; there is nothing to adopt.")
    elif not part.candidates:
        yield _comment(f"{name}: nothing was found.")
    elif part.only is None:
        yield _comment(f"{name}: several may be it, or one for both. Name one in connector_{name}_adopt_client_id.")
        yield from (_comment(f"- {text}") for text in dict.fromkeys(one.describe() for one in part.candidates))
    else:
        yield _comment(f"{name}: {part.only.describe()}.")
        yield from (_comment(f"- {text}") for text in _consequences(part))
        yield from (f"connector_{name}_{option}: {json.dumps(value)}\n" for option, value in _adopting(part).items())


def _consequences(part: Part) -> t.Iterator[str]:
    """What adopting would change, and what somebody must decide on before."""
    planned = part.planned
    if planned is None:
        return
    for name in planned.parts:
        yield f"would change ({name}): {', '.join(planned.changes[name].describe())}"
    yield from (f"to decide: {error.message} {error.next_step}" for error in planned.refused)
    for finding in part.findings:
        evidence = "; ".join(finding.evidence)
        yield f"to know: {KINDS[finding.kind].what.removesuffix('.')}{f' ({evidence})' if evidence else ''}."


def _comment(text: str) -> str:
    return f"# {one_line(text)}\n"
