# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.plugin_utils._tenant_hosts import TenantHosts


def test_hosts_that_stand_for_one_tenant_are_known_to_all_workers():
    hosts = TenantHosts()
    for host in ("two", "one"):
        child = os.fork()
        if child == 0:
            hosts.add("tenant-1", host)
            os._exit(0)
        os.waitpid(child, 0)
    hosts.add("tenant-2", "three")

    assert hosts.hosts("tenant-1") == ["one", "two"]
    assert hosts.hosts("tenant-2") == ["three"]
    assert hosts.hosts("tenant-3") == []


def test_a_host_that_comes_again_counts_once():
    hosts = TenantHosts()
    hosts.add("tenant-1", "one")
    hosts.add("tenant-1", "one")

    assert hosts.hosts("tenant-1") == ["one"]


def test_two_hosts_of_one_tenant_are_refused_and_nobody_else():
    hosts = TenantHosts()
    for tenant, host in (("tenant-1", "one"), ("tenant-1", "two"), ("tenant-2", "three")):
        hosts.add(tenant, host, f"/handoff/{host}.yml")

    for host in ("one", "two"):
        with pytest.raises(InputError, match="It belongs to several hosts: one, two") as caught:
            hosts.check(host)
        assert caught.value.code == "SharedTenant"
    hosts.check("three")
    hosts.check("four")


def test_two_hosts_with_one_hand_off_file_are_refused_whatever_its_path_looks_like(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    path = f"{tmp_path}/a b\n.yml"
    hosts = TenantHosts()
    hosts.add("tenant-1", "one", path)
    hosts.add("tenant-2", "two", path.replace(str(tmp_path), f"{tmp_path}/x/../link"))
    hosts.add("tenant-3", "three", f"{path}.yml")

    for host in ("one", "two"):
        with pytest.raises(InputError, match="belongs to several hosts: one, two") as caught:
            hosts.check(host)
        assert caught.value.code == "SharedHandoff"
        assert path in caught.value.message
    hosts.check("three")
