# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft identity: discovery and the token endpoint."""

from __future__ import annotations

from emulator.call import Answer, Body, Call
from emulator.clouds import is_at_home
from emulator.identity import delegated, tokens
from emulator.identity.errors import SignInRefused
from emulator.world import Tenant


def find_tenant(call: Call) -> Tenant:
    name = call.params["tenant"]
    tenant = call.world.tenant(name)
    # reference-error-codes, 90002: "also wrong cloud".
    if tenant is None or not is_at_home(tenant.cloud, call.host):
        raise SignInRefused(90002, name, error="invalid_tenant" if call.method == "GET" else None)
    call.tenant = tenant
    return tenant


def instance_discovery(call: Call) -> Answer:
    """Says of every host that it is a Microsoft one: the emulator stands for all of them."""
    host = call.origin.removeprefix("https://")
    return Answer(
        200,
        {
            "tenant_discovery_endpoint": f"{call.origin}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        },
    )


def openid_configuration_v2(call: Call) -> Answer:
    tenant = _tenant_or_any(call)
    return Answer(200, _configuration(call.origin, tenant, f"{call.origin}/{tenant}/v2.0", "/v2.0"))


def openid_configuration_v1(call: Call) -> Answer:
    tenant = _tenant_or_any(call)
    return Answer(200, _configuration(call.origin, tenant, f"https://sts.windows.net/{tenant}/", ""))


def _tenant_or_any(call: Call) -> str:
    if call.params["tenant"].lower() in ("common", "organizations"):
        return "{tenantid}"
    return find_tenant(call).id


def _configuration(origin: str, tenant: str, issuer: str, version: str) -> Body:
    segment = "common" if tenant == "{tenantid}" else tenant
    base = f"{origin}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "end_session_endpoint": f"{base}/oauth2{version}/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": origin.removeprefix("https://"),
    }


def keys(call: Call) -> Answer:
    _tenant_or_any(call)
    return Answer(200, call.world.signing_key.public_keys())


def token(call: Call) -> Answer:
    tenant, form = find_tenant(call), call.form()
    grant_type = form.get("grant_type")
    if grant_type == "refresh_token":
        return Answer(200, delegated.by_refresh_token(call, tenant, form))
    if grant_type == delegated.DEVICE_CODE:
        return Answer(200, delegated.by_device_code(call, tenant, form))
    if grant_type != "client_credentials":
        raise SignInRefused(70003 if grant_type else 900144, grant_type or "grant_type")
    access_token = tokens.client_credentials(call, tenant, form)
    lifetime = {"expires_in": tokens.LIFETIME, "ext_expires_in": tokens.LIFETIME}
    return Answer(200, {"token_type": "Bearer", **lifetime, "access_token": access_token})


def device_code(call: Call) -> Answer:
    return delegated.device_code(call, find_tenant(call))
