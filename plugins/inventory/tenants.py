# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Microsoft 365 tenants as hosts, from lists, Partner Center and reports
version_added: 0.2.0
author: Totalview (@totalview)
description:
  - One host for each tenant, whatever number of sources tell of it.
  - A host is named by the first source that names it, else by its tenant id, in lower case. Display names and domains
    name no host, since they change and two customers may have the same one.
  - What a source tells is never a template, and control characters in it are written out.
  - The file that configures it is called C(tenants.yml) or C(tenants.yaml), or ends so, such as C(emea.tenants.yml).
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [totalview.exchange365.tenants]
  sources:
    description:
      - Where tenants are told of. Of two sources that tell the same variable of a tenant, the earlier one counts.
      - A row that cannot be right, such as one without a tenant id, ends the reading; nothing is passed over.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description:
          - V(file) is a table in CSV, or a list of mappings in YAML or JSON, as the name of the file ends.
          - V(partner_center) is the CSV file of C(Export customers) in Partner Center, in English; O(sources[].columns)
            has other languages' headings.
          - V(report) is a C(report.json) that a playbook of this collection has left. Its names of hosts are kept.
        type: str
        required: true
        choices: [file, partner_center, report]
      path:
        description: The file. A relative path starts where this configuration lies.
        type: path
      columns:
        description:
          - For V(file) and V(partner_center), variable and the column that holds it. Without it columns are called as
            variables.
          - RV(ignore:connector_tenant_id) is required; C(inventory_hostname) names the host; others begin with
            C(connector_) or C(tenant_). An empty cell sets nothing.
        type: dict
        default: {}
      delimiter:
        description: Between the cells of a CSV file.
        type: str
        default: ','
      adds:
        description:
          - Whether its tenants become hosts. V(false) only tells of those that other sources add, as is advisable for
            a report beside another source, since a customer that has left stays in it.
        type: bool
        default: true
  cloud:
    description: Cloud of the tenants of which no source tells one.
    type: str
    choices: [Global, USGov, USGovDoD, China]
    default: Global
  waves:
    description:
      - Share of each wave in percent, together 100. V([1, 9, 90]) makes the groups C(wave_1), C(wave_2) and C(wave_3).
      - A tenant's wave depends on its tenant id alone, so that it stays in it whoever comes or goes. A source that
        tells C(tenant_wave) decides for its tenants.
    type: list
    elements: int
    default: []
  expires_within:
    description:
      - Days. V([30, 90]) makes the groups C(expires_within_30_days) and C(expires_within_90_days) of tenants whose
        relationship ends by then, or has ended, and does not renew itself.
    type: list
    elements: int
    default: []
notes:
  - Each host has the variables C(connector_tenant_id) and C(connector_cloud), and what its sources tell of
    C(tenant_display_name), C(tenant_domain), C(tenant_relationship), C(tenant_relationship_ends),
    C(tenant_relationship_renews), C(tenant_state), C(tenant_state_at) and C(tenant_wave).
  - Groups are C(cloud_global) and the like, C(relationship_active), C(state_complete), C(wave_1),
    C(expires_within_30_days), each where it is known.
"""

EXAMPLES = r"""
# tenants.yml; try it with: ansible-inventory -i tenants.yml --graph
plugin: totalview.exchange365.tenants
sources:
  - type: file # your own names and settings, kept with the playbooks
    path: customers.csv
    columns:
      connector_tenant_id: Tenant
      inventory_hostname: Short name
      connector_mail_sender: Sender
  - type: partner_center
    path: Customers.csv
  - type: report
    path: reports/report.json
    adds: false
waves: [1, 9, 90]
keyed_groups:
  - key: tenant_domain.split('.') | last
    prefix: country
strict: true
"""

import typing as t
from datetime import UTC, datetime
from pathlib import Path

from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.fleet import (
    Settings,
    fleet,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import Host
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line


def _safe_group_name(name: str) -> str:
    """Also where Ansible is told to leave group names as they are: those of keyed_groups may be a customer's text."""
    return str(to_safe_group_name(name, force=True, silent=True))


class InventoryModule(BaseInventoryPlugin, Constructable):
    NAME = "totalview.exchange365.tenants"

    _sanitize_group_name = staticmethod(_safe_group_name)

    def verify_file(self, path: str) -> bool:
        return path.endswith(("tenants.yml", "tenants.yaml")) and bool(BaseInventoryPlugin.verify_file(self, path))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            found = fleet(self._settings(path), datetime.now(UTC))
        except ConnectorError as error:
            raise AnsibleParserError(one_line(error.sentence(""))) from None
        for warning in found.warnings:
            self.display.warning(one_line(warning))
        for host in found.hosts:
            self._add(inventory, host, found.groups[host.name])

    def _settings(self, path: str) -> Settings:
        names = ("sources", "cloud", "waves", "expires_within")
        return Settings(folder=Path(path).resolve().parent, **{name: self.get_option(name) for name in names})

    def _add(self, inventory: InventoryData, host: Host, groups: t.Iterable[str]) -> None:
        inventory.add_host(host.name)
        for name, value in host.variables.items():
            inventory.set_variable(host.name, name, value)
        for group in groups:
            inventory.add_child(inventory.add_group(group), host.name)
        strict = self.get_option("strict")
        variables = dict(host.variables)
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)
