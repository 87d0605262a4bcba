# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    RUN_AGAIN,
    AmbiguityError,
    ExchangeError,
    ExchangeRightError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.api import Json
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import parse_time
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.exchange.client import (
    Cmdlet,
    ExchangeClient,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.client import (
    GraphClient,
    odata_string,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.graph.errors import optional
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.read import (
    find_application,
    find_deleted,
    find_deleted_principal,
    find_service_principal,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import KNOWN
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.model import (
    LISTING_GROUPS,
    SECURITY_GROUP,
    SOFT_DELETED,
    Actual,
    Assignment,
    Desired,
    Group,
    Policy,
    Recipient,
    Scope,
    role_name,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.names import group_alias

#: What Exchange finds a recipient by.
_NAMES = ("Name", "Alias", "Guid", "PrimarySmtpAddress", "WindowsEmailAddress", "WindowsLiveID", "UserPrincipalName")

#: ManagedBy of a group that no person has made: the role group of those who administer Exchange anyway.
_NOBODY = "Organization Management"

_FIELDS = "id,appId,displayName,passwordCredentials,keyCredentials"


class Clients(t.NamedTuple):
    """`beta`: Graph beta where roles of Exchange are written through it, else None."""

    graph: GraphClient
    exchange: ExchangeClient
    beta: GraphClient | None = None


def read(clients: Clients, desired: Desired, *, deleted: bool = False) -> Actual:
    """Nothing is written. What comes back under a name is believed only after its identity was compared.

    `deleted`: whether the registration may be one that is about to be restored: what restricts it outlives it.
    """
    if desired.mode == "none":
        clients = clients._replace(exchange=clients.exchange.soon_given_up())
    actual = _registration(clients, desired)
    if deleted and actual.principal_id is None and desired.client_id is not None:
        actual = optional(partial(_deleted, clients.graph, actual, desired.client_id)) or actual
    if desired.group:
        actual = _with_group(clients.exchange, actual, desired)
    elif desired.sender:
        actual = replace(actual, resolved={desired.sender.lower(): find_person(clients.exchange, desired.sender)})
    if actual.app_id is None:
        return _of_nobody(clients.exchange, actual, desired)
    actual = replace(actual, policies=_policies(clients.exchange, actual.app_id))
    return _with_roles(clients, actual, desired)


def read_absent(clients: Clients, desired: Desired, principal_id: str | None) -> Actual:
    """What is left of a registration whose application may be gone: by its client id, and the group by its GUID.

    `principal_id`: of its service principal, as it was.
    """
    actual = _registration(clients, desired)
    app_id = actual.app_id or (desired.client_id or "").lower()
    actual = replace(actual, app_id=app_id, principal_id=actual.principal_id or principal_id)
    group = find_group(clients.exchange, desired.known_group) if desired.known_group else None
    if group is not None:
        uses = _uses(clients.exchange, group, app_id, desired.scope_name)
        actual = replace(actual, group=group, uses=uses, resolved=_resolved(clients.exchange, group.members, desired))
    actual = replace(actual, policies=_policies(clients.exchange, app_id))
    pointer = _pointer_row(clients.exchange, app_id)
    if pointer is not None:
        actual = replace(actual, pointer=True, principal_id=str(pointer["ObjectId"]).lower())
    if clients.beta is not None:
        roles = _beta_assignments(clients.beta, str(actual.principal_id), desired.permissions)
        return replace(actual, assignments=roles)
    roles = _assignments(clients.exchange, pointer) if pointer else ()
    return replace(actual, assignments=roles, scope=_scope(clients.exchange, desired.scope_name))


def _uses(exchange: ExchangeClient, group: Group, app_id: str, scope_name: str) -> tuple[str, ...]:
    """What refers to the group and is none of the registration's."""
    policies = all_policies(exchange)
    scopes = exchange.find("Get-ManagementScope", action="read the management scopes")
    roles = exchange.find(
        "Get-ManagementRoleAssignment", action="read the roles of applications", RoleAssigneeType="ServicePrincipal"
    )
    names = {name.lower() for name in (group.name, group.guid, group.distinguished_name)}
    quoted = group.distinguished_name.replace("'", "''").lower()
    return (
        *(
            f"the access policy {row['Identity']}"
            for row in policies
            if not is_of(row, app_id) and scope_sid(row) == group.sid
        ),
        *(
            f"the management scope {row['Name']}"
            for row in scopes
            if str(row["Name"]).lower() != scope_name.lower() and quoted in str(row.get("RecipientFilter")).lower()
        ),
        *(
            f"the role assignment {row['Name']}"
            for row in roles
            if str(row.get("RecipientGroupScope") or "").lower() in names
        ),
    )


def _of_nobody(exchange: ExchangeClient, actual: Actual, desired: Desired) -> Actual:
    """Of a registration to come there is nothing to read; but a missing right must show before anything is written."""
    if desired.mode == "access_policy":
        _policies(exchange, "")
    if desired.mode != "rbac":
        return actual
    return replace(
        actual,
        scope=None if desired.beta else _scope(exchange, desired.scope_name),
        dehydrated=_is_dehydrated(exchange),
    )


def reads_ahead(app_ids: t.Iterable[str], groups: t.Iterable[str], recipients: t.Iterable[str] = ()) -> list[Cmdlet]:
    """What `read` will ask of Exchange for these registrations first. `recipients`: addresses, and names to be free."""
    return [
        ("Get-ApplicationAccessPolicy", {}),
        *(("Get-ServicePrincipal", {"Identity": app_id}) for app_id in app_ids),
        *(("Get-Group", {"Identity": group}) for group in groups),
        *(("Get-Recipient", {"Identity": recipient}) for recipient in recipients),
    ]


def recipients_of(desired: Desired) -> list[str]:
    """Whom `read` looks for while there is no group yet."""
    if not desired.group:
        return [desired.sender.lower()] if desired.sender else []
    return sorted({*desired.addresses, desired.group, group_alias(desired.group)})


def _registration(clients: Clients, desired: Desired) -> Actual:
    body = find_application(clients.graph, desired.unique_name, desired.client_id)
    actual = Actual(clients.graph.now, stops_removal=clients.graph.stops_removal)
    if body is None:
        return actual
    principal = find_service_principal(clients.graph, body["appId"])
    found = _of_application(replace(actual, display_name=desired.unique_name), body)
    return replace(found, principal_id=None if principal is None else principal.id)


def _of_application(actual: Actual, body: Json) -> Actual:
    credentials = [*body.get("passwordCredentials", ()), *body.get("keyCredentials", ())]
    return replace(
        actual,
        app_id=body["appId"],
        display_name=body.get("displayName") or actual.display_name,
        live=any(parse_time(row["endDateTime"]) > actual.now for row in credentials),
    )


def _deleted(graph: GraphClient, actual: Actual, client_id: str) -> Actual:
    body = find_deleted(graph, client_id) if actual.app_id is None else None
    if body is not None:
        actual = _of_application(actual, body)
    return replace(actual, principal_id=find_deleted_principal(graph, client_id)) if actual.app_id else actual


# --- group ------------------------------------------------------------------------------------------------------------


def _with_group(exchange: ExchangeClient, actual: Actual, desired: Desired) -> Actual:
    group, alias = find_group(exchange, desired.group), group_alias(desired.group)
    taken = _taken_by(exchange, desired.group) if group is None else None
    late = taken if taken and _is_group_of(taken, desired.group) else None
    if late is not None:
        group, taken = find_group(exchange, str(late["Guid"]).lower()), None
    other = _taken_by(exchange, alias) if group is None and alias != desired.group else None
    if late and other and other["Guid"] == late["Guid"]:
        other = None
    resolved = _resolved(exchange, group.members if group else (), desired)
    groups = {found.guid for found in resolved.values() if found is not None and found.lists_members}
    nested = {guid: recipients_in(exchange, guid) for guid in sorted(groups)}
    return replace(
        actual,
        group=group,
        name_taken=_kind(taken),
        alias_taken=_kind(other),
        hidden=late is not None and group is None,
        resolved=resolved,
        nested=nested,
    )


def _resolved(
    exchange: ExchangeClient, members: t.Iterable[Recipient], desired: Desired
) -> dict[str, Recipient | None]:
    """The members by their address, and whom else the inventory names."""
    resolved: dict[str, Recipient | None] = {member.address: member for member in members}
    missing = sorted(desired.addresses - resolved.keys())
    return resolved | {address: find_person(exchange, address) for address in missing}


def find_group(exchange: ExchangeClient, name: str, *, with_members: bool = True) -> Group | None:
    rows = exchange.find("Get-Group", action=f"read group {name}", Identity=name)
    matches = [row for row in rows if _is_named(row, name)]
    if len(matches) > 1:
        raise AmbiguityError(f"Several groups are called {name}.", next_step="Give the group's address instead.")
    if not matches:
        return None
    row = matches[0]
    guid, kind = str(row["Guid"]).lower(), str(row["RecipientTypeDetails"])
    return Group(
        guid=guid,
        name=str(row["Name"]),
        sid=str(row["Sid"]),
        distinguished_name=str(row["DistinguishedName"]),
        directory_id=str(row["ExternalDirectoryObjectId"]),
        notes=str(row.get("Notes") or ""),
        kind=kind,
        changed=parse_time(row.get("WhenChangedUTC") or row["WhenCreatedUTC"]),
        members=members_of(exchange, guid) if with_members and kind in LISTING_GROUPS else (),
        managers=_managers(row),
        synced=row.get("IsDirSynced") is True,
    )


def _managers(row: Json) -> tuple[str, ...]:
    managed_by = row.get("ManagedBy") or ()
    names = [managed_by] if isinstance(managed_by, str) else managed_by
    # Also told with the place that it has in the directory.
    return tuple(sorted(str(name) for name in names if str(name).rpartition("/")[2] != _NOBODY))


def members_of(exchange: ExchangeClient, guid: str) -> tuple[Recipient, ...]:
    """`guid` must be of a distribution group that was just read: of anything else Exchange would list everybody."""
    rows = exchange.invoke(
        "Get-DistributionGroupMember", action="read the group's members", Identity=guid, ResultSize="Unlimited"
    )
    return tuple(sorted((Recipient.from_exchange(row) for row in rows), key=lambda member: member.address))


def recipients_in(exchange: ExchangeClient, guid: str, seen: frozenset[str] = frozenset()) -> tuple[Recipient, ...]:
    """Who is in a group and in the groups in it."""
    return recipients_among(exchange, members_of(exchange, guid), seen | {guid})


def recipients_among(
    exchange: ExchangeClient, members: t.Iterable[Recipient], seen: frozenset[str]
) -> tuple[Recipient, ...]:
    """A group's members, with those of the groups among them in their place. `seen`: groups that need no second look.

    A group that does not list its members stays as it is.
    """
    found: dict[str, Recipient] = {}
    for member in members:
        if not member.lists_members:
            found[member.guid] = member
        elif member.guid not in seen:
            found |= {recipient.guid: recipient for recipient in recipients_in(exchange, member.guid, seen)}
    return tuple(found.values())


def _taken_by(exchange: ExchangeClient, name: str) -> Json | None:
    rows = exchange.find("Get-Recipient", action=f"see whether the name {name} is free", Identity=name)
    return next((row for row in rows if _is_named(row, name)), None)


def _kind(row: Json | None) -> str | None:
    return None if row is None else str(row["RecipientTypeDetails"])


def _is_group_of(row: Json, name: str) -> bool:
    """Whether it is the group that was looked for, of which the directory server that was asked first has not heard
    (CIPP issue 3535). One that has the name for an alias or address only is another."""
    return row["RecipientTypeDetails"] == SECURITY_GROUP and str(row.get("Name") or "").lower() == name.lower()


def find_person(exchange: ExchangeClient, address: str) -> Recipient | None:
    """A recipient; else who has no mailbox any more, or none yet, so that it can be told why."""
    return find_recipient(exchange, address) or _without_mailbox(exchange, address)


def _without_mailbox(exchange: ExchangeClient, address: str) -> Recipient | None:
    """The kind "User": an account without a licence; SOFT_DELETED: a deleted mailbox. Neither is a recipient."""
    looks: list[tuple[str, str, Json]] = [
        ("Get-User", "User", {}),
        ("Get-Mailbox", SOFT_DELETED, {"SoftDeletedMailbox": True}),
    ]
    for cmdlet, kind, more in looks:
        try:
            rows = exchange.find(cmdlet, action=f"find {address}", Identity=address, **more)
        except ExchangeRightError:  # a role of the tenant's own may lack it, and only a word is lost
            continue
        found = [row for row in rows if _is_named(row, address)]
        if len(found) == 1:
            return replace(Recipient.from_exchange(found[0]), address=address.lower(), kind=kind)
    return None


def find_recipient(exchange: ExchangeClient, address: str) -> Recipient | None:
    rows = exchange.find("Get-Recipient", action=f"find {address}", Identity=address)
    matches = [Recipient.from_exchange(row) for row in rows if _is_named(row, address)]
    if len(matches) > 1:
        raise AmbiguityError(f"Several recipients answer to {address}.", next_step="Give a primary address.")
    return matches[0] if matches else None


def _is_named(row: Json, name: str) -> bool:
    fields = (
        "Name",
        "Alias",
        "Guid",
        "PrimarySmtpAddress",
        "WindowsEmailAddress",
        "WindowsLiveID",
        "UserPrincipalName",
    )
    addresses = row.get("EmailAddresses") or ()
    proxies = {str(address).lower().removeprefix("smtp:") for address in addresses}
    return name.lower() in {str(row.get(field) or "").lower() for field in fields} | proxies


# --- access policies --------------------------------------------------------------------------------------------------


def all_policies(exchange: ExchangeClient) -> list[Json]:
    # Asked for without an identity: of an unknown one this cmdlet would answer everything anyway.
    return exchange.find("Get-ApplicationAccessPolicy", action="read the access policies")


def _policies(exchange: ExchangeClient, app_id: str) -> tuple[Policy, ...]:
    return tuple(
        Policy(
            str(row["Identity"]),
            scope_sid(row),
            _RIGHTS.get(str(row["AccessRight"]).lower(), str(row["AccessRight"])),
            str(row.get("Description") or "").strip(),
        )
        for row in all_policies(exchange)
        if is_of(row, app_id)
    )


#: As the cmdlet's reference writes them.
_RIGHTS = {"restrictaccess": "RestrictAccess", "denyaccess": "DenyAccess"}


def is_of(policy: Json, app_id: str) -> bool:
    """Whether the access policy is the application's."""
    return str(policy["AppId"]).lower() == app_id.lower()


def scope_sid(row: Json) -> str:
    """Behind a semicolon follows the group's object id in Microsoft Entra (seen in public outputs)."""
    return str(row["ScopeIdentityRaw"]).partition(";")[0]


# --- roles ------------------------------------------------------------------------------------------------------------


def _with_roles(clients: Clients, actual: Actual, desired: Desired) -> Actual:
    pointer = _pointer(clients.exchange, actual)
    if pointer is None and desired.mode != "rbac":
        return actual
    assignments: tuple[Assignment, ...] = ()
    if pointer is not None:
        assignments = (
            _assignments(clients.exchange, pointer)
            if clients.beta is None
            else _beta_assignments(clients.beta, str(actual.principal_id), desired.permissions)
        )
    return replace(
        actual,
        pointer=pointer is not None,
        assignments=assignments,
        scope=_scope(clients.exchange, desired.scope_name) if clients.beta is None else None,
        dehydrated=desired.mode == "rbac" and not assignments and _is_dehydrated(clients.exchange),
    )


def _pointer(exchange: ExchangeClient, actual: Actual) -> Json | None:
    row = _pointer_row(exchange, str(actual.app_id))
    if row is not None and str(row["ObjectId"]).lower() != actual.principal_id:
        raise ExchangeError(
            f"Exchange's service principal for {actual.display_name} points to another object ({row['ObjectId']}).",
            next_step=f"Somebody with the role Exchange Administrator runs Remove-ServicePrincipal {row['ObjectId']}.",
            code="PointerMismatch",
        )
    return row


def _pointer_row(exchange: ExchangeClient, app_id: str) -> Json | None:
    rows = exchange.find("Get-ServicePrincipal", action="read Exchange's service principal", Identity=app_id)
    found = next((row for row in rows if str(row["AppId"]).lower() == app_id.lower()), None)
    # An older name of it (learn.microsoft.com/powershell/module/exchange/new-serviceprincipal).
    return found if found is None or "ObjectId" in found else {**found, "ObjectId": found["ServiceId"]}


def _assignments(exchange: ExchangeClient, pointer: Json) -> tuple[Assignment, ...]:
    object_id = str(pointer["ObjectId"])
    rows = exchange.find("Get-ManagementRoleAssignment", action="read the roles in Exchange", RoleAssignee=object_id)
    return tuple(_assignment(row) for row in rows if _assignees(pointer) & _assigned(row))


def _assignees(pointer: Json) -> set[str]:
    """By which an assignment may name it: public scripts see its display name, others an id."""
    return _lowered(pointer, "ObjectId", "AppId", "Identity", "Sid", "Name", "DisplayName")


def _assigned(row: Json) -> set[str]:
    return _lowered(row, "RoleAssignee", "RoleAssigneeName", "App")


def is_assigned_elsewhere(exchange: ExchangeClient, principal_id: str, name: str) -> bool:
    """Whether a role assignment of that name is somebody else's."""
    rows = exchange.find("Get-ManagementRoleAssignment", action=f"read role assignment {name}", Identity=name)
    pointer = exchange.find("Get-ServicePrincipal", action="read Exchange's service principal", Identity=principal_id)
    names = set().union(*(_assignees(row) for row in pointer))
    return any(str(row["Name"]).lower() == name.lower() and not names & _assigned(row) for row in rows)


def _lowered(row: Json, *fields: str) -> set[str]:
    return {str(row.get(field) or "").lower() for field in fields} - {""}


def _assignment(row: Json) -> Assignment:
    # Public scripts read the one or the other.
    scope = row.get("CustomResourceScope") or row.get("CustomRecipientWriteScope") or row.get("RecipientGroupScope")
    created = row.get("WhenCreatedUTC")
    return Assignment(
        id=str(row.get("Guid") or row["Name"]),
        name=str(row["Name"]),
        role=_as_documented(str(row["Role"])),
        scope=str(scope) if scope else None,
        created=parse_time(created) if created else None,
    )


def _as_documented(role: str) -> str:
    """Names of roles are compared without case in Exchange."""
    return next((name for name in map(role_name, KNOWN) if name.lower() == role.lower()), role)


def _scope(exchange: ExchangeClient, name: str) -> Scope | None:
    rows = exchange.find("Get-ManagementScope", action=f"read management scope {name}", Identity=name)
    row = next((row for row in rows if str(row["Name"]).lower() == name.lower()), None)
    return None if row is None else Scope(str(row["Name"]), str(row.get("RecipientFilter") or ""))


def _is_dehydrated(exchange: ExchangeClient) -> bool:
    rows = exchange.invoke("Get-OrganizationConfig", action="read the organization's configuration")
    return any(row.get("IsDehydrated") is True for row in rows)


# --- roles through Graph beta -----------------------------------------------------------------------------------------


def _beta_assignments(beta: GraphClient, principal_id: str, permissions: t.Iterable[str]) -> tuple[Assignment, ...]:
    query = {"$filter": f"principalId eq {odata_string(f'/ServicePrincipals/{principal_id}')}"}
    rows = beta.list("/roleManagement/exchange/roleAssignments", query, action="read the roles in Exchange")
    names = {role_definition_id(beta, permission): role_name(permission) for permission in permissions} if rows else {}
    return tuple(_beta_assignment(row, names) for row in rows)


def _beta_assignment(row: Json, names: t.Mapping[str, str]) -> Assignment:
    scope = row.get("appScopeId") or str(row.get("directoryScopeId") or "/")
    role_id = str(row["roleDefinitionId"])
    # Graph tells no date: such an assignment counts as young only in the run that makes it.
    return Assignment(str(row["id"]), "", names.get(role_id, role_id), None if scope == "/" else str(scope), None)


def role_definition_id(beta: GraphClient, permission: str) -> str:
    query = {"$filter": f"displayName eq {odata_string(role_name(permission))}"}
    rows = beta.list("/roleManagement/exchange/roleDefinitions", query, action=f"find {role_name(permission)}")
    matches = [str(row["id"]) for row in rows if row.get("displayName") == role_name(permission)]
    if len(matches) != 1:
        raise ExchangeError(f"Exchange has no role {role_name(permission)}.", next_step=RUN_AGAIN, code="UnknownRole")
    return matches[0]
