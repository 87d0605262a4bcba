# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rig's tenant with mailboxes, groups and finished applications: for tests of who reaches which mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests

from emulator.exchange.store import access_policies, assignments, groups, pointers, scopes
from emulator.exchange.store.model import (
    EVERYBODY,
    AccessPolicy,
    AccessRight,
    Details,
    Pointer,
    Recipient,
    RoleAssignment,
    Scope,
    ScopeKind,
)
from emulator.exchange.store.organisation import Organisation
from emulator.graph.store.records import Kind
from emulator.rig import Rig
from emulator.world import Tenant

DOMAIN = "mail.example"
MEMBER, NESTED, OUTSIDER = (f"{name}@{DOMAIN}" for name in ("member", "nested", "outsider"))
ALL = [MEMBER, NESTED, OUTSIDER]
WINDOW = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2036-01-01T00:00:00Z"

SEED = {
    "domains": [DOMAIN],
    "display_name": "Mail",
    "users": [
        *({"upn": upn} for upn in ALL),
        {"upn": f"nobox@{DOMAIN}", "mailbox": False},
    ],
}


@dataclass(frozen=True)
class App:
    app_id: str
    principal_id: str
    secret: str


class MailboxRig:
    """The group holds `member` itself, and `nested` through a group inside it."""

    def __init__(self, rig: Rig, seed: dict[str, Any] | None = None) -> None:
        self.rig = rig
        [self.tenant_id] = rig.admin.seed({"tenants": [seed or SEED]})
        inner = self.new_group("Inner", NESTED)
        self.group = self.new_group("Outer", MEMBER, inner.name)

    @property
    def tenant(self) -> Tenant:
        tenant = self.rig.world.tenant(self.tenant_id)
        assert tenant is not None
        return tenant

    @property
    def organisation(self) -> Organisation:
        assert self.tenant.exchange is not None
        return self.tenant.exchange

    def new_group(self, name: str, *members: str, details: Details = Details.SECURITY_GROUP) -> Recipient:
        return groups.create(self.organisation, groups.NewGroup(name=name, details=details, members=members))

    # --- applications ---------------------------------------------------------------------------------------------

    def app(self, *permissions: str, name: str = "Finished", consent: bool = True) -> App:
        registered = self.rig.admin.portal_application(
            self.tenant_id, name, permissions=permissions, consent=consent and bool(permissions)
        )
        secret = self.graph("POST", f"/applications/{registered['id']}/addPassword", {}).json()["secretText"]
        principal = self.tenant.directory.find_live(Kind.SERVICE_PRINCIPAL, "appId", registered["appId"])
        assert principal is not None
        return App(registered["appId"], principal.id, secret)

    def token(self, app: App) -> str:
        return str(self.rig.sign_in(app.app_id, app.secret, tenant=self.tenant_id).json()["access_token"])

    # --- rules ----------------------------------------------------------------------------------------------------

    def restrict(self, app: App, *, right: AccessRight = AccessRight.RESTRICT, scope: str = "") -> AccessPolicy:
        return access_policies.create(self.organisation, app.app_id, scope or self.group.guid, right, " ")

    def pointer(self, app: App) -> Pointer:
        known = self.organisation.rules.pointers.get(app.app_id)
        return known or pointers.create(self.organisation, app.app_id, app.principal_id, "")

    def assign(self, app: App, role: str, *, scope: Scope = EVERYBODY) -> RoleAssignment:
        return assignments.create(self.organisation, role, self.pointer(app), scope)

    def custom_scope(self, name: str = "Members") -> Scope:
        recipient_filter = f"MemberOfGroup -eq '{self.group.distinguished_name}'"
        return Scope(ScopeKind.CUSTOM, scopes.create(self.organisation, name, recipient_filter).name)

    # --- requests -------------------------------------------------------------------------------------------------

    def graph(self, method: str, path: str, body: Any = None, *, roles: Sequence[str] = ()) -> requests.Response:
        """As a pretend administrator of this tenant."""
        token = self.rig.token(roles, tenant=self.tenant_id) if roles else self.rig.token(tenant=self.tenant_id)
        return self.rig.graph(method, path, body, token=token)

    def read_calendar(self, token: str, user: str, query: str = WINDOW) -> requests.Response:
        return self.rig.graph("GET", f"/users/{user}/calendarView?{query}", token=token)

    def send_mail(self, token: str, user: str, *recipients: str, **fields: Any) -> requests.Response:
        addressed = [{"emailAddress": {"address": address}} for address in recipients]
        message = {"subject": "Test", "toRecipients": addressed, **fields}
        return self.rig.graph("POST", f"/users/{user}/sendMail", {"message": message}, token=token)
