# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Cloud:
    """Where Microsoft answers. Scheme and host, no trailing slash.

    `other_hosts`: further names that are of this cloud. `token_exchange`: the audience of federated tokens.
    """

    authority_url: str
    graph_url: str
    #: None where Microsoft's pages name different hosts: the operator has to say.
    exchange_url: str | None
    token_exchange: str
    #: Of Azure Key Vault (learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates, DNS suffixes).
    vault_domain: str
    other_hosts: frozenset[str] = frozenset()
    #: learn.microsoft.com/graph/api/reportroot-list-appcredentialsigninactivities: not in national clouds.
    has_sign_in_reports: bool = False
    hosts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        urls = (self.authority_url, self.graph_url, self.exchange_url)
        object.__setattr__(self, "hosts", self.other_hosts | {host_of(url) for url in urls if url})


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()


#: Names as of Microsoft Graph PowerShell's environments; hosts as of Microsoft's page on national cloud deployments;
#: audiences as of learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity.
CLOUDS: t.Mapping[str, Cloud] = {
    "Global": Cloud(
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
        "https://outlook.office365.com",
        "api://AzureADTokenExchange",
        "vault.azure.net",
        frozenset({"login.windows.net", "login.microsoft.com", "sts.windows.net", "outlook.office.com"}),
        has_sign_in_reports=True,
    ),
    "USGov": Cloud(
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
        "https://outlook.office365.us",
        "api://AzureADTokenExchangeUSGov",
        "vault.usgovcloudapi.net",
    ),
    "USGovDoD": Cloud(
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
        "https://outlook-dod.office365.us",
        "api://AzureADTokenExchangeUSGov",
        "vault.usgovcloudapi.net",
    ),
    "China": Cloud(
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        None,
        "api://AzureADTokenExchangeChina",
        "vault.azure.cn",
        frozenset({"login.partner.microsoftonline.cn", "partner.outlook.cn", "outlook.office365.cn"}),
    ),
}


def clouds_of(url: str) -> list[str]:
    """Those that the host is known to be of; empty for somebody's own address."""
    host = host_of(url)
    return [name for name, cloud in CLOUDS.items() if host in cloud.hosts]


def require_of(cloud: str, url: str, option: str) -> None:
    """Raises InputError where the address is known to be another cloud's: a token for the one is shown to no other."""
    found = clouds_of(url)
    if found and cloud not in found:
        raise InputError(
            f"{option} {url} is an address of the cloud {' or '.join(found)}, and cloud is {cloud}.",
            next_step=f"Set cloud to {' or '.join(found)}, or leave {option} out.",
            code="CloudsMixed",
        )
