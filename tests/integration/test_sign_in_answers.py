# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refused sign-ins: whose it was, what the code means, and who does what next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.words import in_variables
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import EXPLANATIONS, Who
from emulator.launch import Emulator, running_emulator
from integration.administrator import MAIL
from integration.operator_desk import CLIENT_ID, ONBOARD, Desk
from integration.tenants import ADOPTING_ROLES, Tenants
from integration.witness import Witness, writes

NAME = "Totalview E-Mail Sending"
#: Of a young secret, application or service principal: to a registration they are no refusal yet.
YOUNG = {7000215, 700016, 7000229}
#: Throttling and outages, which are outlived: they come with 429 and 503.
PASSING = {90033, 90055}
CODES = sorted(EXPLANATIONS.keys() - PASSING)

Json = dict[str, Any]


def test_each_code_of_the_automations_sign_in(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ids = {code: tenants.make() for code in CODES}
    desk.hosts = {f"code-{code}": {"connector_tenant_id": tenant} for code, tenant in ids.items()}
    for code, tenant in ids.items():
        emulator.faults({"kind": "refuse_sign_in", "tenant": tenant, "code": code, "client": CLIENT_ID})

    run = desk.run()

    for code, tenant in ids.items():
        result = run.tenant(f"code-{code}")
        assert result["state"] == "failed", result
        assert f"AADSTS{code}:" in result["next"], result
        assert f"the automation ({CLIENT_ID})" in result["next"]
        assert in_variables(EXPLANATIONS[code].automation) in result["next"]
        assert writes(emulator, tenant) == []


def test_each_code_of_a_registrations_sign_in(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """The automation signs in, the registration does not: nobody looks at the wrong one."""
    codes = [code for code in CODES if code not in YOUNG]
    wish = [{"displayName": NAME, "applicationPermissions": ["Mail.Send"], "owners": []}]
    ids = {code: tenants.make(roles=ADOPTING_ROLES, applications=wish) for code in codes}
    desk.variables["connector_adopt"] = True
    desk.hosts = {f"code-{code}": {"connector_tenant_id": tenant} for code, tenant in ids.items()}
    clients = {code: Witness(emulator, tenant).applications[NAME]["appId"] for code, tenant in ids.items()}
    for code, tenant in ids.items():
        emulator.faults({"kind": "refuse_sign_in", "tenant": tenant, "code": code, "client": clients[code]})

    run = desk.run()

    for code in codes:
        result = run.tenant(f"code-{code}")
        assert result["state"] == "failed", result
        assert f"AADSTS{code}:" in result["next"], result
        assert f"the registration {MAIL} ({clients[code]})" in result["next"], result
        assert in_variables(EXPLANATIONS[code].next_step(Who(clients[code], MAIL))) in result["next"], result
        assert "the automation (" not in result["next"]


NO_EXCHANGE = (500011, 500014, 650052)


def test_without_restrictions_an_exchange_that_gives_no_token_is_a_warning(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    free = {
        "connector_calendar_restriction": "none",
        "connector_mail_restriction": "none",
        "connector_mail_allow_every_mailbox": True,
        "connector_handoff_unproven": True,
    }
    ids = {f"{kind}-{code}": tenants.make() for code in NO_EXCHANGE for kind in ("free", "restricted")}
    desk.hosts = {
        name: {"connector_tenant_id": tenant, **(free if name.startswith("free") else {})}
        for name, tenant in ids.items()
    }
    for name, tenant in ids.items():
        code = int(name.rpartition("-")[2])
        emulator.faults({"kind": "refuse_sign_in", "tenant": tenant, "code": code, "audience": "exchange"})

    run = desk.run()

    for name, tenant in ids.items():
        result = run.tenant(name)
        if name.startswith("free"):
            assert result["state"] in ("complete", "not_provable"), result
            assert len(Witness(emulator, tenant).applications) == 2
        else:
            assert result["state"] == "failed"
            assert "Exchange Online" in result["next"]
            assert writes(emulator, tenant) == []


#: What a mailbox says of a token whose roles it has not heard of yet.
NOT_YET: list[Json] = [
    {"status": 401, "code": "NoPermissionsInAccessToken"},
    {"status": 403, "code": "NoPermissionsInAccessToken"},
    {"status": 403, "code": "Authorization_RequestDenied"},
    {"status": 403, "code": "Authorization_IdentityNotFound"},
    {"status": 403, "code": "ErrorAccessDenied"},
]


def test_a_mailbox_that_has_not_heard_of_the_roles_is_asked_again(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    ids = {f"{row['status']}-{row['code'].replace('_', '-')}": tenants.make() for row in NOT_YET}
    desk.variables |= {"connector_sign_in_wait": "2m", "connector_exchange_wait": "2m"}
    desk.hosts = {name: {"connector_tenant_id": tenant} for name, tenant in ids.items()}
    for row, tenant in zip(NOT_YET, ids.values(), strict=True):
        emulator.faults({"kind": "refuse_mailbox", "tenant": tenant, "times": 1, "message": "Not yet.", **row})

    run = desk.run()

    for name in ids:
        assert run.tenant(name)["state"] == "complete", run.tenant(name)


@pytest.mark.parametrize("fault", ["young_secret", "young_application"])
def test_a_young_registration_is_waited_for(desk: Desk, tenants: Tenants, emulator: Emulator, fault: str) -> None:
    """msal answers from its memory for a minute; the emulator counts what was really asked."""
    tenant = tenants.make()
    desk.variables["connector_sign_in_wait"] = "2m"
    desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    emulator.faults({"kind": fault, "tenant": tenant, "attempts": 2})

    run = desk.run()

    assert run.tenant("contoso")["state"] == "complete", run.output
    assert sum(row["fault"] == fault for row in emulator.requests(tenant=tenant)) == 4


# --- certificates of the automation --------------------------------------------------------------------------------

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Parts = dict[str, str]


def _certified(key: Key, issuer: Key, subject: str, by: str, days: tuple[int, int]) -> str:
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in (by, subject)]
    start, end = (datetime.now(UTC) + timedelta(days=count) for count in days)
    serial = x509.random_serial_number()
    built = x509.CertificateBuilder(names[0], names[1], key.public_key(), serial, start, end)
    return built.sign(issuer, SHA256()).public_bytes(Encoding.PEM).decode()


def _plain(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def parts() -> Parts:
    root, leaf, other = (rsa.generate_private_key(65537, 2048) for _unused in range(3))
    curve = ec.generate_private_key(ec.SECP256R1())
    return {
        "root": _certified(root, root, "root", "root", (-1, 9)),
        "leaf": _certified(leaf, root, "leaf", "root", (-1, 9)),
        "key": _plain(leaf),
        "other key": _plain(other),
        "expired": _certified(leaf, root, "leaf", "root", (-9, -1)),
        "early": _certified(leaf, root, "leaf", "root", (1, 9)),
        "curve": _certified(curve, root, "curve", "root", (-1, 9)),
        "curve key": _plain(curve),
    }


def _file(desk: Desk, parts: Parts, *names: str) -> str:
    path = desk.folder / f"{'-'.join(names).replace(' ', '-')}.pem"
    path.touch(mode=0o600)
    path.write_text("".join(parts[name] for name in names))
    return str(path)


@pytest.mark.parametrize("order", [("root", "leaf", "key"), ("key", "leaf", "root"), ("leaf", "key")])
def test_the_certificate_of_the_key_signs_in_whatever_stands_around_it(
    desk: Desk, tenants: Tenants, parts: Parts, order: tuple[str, ...]
) -> None:
    tenant = tenants.make(automation={"certificate_pem": parts["leaf"]})
    desk.variables |= {"connector_auth_client_secret": None}
    desk.hosts = {
        "contoso": {
            "connector_tenant_id": tenant,
            "connector_auth_certificate_path": _file(desk, parts, *order),
        }
    }

    run = desk.run("totalview.exchange365.preflight")

    assert run.tenant("contoso")["state"] == "ready", run.output


#: What the file holds, and what is told of it.
UNUSABLE: dict[str, tuple[tuple[str, ...], str]] = {
    "elliptic-curve": (("curve", "curve key"), "RSA"),
    "expired": (("expired", "key"), "expired"),
    "early": (("early", "key"), "not valid"),
    "another-key": (("leaf", "root", "other key"), "belongs to the private key"),
}


def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_sent(
    desk: Desk, tenants: Tenants, emulator: Emulator, parts: Parts
) -> None:
    ids = {name: tenants.make() for name in UNUSABLE}
    desk.variables |= {"connector_auth_client_secret": None}
    desk.hosts = {
        name: {"connector_tenant_id": ids[name], "connector_auth_certificate_path": _file(desk, parts, *files)}
        for name, (files, _words) in UNUSABLE.items()
    }

    run = desk.run()

    for name, (_files, words) in UNUSABLE.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert words in result["next"], result
        assert " object at 0x" not in result["next"]
        rows = emulator.requests(tenant=ids[name], service="identity")
        assert [row for row in rows if row["path"].endswith("/token")] == []


# --- clocks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [20, -20])
def test_a_controllers_clock_that_is_wrong_blames_no_secret(desk: Desk, minutes: int) -> None:
    """Microsoft's clock is off from ours, all the same which is wrong; a young secret is refused twice."""
    with running_emulator({"tenants": []}) as emulator:
        desk.emulator_url, desk.ca_file = emulator.url, emulator.ca_file
        tenant = Tenants(emulator).make()
        desk.variables["connector_sign_in_wait"] = "2m"
        desk.hosts = {"contoso": {"connector_tenant_id": tenant}}
        emulator.advance_clock(60 * minutes)
        emulator.faults({"kind": "young_secret", "tenant": tenant, "attempts": 2})

        run = desk.run()

        assert run.tenant("contoso")["state"] == "complete", run.output
        Witness(emulator, tenant).assert_as_totalview_asks()


def test_a_controllers_clock_that_is_two_hours_ahead_removes_nothing(desk: Desk, clock: Emulator) -> None:
    clock.advance_clock(-2 * 3600)
    clerk = Desk(desk.folder, desk.temporary, desk.leg, clock.url, clock.ca_file)
    tenant = Tenants(clock).make()
    clerk.hosts = {"contoso": {"connector_tenant_id": tenant}}
    assert clerk.run().tenant("contoso")["state"] == "complete"
    application = next(row for row in clock.snapshot(tenant)["applications"] if row["uniqueName"] == MAIL)
    [leaked] = [row["keyId"] for row in application["passwordCredentials"]]

    run = clerk.run(ONBOARD, "-e", json.dumps({"connector_revoke": [leaked]}))

    assert run.tenant("contoso")["state"] == "complete", run.output
    assert (
        f"Not done, since the clock of this machine is 120 min ahead of Microsoft's: remove revoked secret {leaked}"
        in (" ".join(run.output.split()))
    )
    assert [line for line in writes(clock, tenant) if "removePassword" in line] == []
    clock.put_clock_back()
    run = clerk.run(ONBOARD, "-e", json.dumps({"connector_revoke": [leaked]}))
    assert run.tenant("contoso")["state"] == "complete", run.output
    assert len([line for line in writes(clock, tenant) if "removePassword" in line]) == 1
