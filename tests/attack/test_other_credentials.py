# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is given to a registration that somebody else can sign in with, whichever way they came in.

Each tenant has another way. The witness is a token of the registration that the attacker got, and the admin door.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attack.attacker import WAYS, Attacker
from emulator.launch import Emulator
from integration.administrator import CALENDAR, MAIL
from integration.operator_desk import SENDER, Desk, Leg, Run
from integration.reach_witness import ANN, USERS
from integration.tenants import ROLES, Tenants, recording_emulator
from integration.witness import Witness, last_request, writes

CALENDAR_NAME = "Totalview Calendar Synchronization"
WITHOUT_CONSENT = ("Application.Read.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Policy.Read.All")
RBAC = {"connector_mail_restriction": "rbac"}


def _hosts(desk: Desk, tenants: Tenants, roles: tuple[str, ...], **variables: object) -> dict[str, str]:
    """A tenant for each way in."""
    ids = {way: tenants.make(roles=roles, users=USERS) for way in WAYS}
    desk.hosts = {_host(way): {"connector_tenant_id": id_, **variables} for way, id_ in ids.items()}
    return ids


def _host(way: str) -> str:
    return way.replace(" ", "-")


def _granted(emulator: Emulator, tenant: str) -> set[str]:
    witness = Witness(emulator, tenant)
    return witness.granted(witness.applications[CALENDAR_NAME])


def _tells(run: Run, way: str, id_: str) -> bool:
    return any(f"{_host(way)}: " in line and id_ in line for line in _warnings(run))


def _warnings(run: Run) -> list[str]:
    return [text for row in run.rows if "result" in row for text in row["result"].get("warnings", ())]


def test_nothing_is_granted_while_somebody_else_can_sign_in(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """The registrations wait for consent; somebody comes in; the automation gets the right to consent."""
    ids = _hosts(desk, tenants, WITHOUT_CONSENT)
    assert {desk.run().tenant(_host(way))["state"] for way in ids} == {"waiting_for_consent"}
    attackers = {way: Attacker(emulator, tenant) for way, tenant in ids.items()}
    entries = {way: attacker.enter(way, CALENDAR) for way, attacker in attackers.items()}
    for tenant in ids.values():
        emulator.tenant(tenant, roles=ROLES)

    run = desk.run()

    for way, tenant in ids.items():
        result = run.tenant(_host(way))
        assert result["state"] == "waiting_for_decision", (way, result)
        assert entries[way] in result["next"], (way, result)
        assert _granted(emulator, tenant) == set(), way
        if way.endswith("secret"):
            assert attackers[way].roles() == set()
            assert not attackers[way].reads(ANN)
        attackers[way].leave(way, CALENDAR, entries[way])

    freed = desk.run()

    for way, tenant in ids.items():
        assert freed.tenant(_host(way))["state"] in ("complete", "waiting_for_exchange"), (way, freed.output)
        assert _granted(emulator, tenant) == {"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"}, way


def test_who_may_consent_is_not_asked_to(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Nor does somebody else give what we withhold."""
    tenant = tenants.make(roles=WITHOUT_CONSENT, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().tenant("contoso")["state"] == "waiting_for_consent"
    id_ = Attacker(emulator, tenant).enter("secret", CALENDAR)

    result = desk.run().tenant("contoso")

    assert result["state"] == "waiting_for_decision"
    assert id_ in result["next"]
    application = Witness(emulator, tenant).applications[CALENDAR_NAME]["appId"]
    assert f"client_id={application}" not in result["next"]


def test_who_comes_later_is_told_in_every_run(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """An unchanged run asks as much as before, and keeps on telling."""
    ids = _hosts(desk, tenants, ROLES)
    assert {desk.run().tenant(_host(way))["state"] for way in ids} == {"complete"}
    before = _count(emulator, ids, desk)
    entries = {way: Attacker(emulator, tenant).enter(way, MAIL) for way, tenant in ids.items()}

    for _unused in range(2):
        mark = last_request(emulator)
        run = desk.run()

        for way, tenant in ids.items():
            assert run.tenant(_host(way))["state"] == "complete", (way, run.tenant(_host(way)))
            assert run.tenant(_host(way))["changed"] == []
            assert _tells(run, way, entries[way]), (way, _warnings(run))
            assert writes(emulator, tenant, mark) == []
    assert _count(emulator, ids, desk) == before


def _count(emulator: Emulator, ids: dict[str, str], desk: Desk) -> int:
    """Requests of an unchanged run, without the items of batches."""
    mark = last_request(emulator)
    assert desk.run().code == 0
    return sum(
        len([row for row in emulator.requests(tenant=id_, after=mark) if not row["batch_of"]]) for id_ in ids.values()
    )


def test_no_role_of_exchange_is_assigned_while_a_token_may_live(desk: Desk) -> None:
    """In the mode rbac the role is the consent, and what somebody signed in with may be gone while its token is not."""
    with recording_emulator() as emulator:
        tenants = Tenants(emulator)
        desk.emulator_url, desk.ca_file = emulator.url, emulator.ca_file
        tenant = tenants.make(users=USERS)
        desk.hosts["contoso"] = {"connector_tenant_id": tenant}
        assert desk.run().tenant("contoso")["state"] == "complete"
        attacker = Attacker(emulator, tenant)
        id_ = attacker.enter("secret", MAIL)
        desk.hosts["contoso"] |= RBAC

        withheld = desk.run()

        assert withheld.tenant("contoso")["state"] == "waiting_for_decision", withheld.output
        assert id_ in withheld.tenant("contoso")["next"]
        assert emulator.snapshot(tenant)["exchange"]["assignments"] == []
        attacker.leave("secret", MAIL, id_)

        waiting = desk.run().tenant("contoso")

        assert waiting["state"] == "waiting_for_exchange", waiting
        assert "tokens" in waiting["next"]
        assert emulator.snapshot(tenant)["exchange"]["assignments"] == []
        emulator.advance_clock(28 * 3600 + 60)

        later = desk.run()

        assert later.tenant("contoso")["state"] != "failed", later.output
        assert len(emulator.snapshot(tenant)["exchange"]["assignments"]) == 1, later.tenant("contoso")


def test_what_is_kept_by_name_is_no_stranger(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """A decision says something about what it names, and nothing about the next one."""
    tenant = tenants.make(roles=WITHOUT_CONSENT, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    attacker = Attacker(emulator, tenant)
    first = attacker.enter("secret", CALENDAR)
    owner = attacker.enter("owner", CALENDAR)
    emulator.tenant(tenant, roles=ROLES)
    desk.hosts["contoso"] |= {
        "connector_adopt_credentials": {"keep": [first.upper()]},
        "connector_adopt_owners": {"keep": [owner]},
    }

    desk.run()
    assert _granted(emulator, tenant) == {"Calendars.Read", "Calendars.ReadWrite", "User.Read.All"}
    second = attacker.enter("service principal secret", CALENDAR)
    run = desk.run()

    assert any(second in text and first not in text for text in _warnings(run)), _warnings(run)


def test_without_the_gate_the_witness_would_see_it(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """A collection in which nobody is foreign grants, and the attacker's own token says so."""
    tenant = tenants.make(roles=WITHOUT_CONSENT, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    attacker = Attacker(emulator, tenant)
    attacker.enter("secret", CALENDAR)
    emulator.tenant(tenant, roles=ROLES)

    replace(desk, leg=_without_the_gate(desk.leg, desk.folder)).run()

    assert "Calendars.Read" in attacker.roles()
    assert attacker.reads(ANN)


def _without_the_gate(leg: Leg, folder: Path) -> Leg:
    collections = folder / "without-the-gate"
    shutil.copytree(leg.collections, collections, symlinks=True)
    [file] = collections.rglob("_resources/credentials/plan.py")
    text = file.read_text()
    line = "    return tuple(entry for entry in living if not _is_ours(entry, known, ids, labels))\n"
    assert line in text
    file.write_text(text.replace(line, "    return ()\n"))
    return replace(leg, collections=collections)


@pytest.mark.parametrize("mode", ["access_policy", "rbac"])
def test_a_sender_is_not_reached_by_who_came_first(desk: Desk, tenants: Tenants, emulator: Emulator, mode: str) -> None:
    """E-mail in either mode: the attacker comes in while the registration waits for consent."""
    tenant = tenants.make(roles=WITHOUT_CONSENT, users=USERS)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    assert desk.run().code == 0
    attacker = Attacker(emulator, tenant)
    attacker.enter("secret", MAIL)
    emulator.tenant(tenant, roles=ROLES)
    desk.hosts["contoso"]["connector_mail_restriction"] = mode

    result = desk.run().tenant("contoso")

    assert result["state"] == "waiting_for_decision", result
    assert attacker.roles() == set()
    assert not any(attacker.sends(address) for address in (SENDER, ANN))


def test_what_comes_later_is_removed_where_that_was_decided(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """Not a client secret, which the connector may be using, and not an owner."""
    ids = _hosts(desk, tenants, ROLES, connector_foreign_credentials="remove")
    assert {desk.run().tenant(_host(way))["state"] for way in ids} == {"complete"}
    entries = {way: Attacker(emulator, tenant).enter(way, MAIL) for way, tenant in ids.items()}

    run = desk.run()

    for way, tenant in ids.items():
        goes = way.endswith(("certificate", "federated"))
        assert (run.tenant(_host(way))["changed"] != []) == goes, (way, run.tenant(_host(way)))
        assert (entries[way] in str(emulator.snapshot(tenant)["applications"] + _principals(emulator, tenant))) != goes
    assert {desk.run().tenant(_host(way))["state"] for way in ids} == {"complete"}


def _principals(emulator: Emulator, tenant: str) -> list[Any]:
    return list(emulator.snapshot(tenant)["servicePrincipals"])
