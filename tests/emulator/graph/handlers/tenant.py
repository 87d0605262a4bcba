# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/organization`, `/users` and the app management policy."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.graph.errors import not_found
from emulator.graph.handlers.context import directory_of
from emulator.graph.keys import parse_key
from emulator.graph.odata.entities import ORGANIZATION, USER
from emulator.graph.odata.listing import count_answer, entity_answer, list_answer
from emulator.graph.rights import FULL_USERS, held
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, Record, settled
from emulator.planting import SEEDED_AT
from emulator.world import Tenant

# What User.ReadBasic.All shows (permissions-reference).
BASIC = frozenset({"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"})


def organization(call: Call) -> Answer:
    assert call.tenant is not None
    return list_answer(call, ORGANIZATION, settled([_organization_body(call.tenant)]))


def _organization_body(tenant: Tenant) -> Body:
    body: Body = {name: [] if name.endswith(("Phones", "Mails", "Plans")) else None for name in ORGANIZATION.fields}
    return {
        **body,
        "id": tenant.id,
        "countryLetterCode": "DK",
        "createdDateTime": SEEDED_AT,
        "displayName": tenant.display_name,
        "tenantType": "AAD",
        "verifiedDomains": [_domain(name, first=name == tenant.domains[0]) for name in tenant.domains],
    }


def _domain(name: str, *, first: bool) -> Body:
    return {
        "capabilities": "Email, OfficeCommunicationsOnline",
        "isDefault": first,
        "isInitial": name.lower().endswith(".onmicrosoft.com"),
        "name": name,
        "type": "Managed",
    }


def list_users(call: Call) -> Answer:
    answer = list_answer(call, USER, directory_of(call).records(Kind.USER))
    answer.body["value"] = [_shown(call, body) for body in answer.body["value"]]
    return answer


def count_users(call: Call) -> Answer:
    return count_answer(call, USER, directory_of(call).records(Kind.USER))


def read_user(call: Call) -> Answer:
    record = _find_user(directory_of(call), call.params["key"])
    return Answer(200, _shown(call, entity_answer(call, USER, record.true).body))


def _find_user(directory: Directory, segment: str) -> Record:
    _unused, value = parse_key(segment)
    record = directory.find(Kind.USER, "id", value) or directory.find(Kind.USER, "userPrincipalName", value)
    if record is None:
        raise not_found(value)
    return record


def _shown(call: Call, body: Body) -> Body:
    if not FULL_USERS.isdisjoint(held(call.claims)):
        return body
    hidden = [name for name in body if name not in BASIC and not name.startswith("@")]
    return {**body, **{name: [] if isinstance(body[name], list) else None for name in hidden}}


def app_management_policy(call: Call) -> Answer:
    context = f"{call.origin}/v1.0/$metadata#policies/defaultAppManagementPolicy/$entity"
    return Answer(200, {"@odata.context": context, **directory_of(call).policy})
