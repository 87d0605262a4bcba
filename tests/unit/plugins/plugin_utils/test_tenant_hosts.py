# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

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
