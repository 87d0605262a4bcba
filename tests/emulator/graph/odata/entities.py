# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the query options may name on each type. Sources: aad-advanced-queries and the resource pages of the types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from emulator.exchange.store import calendars
from emulator.graph.store import templates
from emulator.graph.store.records import Body

Verbs = tuple[str, ...]

# Operators that need `ConsistencyLevel: eventual` and `$count=true` wherever they are allowed at all.
ADVANCED_VERBS = frozenset({"ne", "not", "endswith"})

_TEXT: Verbs = ("eq", "in", "startswith", "endswith", "ne")
_KEY: Verbs = ("eq", "in", "ne")
_LIST: Verbs = ("any eq",)


@dataclass(frozen=True)
class Entity:
    name: str
    set_name: str
    fields: tuple[str, ...]
    on_request: Body = field(default_factory=dict)
    filters: Mapping[str, Verbs] = field(default_factory=dict)
    order_plain: frozenset[str] = frozenset()
    order_advanced: frozenset[str] = frozenset()
    search: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()
    # Items of a mailbox are paged by number and sorted beside any filter; objects of the directory by token.
    of_mailbox: bool = False
    longest_page: int = 999

    def named(self, name: str) -> str | None:
        """The property as the type has it: clients write names in any case (azure-cli, Az PowerShell)."""
        return self._names.get(name.lower())

    def verbs(self, name: str) -> Verbs:
        """What may be asked of a property in `$filter`."""
        return next((verbs for known, verbs in self.filters.items() if known.lower() == name.lower()), ())

    def sorts_by(self, name: str) -> str | None:
        return next(
            (known for known in (*self.order_plain, *self.order_advanced) if known.lower() == name.lower()), None
        )

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {name.lower(): name for name in (*self.fields, *self.on_request)}


_DIRECTORY_ORDER = frozenset({"displayName", "createdDateTime"})

APPLICATION = Entity(
    "application",
    "applications",
    tuple(templates.APPLICATION),
    templates.UNRECORDED["application"],
    {
        "displayName": (*_TEXT, "ge", "le"),
        "appId": _KEY,
        "id": _KEY,
        "createdDateTime": (*_KEY, "ge", "le"),
        "identifierUris": (*_LIST, "any startswith"),
        "tags": _LIST,
    },
    order_advanced=_DIRECTORY_ORDER,
    search=frozenset({"displayName", "description"}),
    expand=frozenset({"owners", templates.FEDERATED}),
)

SERVICE_PRINCIPAL = Entity(
    "servicePrincipal",
    "servicePrincipals",
    tuple(templates.SERVICE_PRINCIPAL),
    templates.UNRECORDED["servicePrincipal"],
    {
        "displayName": (*_TEXT, "ge", "le"),
        "appId": _KEY,
        "id": _KEY,
        "accountEnabled": ("eq", "ne"),
        "createdDateTime": (*_KEY, "ge", "le"),
        "servicePrincipalNames": (*_LIST, "any startswith"),
        "servicePrincipalType": _KEY,
        "tags": _LIST,
    },
    order_advanced=_DIRECTORY_ORDER,
    search=frozenset({"displayName", "description"}),
    expand=frozenset({"owners", "appRoleAssignments", "appRoleAssignedTo", "oauth2PermissionGrants"}),
)

USER = Entity(
    "user",
    "users",
    tuple(templates.USER),
    templates.USER_ON_REQUEST,
    {
        "displayName": (*_TEXT, "ge", "le"),
        "userPrincipalName": (*_TEXT, "ge", "le"),
        "mail": (*_TEXT, "ge", "le"),
        "id": _KEY,
        "accountEnabled": ("eq", "ne"),
        "userType": _KEY,
        "proxyAddresses": (*_LIST, "any startswith"),
    },
    order_plain=frozenset({"displayName", "userPrincipalName"}),
    order_advanced=frozenset({"createdDateTime", "mail"}),
    search=frozenset({"displayName", "mail", "userPrincipalName"}),
)

ROLE_ASSIGNMENT = Entity(
    "appRoleAssignment",
    "appRoleAssignments",
    (
        "id",
        "deletedDateTime",
        "appRoleId",
        "createdDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ),
    filters={"resourceId": ("eq",), "principalDisplayName": ("eq", "startswith")},
)

OAUTH_GRANT = Entity(
    "oAuth2PermissionGrant",
    "oauth2PermissionGrants",
    ("clientId", "consentType", "id", "principalId", "resourceId", "scope"),
    filters=dict.fromkeys(("clientId", "consentType", "principalId", "resourceId"), ("eq",)),
)

DIRECTORY_ROLE = Entity(
    "unifiedRoleAssignment",
    "roleManagement/directory/roleAssignments",
    ("id", "principalId", "directoryScopeId", "roleDefinitionId"),
    filters=dict.fromkeys(("principalId", "roleDefinitionId"), ("eq",)),
)

EXCHANGE_ROLE = Entity(
    "unifiedRoleDefinition",
    "roleManagement/exchange/roleDefinitions",
    (
        "id",
        "description",
        "displayName",
        "isEnabled",
        "version",
        "isBuiltIn",
        "templateId",
        "allowedPrincipalTypes",
        "rolePermissions",
    ),
    filters={"id": ("eq",), "displayName": ("eq", "startswith")},
)

EXCHANGE_ROLE_ASSIGNMENT = Entity(
    "unifiedRoleAssignment",
    "roleManagement/exchange/roleAssignments",
    ("id", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"),
    filters=dict.fromkeys(("principalId", "roleDefinitionId", "appScopeId"), ("eq",)),
)

CUSTOM_APP_SCOPE = Entity(
    "customAppScope",
    "roleManagement/exchange/customAppScopes",
    ("id", "type", "displayName", "customAttributes"),
    filters={"displayName": ("eq",), "id": ("eq",)},
)

CREDENTIAL_SIGN_INS = Entity(
    "appCredentialSignInActivity",
    "reports/appCredentialSignInActivities",
    (
        "id",
        "keyId",
        "keyType",
        "keyUsage",
        "appId",
        "appObjectId",
        "servicePrincipalObjectId",
        "credentialOrigin",
        "expirationDateTime",
        "signInActivity",
    ),
    filters={"appId": ("eq",), "keyId": ("eq",)},
)

PRINCIPAL_SIGN_INS = Entity(
    "servicePrincipalSignInActivity",
    "reports/servicePrincipalSignInActivities",
    (
        "id",
        "appId",
        "lastSignInActivity",
        "delegatedClientSignInActivity",
        "delegatedResourceSignInActivity",
        "applicationAuthenticationClientSignInActivity",
        "applicationAuthenticationResourceSignInActivity",
    ),
    filters={"appId": ("eq",)},
)

DIRECTORY_AUDIT = Entity(
    "directoryAudit",
    "auditLogs/directoryAudits",
    (
        "id",
        "category",
        "correlationId",
        "result",
        "resultReason",
        "activityDisplayName",
        "activityDateTime",
        "loggedByService",
        "operationType",
        "initiatedBy",
        "targetResources",
        "additionalDetails",
    ),
    filters={
        "activityDateTime": ("eq", "ge", "le"),
        "activityDisplayName": ("eq", "startswith"),
        "targetResources/id": _LIST,
    },
    order_plain=frozenset({"activityDateTime"}),
    of_mailbox=True,  # sorted beside any filter
)

# learn.microsoft.com/graph/api/tenantrelationship-list-delegatedadminrelationships: 300 is all that $top takes. Other
# filters than these are documented (customer/tenantId); nobody here needs them.
DELEGATED_ADMIN_RELATIONSHIP = Entity(
    "delegatedAdminRelationship",
    "tenantRelationships/delegatedAdminRelationships",
    (
        "id",
        "displayName",
        "duration",
        "customer",
        "accessDetails",
        "status",
        "autoExtendDuration",
        "createdDateTime",
        "lastModifiedDateTime",
        "activatedDateTime",
        "endDateTime",
    ),
    filters={"status": ("eq",)},
    longest_page=300,
)

DELEGATED_ADMIN_CUSTOMER = Entity(
    "delegatedAdminCustomer",
    "tenantRelationships/delegatedAdminCustomers",
    ("id", "tenantId", "displayName"),
    longest_page=300,
)

DIRECTORY_OBJECT = Entity("directoryObject", "directoryObjects", ("id", "deletedDateTime", "displayName"))

_COMPARE: Verbs = ("eq", "ne", "ge", "gt", "le", "lt")

EVENT = Entity(
    "event",
    "users/events",
    (
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "iCalUId",
        *calendars.DEFAULTS,
        "organizer",
        "start",
        "end",
    ),
    filters={
        "subject": ("eq", "ne", "startswith", "contains"),
        "start/dateTime": _COMPARE,
        "end/dateTime": _COMPARE,
        "createdDateTime": _COMPARE,
        "lastModifiedDateTime": _COMPARE,
        "isAllDay": ("eq", "ne"),
        "isCancelled": ("eq", "ne"),
        "isOrganizer": ("eq", "ne"),
        "showAs": ("eq", "ne"),
        "sensitivity": ("eq", "ne"),
        "categories": _LIST,
    },
    order_plain=frozenset({"start/dateTime", "end/dateTime", "subject", "createdDateTime", "lastModifiedDateTime"}),
    of_mailbox=True,
)

CALENDAR = Entity(
    "calendar",
    "users/calendars",
    (
        "id",
        "name",
        "color",
        "hexColor",
        "groupClassId",
        "isDefaultCalendar",
        "changeKey",
        "canShare",
        "canViewPrivateItems",
        "canEdit",
        "allowedOnlineMeetingProviders",
        "defaultOnlineMeetingProvider",
        "isTallyingResponses",
        "isRemovable",
        "owner",
    ),
    filters={"name": ("eq", "startswith")},
    of_mailbox=True,
)

FEDERATED_CREDENTIAL = Entity(
    "federatedIdentityCredential",
    templates.FEDERATED,
    ("id", "name", "issuer", "subject", "description", "audiences"),
    filters={"name": ("eq", "startswith"), "issuer": ("eq",), "subject": ("eq",)},
)

APP_POLICY = Entity(
    "appManagementPolicy",
    "policies/appManagementPolicies",
    ("id", "displayName", "description", "isEnabled", "restrictions"),
)

ORGANIZATION = Entity(
    "organization",
    "organization",
    (
        "id",
        "deletedDateTime",
        "businessPhones",
        "city",
        "country",
        "countryLetterCode",
        "createdDateTime",
        "defaultUsageLocation",
        "displayName",
        "onPremisesSyncEnabled",
        "partnerTenantType",
        "preferredLanguage",
        "technicalNotificationMails",
        "tenantType",
        "assignedPlans",
        "verifiedDomains",
    ),
    filters={"id": ("eq",), "displayName": ("eq",)},
)
