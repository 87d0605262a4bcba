# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Key Vault's share of the pipeline. A vault is told by the host that is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.call import Answer, Call
from emulator.key_vault.errors import UnknownOperation, UnknownVault, bad_parameter, forbidden, unauthorized
from emulator.key_vault.routes import ROUTES
from emulator.key_vault.store import ROLES, Vault
from emulator.service import RouteTable, Service

if TYPE_CHECKING:
    from emulator.world import Tenant

VERSIONS = {"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tenant_of(call: Call) -> Tenant | None:
    """Whom a secret is about, where its name tells that; else whose the vault is."""
    vault, named = call.world.vaults.get(call.host), _GUID.search(call.path.lower())
    about = call.world.tenant(named[0]) if named else None
    return about or (call.world.tenant(vault.tenant) if vault else None)


class KeyVault(Service):
    name = "key_vault"
    routes: RouteTable = ROUTES

    def accepts(self, path: str) -> bool:
        return path.lower().startswith(("/secrets/", "/deletedsecrets/"))

    def authenticate(self, call: Call) -> None:
        vault = call.world.vaults.get(call.host)
        if vault is None:
            raise UnknownVault(call.host)
        call.tenant = tenant_of(call)
        scheme, _unused, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("AKV10000: Request is missing a Bearer or PoP token.", vault.challenge)
        claims = call.world.signing_key.claims(token.strip())
        if claims is None or claims["exp"] <= call.now().timestamp():
            raise unauthorized("AKV10005: The Bearer token is invalid or has expired.", vault.challenge)
        if str(claims["aud"]).rstrip("/") != vault.audience:
            raise unauthorized("AKV10022: Invalid audience.", vault.challenge)
        if str(claims["tid"]) != vault.tenant:
            raise unauthorized("AKV10032: Invalid issuer.", vault.challenge)
        call.claims = claims

    def authorise(self, call: Call) -> None:
        vault = call.world.vaults[call.host]
        if vault.firewall:
            text = "Client address is not authorized and caller is not a trusted service."
            raise forbidden("ForbiddenByFirewall", text)
        if call.query.get("api-version") not in VERSIONS:
            raise bad_parameter("The specified version is not recognized.")
        if call.route is None:
            raise UnknownOperation("The emulator does not know this operation.")
        unknown = call.query.keys() - {"api-version", "maxresults", "$skiptoken"}
        if unknown:
            raise UnknownOperation(f"The emulator does not know {', '.join(sorted(unknown))}.")
        self._require(vault, call.claims, str(call.route.traits))

    def _require(self, vault: Vault, claims: Mapping[str, Any], permission: str) -> None:
        grant = vault.grants.get(str(claims["appid"]))
        if isinstance(grant, list):
            if permission not in grant:
                who = f"The user, group or application 'appid={claims['appid']};oid={claims['oid']}'"
                text = f"{who} does not have secrets {permission} permission on key vault '{vault.host}'."
                raise forbidden("AccessDenied", text)
        elif permission not in ROLES.get(str(grant), ()):
            text = f"Caller is not authorized to perform action on resource. Action: secrets/{permission}."
            raise forbidden("ForbiddenByRbac", text)

    def replicate(self, call: Call) -> None:
        """Knows nothing of the directory's lag."""

    def finish(self, call: Call, answer: Answer) -> None:
        answer.headers.setdefault("x-ms-request-id", call.request_id)
        answer.headers.setdefault("x-ms-keyvault-service-version", "1.9.0.0")
        answer.headers.setdefault("cache-control", "no-cache")
