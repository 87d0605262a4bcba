# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Microsoft's host names are of which cloud. Under any other name the emulator stands for all of them."""

from __future__ import annotations

HOSTS = {
    "login.microsoftonline.com": ("global",),
    "login.windows.net": ("global",),
    "login.microsoftonline.us": ("usgov", "usgovdod"),
    "login.chinacloudapi.cn": ("china",),
    "graph.microsoft.com": ("global",),
    "graph.microsoft.us": ("usgov",),
    "dod-graph.microsoft.us": ("usgovdod",),
    "microsoftgraph.chinacloudapi.cn": ("china",),
    "outlook.office365.com": ("global",),
    "outlook.office.com": ("global",),
    "outlook.office365.us": ("usgov",),
    "outlook-dod.office365.us": ("usgovdod",),
    "outlook.office365.cn": ("china",),
    "partner.outlook.cn": ("china",),
}


def is_at_home(cloud: str, host: str) -> bool:
    return cloud in HOSTS.get(host, (cloud,))
