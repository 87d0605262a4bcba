# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of `make chaos` that fits into `make test`: some requests of every run, a small hostile cloud, some days."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chaos.conftest import SECONDS
from chaos.crash_matrix import DEATHS, CrashMatrix, Request
from chaos.expiry import expiries
from chaos.fleet import Fleet, new_fleet
from chaos.hostile_cloud import outcomes
from chaos.outages import behind_door, outages_of_key_vault, outages_of_openbao
from chaos.scenarios import FINISHING, ROTATION, SCENARIOS, WITH_SERVER
from chaos.stores import Kv2, azure_key_vault, vault_kv2
from chaos.year import tenants as lives
from integration.operator_desk import Leg


def _one_of_each_write(requests: Sequence[Request]) -> Sequence[Request]:
    """Every stage has some. By the last of each kind all others have been made."""
    return list({request.text: request for request in requests if request.writes}.values())


def test_a_run_that_is_killed_is_simply_run_again(fleet: Fleet) -> None:
    matrix = CrashMatrix(fleet, _one_of_each_write, ways=tuple(DEATHS))
    bad = {
        str(point): point.complaints
        for _scenario, points in matrix.rounds([each for each in SCENARIOS if each not in (ROTATION, FINISHING)])
        for point in points
        if point.complaints
    }
    assert bad == {}


def _issue_and_note(requests: Sequence[Request]) -> Sequence[Request]:
    """Microsoft has issued a secret, and nobody has stored it; the store has it, and nobody knows."""
    found = {request.text: request for request in requests if request.writes}
    return [request for text, request in found.items() if "addPassword" in text or "-tenants-" in text]


def test_a_run_that_is_killed_with_its_secrets_in_a_key_vault(leg: Leg, tmp_path: Path) -> None:
    with new_fleet(leg, tmp_path / "fleet", seconds=SECONDS, store=azure_key_vault) as fleet:
        [(_scenario, points)] = CrashMatrix(fleet, _issue_and_note, ways=("killed after",)).rounds(WITH_SERVER[:1])

        assert {str(point): point.complaints for point in points if point.complaints} == {}
        assert points


def test_a_token_that_expires_in_the_midst_of_a_run(leg: Leg, tmp_path: Path) -> None:
    with new_fleet(leg, tmp_path / "fleet", seconds=SECONDS, store=vault_kv2) as fleet:
        assert isinstance(fleet.store, Kv2)
        cases = expiries(fleet, fleet.store, WITH_SERVER[0], lambda uses: uses[:: len(uses) // 4])

        assert {str(case): case.complaints for case in cases if case.complaints} == {}
        assert len(cases) > 3


def _announcement_and_secret(writes: Sequence[int]) -> Sequence[int]:
    """Of the first secret: between them Microsoft issues it. Before them are notes of registrations and groups."""
    return writes[7:9]


def test_a_server_that_stumbles_or_is_no_help_any_more(leg: Leg, tmp_path: Path) -> None:
    with new_fleet(leg, tmp_path / "fleet", seconds=SECONDS, store=behind_door) as fleet:
        cases = outages_of_openbao(fleet, WITH_SERVER[0], _announcement_and_secret)

        assert {str(case): case.complaints for case in cases if case.complaints} == {}
        assert {case.write for case in cases} == {8, 9}


def test_a_key_vault_that_stumbles_or_is_no_help_any_more(leg: Leg, tmp_path: Path) -> None:
    with new_fleet(leg, tmp_path / "fleet", seconds=SECONDS, store=azure_key_vault) as fleet:
        cases = outages_of_key_vault(fleet, WITH_SERVER[0], _announcement_and_secret)

        assert {str(case): case.complaints for case in cases if case.complaints} == {}
        assert {case.write for case in cases} == {8, 9}


def test_a_cloud_that_does_everything_wrong(fleet: Fleet) -> None:
    bad = {str(outcome): outcome.complaints for outcome in outcomes(fleet, 1, 30) if outcome.complaints}
    assert bad == {}


def test_days_in_which_people_do_things(tmp_path: Path) -> None:
    """Of each temper one tenant, through a renewal."""
    lived = list(lives(tmp_path, seed=1, number=4, days=40))

    assert {str(tenant): tenant.complaints for tenant in lived if tenant.complaints} == {}
    assert all(tenant.happened and tenant.typed for tenant in lived)
