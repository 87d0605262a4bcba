# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated world for each test, and after each test: does everything that went through Graph keep its contract?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contract.graph_contract import GraphContract
from emulator.exchange_rig import ExchangeRig
from emulator.identity.store import SigningKey
from emulator.rig import Rig
from emulator.world import World

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"

SEED: dict[str, Any] = {
    "tenants": [
        {
            "id": TENANT,
            "domains": ["contoso.onmicrosoft.com", "contoso.example"],
            "display_name": "Contoso",
            "users": [
                {"upn": "ann@contoso.example", "display_name": "Ann Hansen"},
                {"upn": "bob@contoso.example", "display_name": "Bob Jensen", "mailbox": False},
            ],
            "automation": {
                "client_id": CLIENT_ID,
                "secret": SECRET,
                "roles": ["Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All"],
                "exchange_roles": ["Exchange.ManageAsApp"],
            },
        },
        {"domains": ["fabrikam.onmicrosoft.com"], "display_name": "Fabrikam"},
    ]
}


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def rig(signing_key: SigningKey) -> Iterator[Rig]:
    rig = Rig(SEED, World(signing_key=signing_key), TENANT)
    rig.admin.settings(record_bodies=True)
    with rig.session:
        yield rig


@pytest.fixture
def exchange(rig: Rig) -> ExchangeRig:
    return ExchangeRig(rig)


@pytest.fixture(scope="session")
def contract() -> GraphContract:
    return GraphContract()


@pytest.fixture
def malformed_on_purpose() -> None:
    """Asked for by tests whose requests break the contract: then only the answers are checked."""


@pytest.fixture(autouse=True)
def contract_holds(request: pytest.FixtureRequest, contract: GraphContract) -> Iterator[None]:
    rig: Rig | None = request.getfixturevalue("rig") if "rig" in request.fixturenames else None
    yield
    if rig is not None:
        answer_only = "malformed_on_purpose" in request.fixturenames
        exchanges = [entry for entry in rig.admin.requests(service="graph") if "response_body" in entry]
        assert [text for entry in exchanges for text in contract.check(entry, answer_only=answer_only)] == []
