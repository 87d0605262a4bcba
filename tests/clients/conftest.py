# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from clients.client import Client
from clients.relay import Relay, relay_to
from emulator.launch import Emulator
from integration.conftest import desk, leg
from integration.contract_check import check_against_contract
from integration.tenants import Tenants, recording_emulator

__all__ = ["desk", "leg"]


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
def client(emulator: Emulator, relay: Relay) -> Iterator[Callable[[str], Client]]:
    """By the name of its folder. None of them may want to reach anybody but Microsoft."""
    yield lambda name: Client(name, emulator, relay.url)
    assert relay.refused == []
