# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that call modules directly, with the tenant's options set once."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CONNECTION = {
    "tenant_id": "{{ connector_tenant_id }}",
    "auth_client_id": "{{ connector_auth_client_id }}",
    "auth_client_secret": "{{ connector_auth_client_secret | default(omit) }}",
    "auth_certificate_path": "{{ certificate | default(omit) }}",
    "auth_certificate_password": "{{ certificate_password | default(omit) }}",
    "authority_url": "{{ connector_authority_url }}",
    "graph_url": "{{ connector_graph_url }}",
    "exchange_url": "{{ connector_exchange_url }}",
    "ca_path": "{{ connector_ca_path }}",
}


def play(*tasks: Json, **fields: Any) -> list[Json]:
    """One play over the host contoso."""
    return [
        {
            "hosts": "contoso",
            "gather_facts": False,
            "module_defaults": {"group/totalview.exchange365.connector": CONNECTION},
            "tasks": list(tasks),
            **fields,
        }
    ]


def task(module: str, **options: Any) -> Json:
    return {"name": module, f"totalview.exchange365.{module}": options}
