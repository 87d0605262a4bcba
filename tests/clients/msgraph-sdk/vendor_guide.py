# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's guide, done by an administrator with Microsoft's own SDK for Graph.

Given: tenant, client_id and secret of the administrator's application, and registrations (display name, permissions).
Answers, for each display name: client id, object id, and the client secret with its key id.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from azure.identity import ClientSecretCredential
from msgraph import GraphServiceClient
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.service_principal import ServicePrincipal

GRAPH = "00000003-0000-0000-c000-000000000000"


async def main(given: dict[str, Any]) -> dict[str, Any]:
    credential = ClientSecretCredential(given["tenant"], given["client_id"], given["secret"])
    graph = GraphServiceClient(credential)
    resource = await graph.service_principals_with_app_id(GRAPH).get()
    roles = {role.value: role.id for role in resource.app_roles}
    return {
        wanted["display_name"]: await register(
            graph, wanted["display_name"], resource, [roles[name] for name in wanted["permissions"]]
        )
        for wanted in given["registrations"]
    }


async def register(
    graph: GraphServiceClient, name: str, resource: ServicePrincipal, roles: list[UUID]
) -> dict[str, str]:
    application = await graph.applications.post(
        Application(display_name=name, sign_in_audience="AzureADMyOrg", required_resource_access=[declared(roles)])
    )
    principal = await graph.service_principals.post(ServicePrincipal(app_id=application.app_id))
    for role in roles:
        await consent(graph, principal, resource, role)
    secret = await graph.applications.by_application_id(application.id).add_password.post(
        AddPasswordPostRequestBody(
            password_credential=PasswordCredential(
                display_name="Totalview", end_date_time=datetime.now(UTC) + timedelta(days=365)
            )
        )
    )
    return {
        "client_id": application.app_id,
        "object_id": application.id,
        "secret": secret.secret_text,
        "key_id": str(secret.key_id),
    }


def declared(roles: list[UUID]) -> RequiredResourceAccess:
    return RequiredResourceAccess(
        resource_app_id=GRAPH, resource_access=[ResourceAccess(id=role, type="Role") for role in roles]
    )


async def consent(
    graph: GraphServiceClient, principal: ServicePrincipal, resource: ServicePrincipal, role: UUID
) -> None:
    await graph.service_principals.by_service_principal_id(principal.id).app_role_assignments.post(
        AppRoleAssignment(principal_id=UUID(principal.id), resource_id=UUID(resource.id), app_role_id=role)
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
