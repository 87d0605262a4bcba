# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules used without the role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.launch import Emulator
from integration.administrator import Administrator
from integration.operator_desk import Desk
from integration.plays import play, task
from integration.tenants import ADOPTING_ROLES, ROLES, Tenants
from integration.witness import Witness, last_request, writes

pytestmark = pytest.mark.every_core

KEY, NAME = "our-reporting", "Totalview Reporting"


def _certificate(folder: Path) -> tuple[Path, str]:
    """A PEM file with key and certificate, and the certificate alone as text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "automation")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "automation.pem"
    path.touch(mode=0o600)
    path.write_bytes(certificate + private)
    return path, certificate.decode()


def test_sign_in_tells_tenant_and_rights(desk: Desk, tenants: Tenants) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": f"t{tenant[:8]}.onmicrosoft.com"}

    result = desk.run(play(task("tenant_login"))).results("contoso", "tenant_login")[0]

    assert result["tenant_id"] == tenant
    assert result["tenant_display_name"] == f"Tenant {tenant[:8]}"
    assert result["roles"] == sorted(ROLES)
    assert result["changed"] is False


def test_sign_in_with_a_certificate(desk: Desk, tenants: Tenants) -> None:
    path, certificate = _certificate(desk.folder)
    tenant = tenants.make(automation={"certificate_pem": certificate})
    desk.hosts["contoso"] = {"connector_tenant_id": tenant, "certificate": str(path)}
    desk.variables["connector_auth_client_secret"] = None

    run = desk.run(play(task("tenant_login")))

    assert run.code == 0, run.output
    assert run.results("contoso", "tenant_login")[0]["tenant_id"] == tenant


def test_a_certificate_that_the_application_does_not_have(desk: Desk, tenants: Tenants) -> None:
    path, _unknown = _certificate(desk.folder)
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make(), "certificate": str(path)}
    desk.variables["connector_auth_client_secret"] = None

    run = desk.run(play(task("tenant_login")))

    assert run.code != 0
    assert "AADSTS700027: the certificate was not accepted" in run.results("contoso", "tenant_login")[0]["msg"]


def test_absent_deletes_softly_present_restores_and_purge_is_for_good(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make(lag={"reads": 2})
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    present = task("azure_app_registration", unique_name=KEY, display_name=NAME)
    absent = task("azure_app_registration", unique_name=KEY, state="absent")
    purge = task("azure_app_registration", unique_name=KEY, state="absent", purge=True)

    made = desk.run(play(present)).results("contoso", "azure_app")[0]["registration"]
    first, second = desk.run(play(absent, absent)).results("contoso", "azure_app")
    assert (first["changed"], second["changed"]) == (True, False)
    assert NAME not in Witness(emulator, tenant).applications
    assert made["object_id"] in {row["id"] for row in Witness(emulator, tenant).snapshot["deletedItems"]}

    run = desk.run(play(present))
    assert run.code == 0, run.output
    restored = run.results("contoso", "azure_app")[0]
    assert restored["changes"][0] == "restore soft-deleted application"
    assert restored["registration"]["client_id"] == made["client_id"]

    gone, still_gone = desk.run(play(purge, purge)).results("contoso", "azure_app")
    assert (gone["changed"], still_gone["changed"]) == (True, False)
    assert made["object_id"] not in {row["id"] for row in Witness(emulator, tenant).snapshot["deletedItems"]}


def test_info_finds_by_each_key_and_lists_all_of_a_name(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make(roles=ADOPTING_ROLES)
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    by_hand = emulator.portal_application(tenant, NAME)
    mark = last_request(emulator)

    run = desk.run(
        play(
            task("azure_app_registration_info", display_name=NAME),
            task("azure_app_registration_info", client_id=by_hand["appId"]),
            task("azure_app_registration_info", unique_name=KEY),
        )
    )

    named, by_id, by_key = (row["registrations"] for row in run.results("contoso", "info"))
    assert [row["client_id"] for row in named] == [by_hand["appId"]]
    assert by_id == named
    assert by_key == []
    assert named[0]["service_principal_id"]
    assert writes(emulator, tenant, mark) == []


def test_additive_permissions_of_two_apis_and_delegated_consent(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    exchange = {"resource_app_id": "00000002-0000-0ff1-ce00-000000000000", "application": ["Exchange.ManageAsApp"]}
    graph = {"application": ["User.Read.All"], "delegated": ["User.Read"]}
    steps = [
        {**task("azure_app_registration", unique_name=KEY, display_name=NAME), "register": "ours"},
        task("graph_permission", unique_name=KEY, permissions=[graph]),
        task("graph_permission", unique_name=KEY, permissions=[exchange], exact=False),
        task("admin_consent", unique_name=KEY, client_id="{{ ours.registration.client_id }}"),
    ]

    run = desk.run(play(*steps))

    assert run.code == 0, run.output
    witness = Witness(emulator, tenant)
    application = witness.applications[NAME]
    assert witness.granted(application) == {"User.Read.All", "Exchange.ManageAsApp"}
    assert witness.delegated(application) == {"User.Read"}
    assert desk.run(play(steps[0], *steps[2:])).stats["contoso"]["changed"] == 0

    exact = desk.run(play(steps[0], steps[1], steps[3]))

    assert exact.code == 0, exact.output
    assert [change for item in exact.results("contoso", "") for change in item["changes"]] == [
        "no longer declare Exchange.ManageAsApp (application)",
        "revoke Exchange.ManageAsApp (application)",
    ]
    assert Witness(emulator, tenant).granted(application) == {"User.Read.All"}


def test_an_api_that_the_tenant_does_not_have(desk: Desk, tenants: Tenants) -> None:
    desk.hosts["contoso"] = {"connector_tenant_id": tenants.make()}
    unknown = {"resource_app_id": "99999999-9999-4999-8999-999999999999", "application": ["X"]}

    run = desk.run(
        play(
            task("azure_app_registration", unique_name=KEY, display_name=NAME),
            task("graph_permission", unique_name=KEY, permissions=[unknown]),
        )
    )

    failed = run.results("contoso", "graph_permission")[0]
    assert failed["failure"]["code"] == "UnknownResource"
    assert "99999999-9999-4999-8999-999999999999" in failed["msg"]


def test_parts_of_a_registration_need_the_registration(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    store = {"folder": str(desk.store)}

    run = desk.run(
        play(
            *(
                {**step, "ignore_errors": True}
                for step in (
                    task("graph_permission", unique_name=KEY, permissions=[{"application": ["Mail.Send"]}]),
                    task("admin_consent", unique_name=KEY),
                    task("client_secret", unique_name=KEY, store=store),
                )
            )
        )
    )

    for module in ("graph_permission", "admin_consent", "client_secret"):
        assert run.results("contoso", module)[0]["failure"]["code"] == "RegistrationMissing"
    assert writes(emulator, tenant) == []
    assert not desk.store.exists()


def test_a_disabled_service_principal_is_told_and_left_to_the_administrator(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    tenant = tenants.make()
    desk.hosts["contoso"] = {"connector_tenant_id": tenant}
    step = task("azure_app_registration", unique_name=KEY, display_name=NAME)
    assert desk.run(play(step)).code == 0
    admin = Administrator(emulator, tenant)
    admin.call("PATCH", f"/servicePrincipals/{admin.principal_of(KEY)['id']}", {"accountEnabled": False})

    run = desk.run(play(step))

    assert run.results("contoso", "azure_app")[0]["registration"]["enabled"] is False
    assert "disabled in this tenant" in run.output
    assert run.stats["contoso"]["changed"] == 0
