# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connector, which has what was handed off and nothing else."""

from __future__ import annotations

from typing import Any

import requests
import yaml

from emulator.launch import Emulator
from integration.operator_desk import Desk

#: Of each registration, the fields of its client id and its secret.
FIELDS = {"calendar": ("client_id", "secret"), "mail": ("mail_client_id", "mail_client_secret")}


def handed_off(desk: Desk, host: str = "contoso") -> dict[str, Any]:
    return dict(yaml.safe_load(desk.view(desk.store / "handoff" / f"{host}.yml")))


def sign_in(desk: Desk, emulator: Emulator, tenant: str, kind: str) -> int:
    """HTTP status of the answer."""
    fields, (client, secret) = handed_off(desk), FIELDS[kind]
    form = {
        "grant_type": "client_credentials",
        "client_id": fields[client],
        "client_secret": fields[secret],
        "scope": f"{emulator.url}/.default",
    }
    answer = requests.post(f"{emulator.url}/{tenant}/oauth2/v2.0/token", form, verify=emulator.ca_file, timeout=30)
    return answer.status_code
