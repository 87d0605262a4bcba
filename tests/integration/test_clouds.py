# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each cloud by its own host names, end to end; nothing of a tenant crosses to another cloud's."""

from __future__ import annotations

from typing import Any

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import CLOUDS, host_of
from emulator.launch import Emulator
from integration.connect_proxy import everything_leads_to
from integration.operator_desk import Desk
from integration.tenants import Tenants
from integration.witness import Witness

#: Microsoft's pages name two; the operator says which.
CHINAS_EXCHANGE = "https://partner.outlook.cn"


def by_cloud(desk: Desk, tenants: Tenants) -> dict[str, str]:
    """A tenant in each, with no address in the inventory but the one that Microsoft leaves open."""
    desk.variables |= dict.fromkeys(("connector_authority_url", "connector_graph_url", "connector_exchange_url"))
    ids = {cloud.lower(): tenants.make(cloud=cloud.lower()) for cloud in CLOUDS}
    desk.hosts = {
        cloud.lower(): {"connector_tenant_id": ids[cloud.lower()], "connector_cloud": cloud} for cloud in CLOUDS
    }
    desk.hosts["china"]["connector_exchange_url"] = CHINAS_EXCHANGE
    return ids


def test_each_cloud_is_onboarded_at_its_own_hosts_and_reports_are_left_out_with_a_word(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    ids = by_cloud(desk, tenants)
    desk.variables["connector_sign_in_reports"] = True

    with everything_leads_to(emulator) as proxy:
        run = desk.run(environment={"HTTPS_PROXY": proxy.url, "NO_PROXY": ""})

    for name, cloud in CLOUDS.items():
        host, tenant = name.lower(), ids[name.lower()]
        assert run.tenant(host)["state"] == "complete", run.output
        Witness(emulator, tenant).assert_as_totalview_asks()
        asked = {row["host"] for row in emulator.requests(tenant=tenant)}
        expected = {host_of(cloud.authority_url), host_of(cloud.graph_url)}
        assert asked == expected | {host_of(cloud.exchange_url or CHINAS_EXCHANGE)}
        told = f"{host}: " in "".join(line for line in run.output.splitlines() if "sign-in reports" in line)
        assert told is (name != "Global"), run.output
    assert proxy.asked <= {host for cloud in CLOUDS.values() for host in cloud.hosts}


def test_clouds_that_do_not_agree_are_told_before_anything_is_sent(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    ids = by_cloud(desk, tenants)
    mixed: dict[str, tuple[dict[str, Any], str]] = {
        "authority": ({"connector_authority_url": "https://login.microsoftonline.us"}, "USGov or USGovDoD"),
        "graph": ({"connector_graph_url": "https://microsoftgraph.chinacloudapi.cn"}, "China"),
        "exchange": ({"connector_exchange_url": "https://outlook-dod.office365.us"}, "USGovDoD"),
        "dod": ({"connector_cloud": "USGovDoD", "connector_graph_url": "https://graph.microsoft.us"}, "USGov"),
    }
    desk.hosts = {name: {"connector_tenant_id": ids["global"], **given} for name, (given, _cloud) in mixed.items()}
    desk.hosts["elsewhere"] = {"connector_tenant_id": ids["usgov"]}

    with everything_leads_to(emulator) as proxy:
        run = desk.run(environment={"HTTPS_PROXY": proxy.url, "NO_PROXY": ""})

    for name, (_given, cloud) in mixed.items():
        told = run.tenant(name)["next"]
        assert f"of the cloud {cloud}, and connector_cloud is" in told, told
    assert emulator.requests(tenant=ids["global"]) == []
    assert "AADSTS90002" in run.tenant("elsewhere")["next"]
    assert "national" in run.tenant("elsewhere")["next"]
    assert proxy.asked == {"login.microsoftonline.com"}


def test_the_environments_authority_must_be_of_the_cloud(desk: Desk, tenants: Tenants) -> None:
    by_cloud(desk, tenants)

    run = desk.run("totalview.exchange365.preflight", environment={"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"})

    for host in ("global", "china"):
        assert "AZURE_AUTHORITY_HOST" in run.tenant(host)["next"]
        assert "USGov or USGovDoD" in run.tenant(host)["next"]
