# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cloud:
    """Where Microsoft answers. Scheme and host, no trailing slash."""

    authority_url: str
    graph_url: str
    #: None where Microsoft's pages name different hosts: the operator has to say.
    exchange_url: str | None


#: Names as of Microsoft Graph PowerShell's environments; hosts as of Microsoft's page on national cloud deployments.
CLOUDS = {
    "Global": Cloud(
        "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com"
    ),
    "USGov": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us"),
    "USGovDoD": Cloud(
        "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://outlook-dod.office365.us"
    ),
    "China": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn", None),
}
