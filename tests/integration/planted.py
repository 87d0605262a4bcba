# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody may do to the registration for e-mail, which findings it makes, and how these are mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attack.attacker import WAYS, Attacker
from integration.administrator import MAIL
from integration.operator_desk import SENDER
from integration.reach_witness import BOSS
from integration.test_restriction_drift import Somebody

Json = dict[str, Any]
Act = Callable[[Somebody], object]

ACCESS = {
    "secret": "foreign-secret",
    "certificate": "foreign-certificate",
    "federated": "foreign-federation",
    "owner": "foreign-owner",
    "service principal secret": "foreign-secret",
    "service principal certificate": "foreign-certificate",
    "service principal owner": "foreign-owner",
}
assert set(ACCESS) == set(WAYS)

SCOPE = {
    "id": "7b7b7b7b-1111-4222-8333-444444444444",
    "value": "access",
    "type": "User",
    "isEnabled": True,
    "adminConsentDisplayName": "x",
    "adminConsentDescription": "x",
    "userConsentDisplayName": None,
    "userConsentDescription": None,
}
ROLE = {
    "id": "6a6a6a6a-1111-4222-8333-444444444444",
    "value": "Anything",
    "allowedMemberTypes": ["Application"],
    "isEnabled": True,
    "displayName": "x",
    "description": "x",
}


def _way(way: str) -> Act:
    return lambda somebody: Attacker(somebody.emulator, somebody.tenant).enter(way, MAIL)


def _change(**properties: Any) -> Act:
    return lambda somebody: somebody.entra.change(MAIL, **properties)


def _principal(**properties: Any) -> Act:
    def act(somebody: Somebody) -> None:
        id_ = somebody.entra.principal_of(MAIL)["id"]
        somebody.entra.call("PATCH", f"/servicePrincipals/{id_}", properties)

    return act


def _delete(kind: str) -> Act:
    def act(somebody: Somebody) -> None:
        found = somebody.entra.application(MAIL) if kind == "applications" else somebody.entra.principal_of(MAIL)
        somebody.entra.call("DELETE", f"/{kind}/{found['id']}")

    return act


def _delete_for_good(somebody: Somebody) -> None:
    id_ = somebody.entra.application(MAIL)["id"]
    somebody.entra.call("DELETE", f"/applications/{id_}")
    somebody.entra.call("DELETE", f"/directory/deletedItems/{id_}")


def _remove_secret(somebody: Somebody) -> None:
    application = somebody.entra.application(MAIL)
    key_id = application["passwordCredentials"][0]["keyId"]
    somebody.entra.call("POST", f"/applications/{application['id']}/removePassword", {"keyId": key_id})


def _revoke(somebody: Somebody) -> None:
    somebody.entra.revoke_everything(MAIL)


def _close(somebody: Somebody) -> None:
    _revoke(somebody)
    somebody.remove_policy()


def _namesake(somebody: Somebody) -> None:
    properties = {"displayName": "Totalview E-Mail Sending", "signInAudience": "AzureADMyOrg"}
    somebody.entra.call("POST", "/applications", properties)


def _second_policy(somebody: Somebody) -> None:
    somebody.run("New-DistributionGroup", Name="Wider", Type="Security", Members=[BOSS])
    policy = {"AppId": [somebody.app_id], "PolicyScopeGroupId": "Wider", "AccessRight": "RestrictAccess"}
    somebody.run("New-ApplicationAccessPolicy", **policy, Description="another one")


def _role_everywhere(somebody: Somebody) -> None:
    principal = somebody.entra.principal_of(MAIL)["id"]
    somebody.run("New-ServicePrincipal", AppId=somebody.app_id, ObjectId=principal, DisplayName="Another")
    somebody.run("New-ManagementRoleAssignment", Name="Another", Role="Application Mail.Send", App=somebody.app_id)


#: By the host that it happens to.
PLANTED: Mapping[str, tuple[Act, set[str]]] = {
    "nothing": (lambda _somebody: None, set()),
    **{way.replace(" ", "-"): (_way(way), {kind}) for way, kind in ACCESS.items()},
    "renamed": (_change(displayName="Something else"), {"not-as-wanted"}),
    "audience": (_change(signInAudience="AzureADMultipleOrgs"), {"audience"}),
    "redirect-web": (_change(web={"redirectUris": ["https://example.com/x"]}), {"redirect-uri"}),
    "redirect-spa": (_change(spa={"redirectUris": ["https://example.com/y"]}), {"redirect-uri"}),
    "redirect-client": (_change(publicClient={"redirectUris": ["http://localhost"]}), {"redirect-uri"}),
    "public": (_change(isFallbackPublicClient=True), {"public-client"}),
    "scope": (_change(api={"oauth2PermissionScopes": [SCOPE]}), {"exposed-api"}),
    "role": (_change(appRoles=[ROLE]), {"exposed-api"}),
    "deactivated": (_change(isDisabled=True), {"disabled"}),
    "disabled": (_principal(accountEnabled=False), {"disabled"}),
    "deleted": (_delete("applications"), {"deleted"}),
    "gone": (_delete_for_good, {"not-registered"}),
    "no-principal": (_delete("servicePrincipals"), {"no-service-principal"}),
    "extra-grant": (lambda somebody: somebody.entra.grant(MAIL, "Calendars.Read"), {"extra-grant"}),
    "extra-delegated": (
        lambda somebody: somebody.entra.grant_delegated(MAIL, "User.Read"),
        {"extra-delegated-grant"},
    ),
    "revoked": (_revoke, {"missing-grant"}),
    "undeclared": (_change(requiredResourceAccess=[]), {"not-as-wanted"}),
    "namesake": (_namesake, {"duplicate-name"}),
    "no-policy": (lambda somebody: somebody.remove_policy(), {"every-mailbox"}),
    # The grant waits for the restriction.
    "closed": (_close, {"restriction-missing", "not-enforced"}),
    "second-policy": (Somebody.widen_policy, {"reach-widened"}),
    "foreign-policy": (_second_policy, {"foreign-policy"}),
    "foreign-role": (_role_everywhere, {"foreign-role"}),
    "member": (lambda somebody: somebody.add(BOSS), {"reach-widened"}),
    "no-member": (lambda somebody: somebody.remove(SENDER), {"reach-missing"}),
    "secret-gone": (_remove_secret, {"secret-gone"}),
}
#: What leaves nothing for another one to happen to.
_ALONE = {"nothing", "deleted", "gone", "no-principal", "closed", "second-policy", "foreign-policy", "foreign-role"}
_BESIDE_OTHERS = [name for name in PLANTED if name not in _ALONE]
_HALF = len(_BESIDE_OTHERS) // 2
#: Each beside another one, of another sort.
PAIRS: Mapping[str, tuple[str, str]] = {
    f"{one}-{other}": (one, other) for one, other in zip(_BESIDE_OTHERS[:_HALF], _BESIDE_OTHERS[_HALF:], strict=True)
}


def plant(somebody: Somebody, host: str) -> set[str]:
    """The kinds of findings that it makes."""
    kinds: set[str] = set()
    for name in PAIRS.get(host, (host,)):
        act, made = PLANTED[name]
        act(somebody)
        kinds |= made
    return kinds


def follow(somebody: Somebody, finding: Json) -> None:
    """What a person is told to do about it; what the onboarding mends is left to that."""
    kind, _registration, subject = finding["id"].split(":", 2)
    if finding["playbook"] is None:
        _ADVICE[kind](somebody, subject)


def _remove_access(somebody: Somebody, subject: str) -> None:
    place, _colon, id_ = subject.partition(":")
    of_principal = "principal" in place
    found = somebody.entra.principal_of(MAIL) if of_principal else somebody.entra.application(MAIL)
    path = f"/{'servicePrincipals' if of_principal else 'applications'}/{found['id']}"
    if any(row["keyId"] == id_ for row in found["passwordCredentials"]):
        somebody.entra.call("POST", f"{path}/removePassword", {"keyId": id_})
    elif any(row["keyId"] == id_ for row in found["keyCredentials"]):
        left = [row for row in found["keyCredentials"] if row["keyId"] != id_]
        somebody.entra.call("PATCH", path, {"keyCredentials": left})
    elif any(row["id"] == id_ for row in somebody.entra.call("GET", f"{path}/owners")["value"]):
        somebody.entra.call("DELETE", f"{path}/owners/{id_}/$ref")
    else:
        somebody.entra.call("DELETE", f"{path}/federatedIdentityCredentials/{id_}")


def _remove_redirects(somebody: Somebody, _subject: str) -> None:
    none: Json = {"redirectUris": []}
    somebody.entra.change(MAIL, web=none, spa=none, publicClient=none)


def _remove_api(somebody: Somebody, _subject: str) -> None:
    """What is enabled cannot be removed."""
    somebody.entra.change(MAIL, api={"oauth2PermissionScopes": [{**SCOPE, "isEnabled": False}]})
    somebody.entra.change(MAIL, appRoles=[{**ROLE, "isEnabled": False}])
    somebody.entra.change(MAIL, api={"oauth2PermissionScopes": []}, appRoles=[])


def _enable(somebody: Somebody, _subject: str) -> None:
    _change(isDisabled=False)(somebody)
    _principal(accountEnabled=True)(somebody)


def _remove_policies(somebody: Somebody, _subject: str) -> None:
    for row in somebody.run("Get-ApplicationAccessPolicy"):
        if row["AppId"] == somebody.app_id and row["Description"] == "another one":
            somebody.run("Remove-ApplicationAccessPolicy", Identity=row["Identity"])


def _remove_role(somebody: Somebody, _subject: str) -> None:
    somebody.run("Remove-ManagementRoleAssignment", Identity="Another")
    somebody.run("Remove-ServicePrincipal", Identity=somebody.app_id)


_ADVICE: Mapping[str, Callable[[Somebody, str], object]] = {
    **dict.fromkeys(ACCESS.values(), _remove_access),
    "redirect-uri": _remove_redirects,
    "public-client": lambda somebody, _subject: somebody.entra.change(MAIL, isFallbackPublicClient=False),
    "exposed-api": _remove_api,
    "disabled": _enable,
    "foreign-policy": _remove_policies,
    "foreign-role": _remove_role,
    "duplicate-name": lambda somebody, app_id: somebody.entra.call("DELETE", f"/applications(appId='{app_id}')"),
}
