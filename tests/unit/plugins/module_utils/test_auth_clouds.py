# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host is of which cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.clouds import (
    CLOUDS,
    clouds_of,
    host_of,
    require_of,
)

OWN = [(name, host) for name, cloud in CLOUDS.items() for host in sorted(cloud.hosts)]


@pytest.mark.parametrize(("cloud", "host"), OWN)
def test_a_host_is_taken_in_its_own_clouds_and_in_no_other(cloud, host):
    url = f"https://{host.upper()}:443/"
    for other in CLOUDS:
        if host in CLOUDS[other].hosts:
            require_of(other, url, "graph_url")
        else:
            with pytest.raises(InputError) as caught:
                require_of(other, url, "graph_url")
            assert f"and cloud is {other}." in caught.value.message
            assert cloud in caught.value.next_step


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "gateway.contoso.example", "graph.microsoft.com.contoso.example"])
def test_an_address_of_ones_own_is_of_no_cloud(host):
    assert clouds_of(f"https://{host}") == []
    for cloud in CLOUDS:
        require_of(cloud, f"https://{host}", "graph_url")


def test_only_sign_in_is_shared_between_clouds():
    shared = {host for _cloud, host in OWN if len(clouds_of(f"https://{host}")) > 1}

    assert shared == {"login.microsoftonline.us"}
    assert all(host.endswith(".us") for host in CLOUDS["USGov"].hosts | CLOUDS["USGovDoD"].hosts)
    assert all(host.endswith(".cn") for host in CLOUDS["China"].hosts)


def test_the_page_has_each_cloud_with_its_hosts():
    text = (Path(__file__).parents[4] / "docs" / "sign-in.md").read_text("utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}

    for name, cloud in CLOUDS.items():
        urls = [cloud.authority_url, cloud.graph_url, *([cloud.exchange_url] if cloud.exchange_url else [])]
        assert [url for url in urls if f"`{host_of(url)}`" not in rows[name]] == []
        assert f"`{cloud.token_exchange}`" in rows[name]
        assert rows[name].endswith("| yes |" if cloud.has_sign_in_reports else "| no |")
