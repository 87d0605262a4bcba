# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies that Graph shows for a new application and service principal (recordings 01 and 03), value by value.

Nested values are shared by all objects: bodies are never changed in place.
"""

from __future__ import annotations

from emulator.graph.store.records import Body

INFO: Body = {
    "logoUrl": None,
    "marketingUrl": None,
    "privacyStatementUrl": None,
    "supportUrl": None,
    "termsOfServiceUrl": None,
}

VERIFIED_PUBLISHER: Body = {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}

APPLICATION: Body = {
    "id": None,
    "deletedDateTime": None,
    "appId": None,
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "createdDateTime": None,
    "displayName": None,
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "servicePrincipalLockConfiguration": None,
    "requestSignatureVerification": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": INFO,
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": VERIFIED_PUBLISHER,
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
}

# A collection of its own at Graph, kept here because it comes and goes with the application.
FEDERATED = "federatedIdentityCredentials"

# Ids of the app management policies that are assigned: a collection of its own at Graph too.
APP_POLICIES = "appManagementPolicies"

SERVICE_PRINCIPAL: Body = {
    "id": None,
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": INFO,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": VERIFIED_PUBLISHER,
}

# Shown only when a request selects them: they are in the metadata of 2026 but in no recorded answer.
UNRECORDED: dict[str, Body] = {
    "application": {"isDisabled": None, "createdByAppId": None, "oauth2RequirePostResponse": False},
    "servicePrincipal": {"isDisabled": None, "createdByAppId": None},
}

USER: Body = {
    "businessPhones": [],
    "displayName": None,
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": None,
    "id": None,
}

USER_ON_REQUEST: Body = {
    **dict.fromkeys(
        (
            "ageGroup",
            "city",
            "consentProvidedForMinor",
            "country",
            "creationType",
            "employeeHireDate",
            "employeeId",
            "employeeType",
            "externalUserState",
            "externalUserStateChangeDateTime",
            "faxNumber",
            "onPremisesDistinguishedName",
            "onPremisesDomainName",
            "onPremisesImmutableId",
            "onPremisesLastSyncDateTime",
            "onPremisesSamAccountName",
            "onPremisesSecurityIdentifier",
            "onPremisesUserPrincipalName",
            "passwordPolicies",
            "postalCode",
            "preferredDataLocation",
            "state",
            "streetAddress",
        )
    ),
    "imAddresses": [],
    "isResourceAccount": None,
    "onPremisesExtensionAttributes": {f"extensionAttribute{number}": None for number in range(1, 16)},
    "onPremisesProvisioningErrors": [],
    "showInAddressList": None,
    "accountEnabled": True,
    "assignedLicenses": [],
    "assignedPlans": [],
    "companyName": None,
    "createdDateTime": None,
    "deletedDateTime": None,
    "department": None,
    "mailNickname": None,
    "onPremisesSyncEnabled": None,
    "otherMails": [],
    "proxyAddresses": [],
    "usageLocation": None,
    "userType": "Member",
}
