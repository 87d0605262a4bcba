# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/oauth2PermissionGrants`: delegated permissions."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.graph.bodies import read_body
from emulator.graph.errors import bad_request
from emulator.graph.handlers.context import directory_of, no_content, seen_of, target_of
from emulator.graph.odata.entities import OAUTH_GRANT
from emulator.graph.odata.listing import created_answer, entity_answer, list_answer
from emulator.graph.store import grants, service_principals
from emulator.graph.store.records import Kind


def list_all(call: Call) -> Answer:
    return list_answer(call, OAUTH_GRANT, directory_of(call).records(Kind.OAUTH_GRANT))


def list_of_client(call: Call) -> Answer:
    client = target_of(call).id
    records = directory_of(call).records(Kind.OAUTH_GRANT)
    return list_answer(call, OAUTH_GRANT, (record for record in records if record.true.body["clientId"] == client))


def read(call: Call) -> Answer:
    return entity_answer(call, OAUTH_GRANT, seen_of(call))


def create(call: Call) -> Answer:
    body = read_body(call, "oAuth2PermissionGrant", required=("clientId", "consentType", "resourceId"))
    _check_principal(body)
    directory = directory_of(call)
    client = service_principals.reference(directory, body["clientId"])
    resource = service_principals.reference(directory, body["resourceId"])
    record = grants.add_scopes(directory, {**body, "clientId": client.id, "resourceId": resource.id})
    answer = created_answer(call, OAUTH_GRANT, record.true.body)
    answer.headers["location"] = f"{call.origin}/v2/{directory.tenant_id}/oauth2PermissionGrants/{record.id}"
    return answer


def _check_principal(body: Body) -> None:
    for_all = body["consentType"] == "AllPrincipals"
    if for_all == bool(body.get("principalId")):
        raise bad_request("The principalId must be null for AllPrincipals and a user for Principal.")


def update(call: Call) -> Answer:
    fixed = ("clientId", "consentType", "principalId", "resourceId")
    body = read_body(call, "oAuth2PermissionGrant", fixed=fixed)
    directory_of(call).change(target_of(call), body)
    return no_content()


def delete(call: Call) -> Answer:
    grants.revoke(directory_of(call), target_of(call))
    return no_content()
