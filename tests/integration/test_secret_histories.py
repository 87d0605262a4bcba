# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never delete what is in use, with real runs: a connector that has what was typed in last signs in at every moment."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import pytest
import requests
import yaml

from emulator.launch import Emulator, running_emulator
from integration.administrator import MAIL
from integration.operator_desk import ONBOARD, Desk
from integration.tenants import Tenants

DAY = 86_400
ROTATE = "totalview.exchange365.rotate"
LENGTH = 12

Json = dict[str, Any]


class History:
    """One tenant, and a person who types in what the hand-off has, sooner or later or not at all."""

    def __init__(self, desk: Desk, emulator: Emulator, seed: int) -> None:
        self.desk, self.emulator, self.chance = desk, emulator, random.Random(seed)
        self.tenant = Tenants(emulator).make()
        self.typed_in: Json = {}
        self.end = datetime.max.replace(tzinfo=UTC)
        self.told: list[str] = []
        desk.hosts = {"contoso": {"connector_tenant_id": self.tenant, "connector_proof_valid": "520w"}}

    def run(self, playbook: str) -> None:
        self.desk.run(playbook)

    def replace_store(self) -> None:
        shutil.rmtree(self.desk.store)
        self.desk.run(ONBOARD, "-e", "connector_lost_store=replace")

    def restore(self) -> None:
        copy = self.desk.folder / "copy"
        if copy.exists():
            shutil.rmtree(self.desk.store)
            shutil.copytree(copy, self.desk.store)
        else:
            shutil.copytree(self.desk.store, copy)

    def type_in(self) -> None:
        file = self.desk.store / "handoff" / "contoso.yml"
        if file.exists():
            held = yaml.safe_load(self.desk.view(file))
            stored = json.loads(self.desk.view(self.desk.store / f"{self.tenant}.json"))["secrets"][MAIL]
            if stored["value"] == held["mail_client_secret"] and self._answer(held).ok:
                self.typed_in, self.end = held, datetime.fromisoformat(stored["end"])

    def say_so(self) -> None:
        """By the key ids that the last run asked for, once they are typed in."""
        self.type_in()
        run = self.desk.run(ROTATE)
        self.told += [entry["key_id"] for entry in run.tenant("contoso").get("type_in", ())]
        self.type_in()
        self.desk.variables["connector_delivered"] = list(self.told)

    def step(self) -> None:
        actions: dict[Callable[[], None], int] = {
            partial(self.run, ROTATE): 4,
            partial(self.run, ONBOARD): 3,
            self.type_in: 3,
            self.say_so: 3,
            self.replace_store: 1,
            self.restore: 2,
        }
        [action] = self.chance.choices(list(actions), list(actions.values()))
        action()
        self.check()
        self.emulator.advance_clock(self.chance.randint(1, 90) * DAY)

    def check(self) -> None:
        answer = self._answer(self.typed_in)
        assert answer.ok or parsedate_to_datetime(answer.headers["Date"]) >= self.end, answer.text

    def _answer(self, held: Json) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": held["mail_client_id"],
            "client_secret": held["mail_client_secret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        url = f"{self.emulator.url}/{self.tenant}/oauth2/v2.0/token"
        return requests.post(url, data=form, verify=self.emulator.ca_file, timeout=30)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_connector_signs_in_until_its_secrets_own_end(desk: Desk, seed: int) -> None:
    with running_emulator({"tenants": []}) as emulator:
        clerk = Desk(desk.folder, desk.temporary, desk.leg, emulator.url, emulator.ca_file)
        history = History(clerk, emulator, seed)
        history.run(ONBOARD)
        history.type_in()
        assert history.typed_in

        for _number in range(LENGTH):
            history.step()
