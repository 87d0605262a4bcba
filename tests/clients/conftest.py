# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.client import Client, is_there
from clients.guide import Guide
from clients.relay import Relay, relay_to
from emulator.launch import Emulator
from integration.conftest import desk, leg, pytest_generate_tests
from integration.contract_check import check_against_contract
from integration.operator_desk import Desk
from integration.tenants import Tenants, recording_emulator

__all__ = ["desk", "leg", "pytest_generate_tests"]

#: Too big for everybody: `make test-clients` makes their environments, and whoever has them runs their tests.
collect_ignore = [
    f"test_{name.replace('-', '_')}.py" for name in ("azure-cli", "cli-microsoft365") if not is_there(name)
]

#: Where the makers of clients keep versions and count commands: they may ask, and get nothing.
TELEMETRY = ("CONNECT azcliprod.blob.core.windows.net:443", "applicationinsights.azure.com:443")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One for all clients."""
    with recording_emulator() as running:
        yield running


@pytest.fixture(scope="session")
def relay(emulator: Emulator) -> Iterator[Relay]:
    with relay_to(emulator.url) as running:
        yield running


@pytest.fixture
def tenants(emulator: Emulator) -> Iterator[Tenants]:
    """At the end of the test all that these clients were answered is checked against Microsoft's description."""
    made = Tenants(emulator)
    yield made
    for tenant in made.ids:
        check_against_contract(emulator.requests(tenant=tenant), answer_only=True)


@pytest.fixture
def client(emulator: Emulator, relay: Relay, tmp_path: Path) -> Iterator[Callable[[str], Client]]:
    """By the name of its folder. None of them may want to reach anybody but Microsoft."""
    home = tmp_path / "home"
    home.mkdir()
    yield lambda name: Client(name, emulator, relay.url, home)
    wanted = [host for host in relay.refused if not host.endswith(TELEMETRY)]
    relay.refused.clear()
    assert wanted == []


@pytest.fixture
def guide(tenants: Tenants, emulator: Emulator, desk: Desk) -> Guide:
    return Guide(emulator, desk, tenants)
