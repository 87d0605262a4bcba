# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Microsoft 365 tenants as hosts, from GDAP, Partner Center, lists and reports
version_added: 1.0.0
author: Totalview (@totalview)
description:
  - One host for each tenant, whatever number of sources tell of it.
  - A host is named by the first source that names it, else by its tenant id, in lower case. Display names and domains
    name no host, since they change and two customers may have the same one.
  - What a source tells is never a template, and control characters in it are written out.
  - The file that configures it is called C(tenants.yml) or C(tenants.yaml), or ends so, such as C(emea.tenants.yml).
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - totalview.exchange365.tenant.sign_in
requirements:
  - For the source V(gdap), msal >= 1.31 and requests >= 2.31.
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
          - V(gdap) asks Microsoft Graph for the partner's delegated admin relationships and customers, signed in to
            O(tenant_id), the partner's own tenant. It takes the permission C(DelegatedAdminRelationship.Read.All)
            (application) of Microsoft Graph.
          - V(partner_center) is the CSV file of C(Export customers) in Partner Center, in English; O(sources[].columns)
            has other languages' headings.
          - V(report) is a C(report.json) that a playbook of this collection has left. Its names of hosts are kept.
        type: str
        required: true
        choices: [file, gdap, partner_center, report]
      path:
        description: The file, for all but V(gdap). A relative path starts where this configuration lies.
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
      statuses:
        description:
          - For V(gdap), the status of relationships whose customers become hosts. Of others it only tells, where
            another source adds them. A customer with several relationships has the status of the one that ends last.
        type: list
        elements: str
        choices: [created, approvalPending, approved, activating, active, expiring, expired, terminationRequested,
          terminating, terminated]
        default: [active, expiring]
      adds:
        description:
          - Whether its tenants become hosts. V(false) only tells of those that other sources add, as is advisable for
            a report beside another source, since a customer that has left stays in it.
        type: bool
        default: true
  tenant_id:
    description:
      - Directory (tenant) ID of the partner, or one of its domain names, for the source V(gdap).
      - Where it is missing the environment variable E(AZURE_TENANT_ID) is used.
    type: str
  cloud:
    description: Cloud of the partner, and of the tenants of which no source tells one.
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
  - With the inventory cache switched on, what V(gdap) tells is cached, and nothing else; no token is. A file cache so
    holds the names of all customers.
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
  - type: gdap # signs in as AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET say
  - type: partner_center # domains, which Graph does not tell a partner
    path: Customers.csv
    adds: false
  - type: report
    path: reports/report.json
    adds: false
waves: [1, 9, 90]
expires_within: [30, 90]
cache: true
keyed_groups:
  - key: tenant_domain.split('.') | last
    prefix: country
strict: true
"""

import os
import typing as t
from datetime import UTC, datetime
from pathlib import Path

from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.basic import missing_required_lib
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory import gdap
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.fleet import (
    Settings,
    fleet,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._inventory.model import Host
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.environment import with_environment
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.tenant import Tenant, TenantOptions
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import missing_libraries
from ansible_collections.totalview.exchange365.plugins.module_utils._options import SIGN_IN, TENANT
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_text import EncryptedText
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell_waits_to
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import vault_of_run


def _safe_group_name(name: str) -> str:
    """Also where Ansible is told to leave group names as they are: those of keyed_groups may be a customer's text."""
    return str(to_safe_group_name(name, force=True, silent=True))


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "totalview.exchange365.tenants"

    _sanitize_group_name = staticmethod(_safe_group_name)

    def verify_file(self, path: str) -> bool:
        return path.endswith(("tenants.yml", "tenants.yaml")) and bool(BaseInventoryPlugin.verify_file(self, path))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        tell_waits_to(lambda text: self.display.display(f"{path} {text}", stderr=True))
        try:
            found = fleet(self._settings(path), lambda: self._partner(path, fresh=not cache), datetime.now(UTC))
        except ConnectorError as error:
            raise AnsibleParserError(one_line(error.sentence(""))) from None
        for warning in found.warnings:
            self.display.warning(one_line(warning))
        for host in found.hosts:
            self._add(inventory, host, found.groups[host.name])

    def _settings(self, path: str) -> Settings:
        names = ("sources", "cloud", "waves", "expires_within")
        return Settings(folder=Path(path).resolve().parent, **{name: self.get_option(name) for name in names})

    def _partner(self, path: str, *, fresh: bool) -> gdap.Partner:
        """`fresh`: as after --flush-cache."""
        given = {**dict.fromkeys(TENANT), **{name: self.get_option(name) for name in SIGN_IN}}
        params = with_environment(given, os.environ)
        if not self.get_option("cache"):
            return _ask(params)
        # What one partner is told is nothing for another.
        key = self.get_cache_key(" ".join([path, *(str(params[name]) for name in _SAME_ANSWER)]))
        known = None if fresh else gdap.Partner.load(self.cache.get(key))
        if known is None:
            known = _ask(params)
            self.cache[key] = known.dump()
        return known

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


_SAME_ANSWER = ("tenant_id", "auth_client_id", "cloud", "graph_url")


def _ask(params: t.Mapping[str, t.Any]) -> gdap.Partner:
    for library in missing_libraries():
        raise InputError(missing_required_lib(library))
    return gdap.read(Tenant(TenantOptions.from_params(params, _token_file), None))


def _token_file(path: str) -> EncryptedText:
    return EncryptedText(path, vault_of_run(None, None))
