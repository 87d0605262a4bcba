# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.launch import Emulator, running_emulator
from integration.contract_check import check_against_contract
from integration.operator_desk import Desk, Leg
from integration.tenants import Tenants, recording_emulator
from tooling.install_collection import install

ROOT = Path(__file__).resolve().parents[2]


LEGS = ("floor", "newest")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What Microsoft answers does not depend on the ansible-core, so most tests run on the oldest one only."""
    if "leg" in metafunc.fixturenames:
        both = metafunc.config.getoption("every_core") or metafunc.definition.get_closest_marker("every_core")
        metafunc.parametrize("leg", LEGS if both else LEGS[:1], indirect=True, scope="session")


@pytest.fixture(scope="session")
def leg(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Leg:
    """The collection, built and installed, under the oldest and the newest ansible-core."""
    legs = json.loads((ROOT / ".nox" / "legs.json").read_text())
    if reason := legs[request.param].get("skip"):
        pytest.skip(f"no environment for the leg '{request.param}': {reason}")
    collections = tmp_path_factory.mktemp(f"collections-{request.param}")
    install(collections)
    return Leg(request.param, Path(legs[request.param]["bin"]), collections)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with recording_emulator() as running:
        yield running


@pytest.fixture
def clock() -> Iterator[Emulator]:
    """An emulator whose clock no other test goes by."""
    with running_emulator({"tenants": []}) as emulator:
        yield emulator


@pytest.fixture
def tenants(emulator: Emulator) -> Iterator[Tenants]:
    """At the end of the test all that was sent and answered is checked against what is known of Microsoft's APIs.

    The next test finds the clock put back, or certificates and assertions would have expired, and no faults.
    """
    made = Tenants(emulator)
    yield made
    emulator.put_clock_back()
    emulator.clear_faults()
    for tenant in made.ids:
        check_against_contract(emulator.requests(tenant=tenant))


@pytest.fixture
def desk(tmp_path: Path, leg: Leg, emulator: Emulator) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="desk-") as temporary:
        yield Desk(tmp_path, Path(temporary), leg, emulator.url, emulator.ca_file)
