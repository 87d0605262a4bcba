# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places where a registration's credentials can sit, and what forbids signing in with any of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from emulator.launch import EmulatorError
from emulator.rig import Rig, error_of

Pair = tuple[dict[str, Any], dict[str, Any]]

FEDERATED = {
    "name": "pipeline",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:totalview/connector:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


@pytest.fixture(scope="module")
def certificate() -> str:
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = built.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, SHA256())
    return base64.b64encode(signed.public_bytes(Encoding.DER)).decode()


@pytest.fixture
def pair(rig: Rig) -> Pair:
    application = rig.application()
    return application, rig.service_principal(application["appId"])


def true(rig: Rig, collection: str, object_id: str) -> dict[str, Any]:
    [found] = [body for body in rig.admin.snapshot(rig.home)[collection] if body["id"] == object_id]
    return dict(found)


# --- secrets and certificates of service principals --------------------------------------------------------------


@pytest.mark.parametrize("template", ["/servicePrincipals/{id}", "/servicePrincipals(appId='{appId}')"])
def test_a_secret_of_the_service_principal_signs_in(rig: Rig, pair: Pair, template: str) -> None:
    application, principal = pair
    path = template.format(**principal)
    secret = rig.graph("POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "hidden"}}).json()
    assert rig.sign_in(application["appId"], secret["secretText"]).status_code == 200
    assert secret["secretText"] in rig.admin.issued()["secrets"]
    [stored] = rig.graph("GET", path).json()["passwordCredentials"]
    assert (stored["keyId"], stored["secretText"]) == (secret["keyId"], None)
    # The page of the application shows nothing of it.
    assert rig.graph("GET", f"/applications/{application['id']}").json()["passwordCredentials"] == []
    assert rig.graph("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status_code == 204
    assert rig.sign_in(application["appId"], secret["secretText"]).status_code == 401


def test_certificates_of_the_service_principal_are_kept(rig: Rig, pair: Pair, certificate: str) -> None:
    path = f"/servicePrincipals/{pair[1]['id']}"
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate}
    assert rig.graph("PATCH", path, {"keyCredentials": [key]}).status_code == 204
    [stored] = rig.graph("GET", path).json()["keyCredentials"]
    assert (stored["key"], stored["type"]) == (None, "AsymmetricX509Cert")


@pytest.mark.parametrize(
    ("lock", "refused"),
    [
        ({"isEnabled": True, "allProperties": True}, True),
        ({"isEnabled": True, "credentialsWithUsageVerify": True}, True),
        ({"isEnabled": True}, False),
        ({"isEnabled": False, "allProperties": True}, False),
        (None, False),
    ],
)
def test_an_application_may_lock_its_service_principal(
    rig: Rig, pair: Pair, lock: dict[str, bool] | None, refused: bool
) -> None:
    application, principal = pair
    rig.graph("PATCH", f"/applications/{application['id']}", {"servicePrincipalLockConfiguration": lock})
    answer = rig.graph("POST", f"/servicePrincipals/{principal['id']}/addPassword", {})
    assert (answer.status_code == 400) is refused
    if refused:
        assert error_of(answer)[1] == "CannotUpdateLockedServicePrincipalProperty"
    assert len(true(rig, "servicePrincipals", principal["id"])["passwordCredentials"]) == (not refused)


# --- federated identity credentials ------------------------------------------------------------------------------


def test_federated_credentials_come_and_go(rig: Rig) -> None:
    application = rig.application()
    path = f"/applications/{application['id']}/federatedIdentityCredentials"
    made = rig.created(rig.graph("POST", path, FEDERATED))
    assert {name: made[name] for name in FEDERATED} == FEDERATED
    assert rig.graph("GET", path).json()["value"] == [{**FEDERATED, "id": made["id"], "description": None}]
    assert rig.graph("GET", f"{path}/pipeline").json()["id"] == made["id"]
    expanded = rig.graph("GET", f"/applications/{application['id']}?$expand=federatedIdentityCredentials").json()
    assert [entry["name"] for entry in expanded["federatedIdentityCredentials"]] == ["pipeline"]
    assert rig.graph("PATCH", f"{path}/{made['id']}", {"subject": "another"}).status_code == 204
    assert rig.graph("GET", f"{path}/{made['id']}").json()["subject"] == "another"
    assert rig.graph("DELETE", f"{path}/{made['id']}").status_code == 204
    assert error_of(rig.graph("GET", f"{path}/{made['id']}"))[:2] == (404, "Request_ResourceNotFound")
    assert true(rig, "applications", application["id"])["federatedIdentityCredentials"] == []


@pytest.mark.parametrize("change", [{"subject": "another"}, {"name": "another"}])
def test_name_and_subject_are_unique(rig: Rig, change: dict[str, str]) -> None:
    path = f"/applications/{rig.application()['id']}/federatedIdentityCredentials"
    rig.created(rig.graph("POST", path, FEDERATED))
    assert error_of(rig.graph("POST", path, {**FEDERATED, **change}))[0] == 409


def test_there_are_at_most_twenty(rig: Rig) -> None:
    path = f"/applications/{rig.application()['id']}/federatedIdentityCredentials"
    answers = [
        rig.graph("POST", path, {**FEDERATED, "name": f"n{number}", "subject": f"s{number}"}) for number in range(21)
    ]
    assert [answer.status_code for answer in answers] == [201] * 20 + [400]


@pytest.mark.usefixtures("malformed_on_purpose")
@pytest.mark.parametrize("change", [{"name": "has blanks"}, {"audiences": ["one", "two"]}, {"colour": "red"}])
def test_bad_federated_credentials_are_refused(rig: Rig, change: dict[str, Any]) -> None:
    path = f"/applications/{rig.application()['id']}/federatedIdentityCredentials"
    assert rig.graph("POST", path, {**FEDERATED, **change}).status_code == 400


def test_the_name_stays(rig: Rig) -> None:
    path = f"/applications/{rig.application()['id']}/federatedIdentityCredentials"
    made = rig.created(rig.graph("POST", path, FEDERATED))
    assert rig.graph("PATCH", f"{path}/{made['id']}", {"name": "another"}).status_code == 400


# --- disabled ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "change"),
    [("applications", {"isDisabled": True}), ("servicePrincipals", {"accountEnabled": False})],
)
def test_what_is_disabled_cannot_sign_in(rig: Rig, pair: Pair, collection: str, change: dict[str, bool]) -> None:
    application, principal = pair
    secret = rig.graph("POST", f"/applications/{application['id']}/addPassword", {}).json()["secretText"]
    target = application if collection == "applications" else principal
    assert rig.sign_in(application["appId"], secret).status_code == 200
    rig.graph("PATCH", f"/{collection}/{target['id']}", change)
    assert rig.sign_in(application["appId"], secret).json()["error_codes"] == [7000112]
    rig.graph("PATCH", f"/{collection}/{target['id']}", {name: not value for name, value in change.items()})
    assert rig.sign_in(application["appId"], secret).status_code == 200


def test_a_deactivated_application_shows_on_its_service_principal(rig: Rig, pair: Pair) -> None:
    application, principal = pair
    rig.graph("PATCH", f"/applications/{application['id']}", {"isDisabled": True})
    assert rig.graph("GET", f"/servicePrincipals/{principal['id']}?$select=isDisabled").json()["isDisabled"] is True


@pytest.mark.usefixtures("malformed_on_purpose")
def test_it_is_set_on_the_application_only(rig: Rig, pair: Pair) -> None:
    assert rig.graph("PATCH", f"/servicePrincipals/{pair[1]['id']}", {"isDisabled": True}).status_code == 400


# --- seeds and the portal ----------------------------------------------------------------------------------------


def seeded(rig: Rig, **wish: Any) -> dict[str, Any]:
    application = {"displayName": "Seeded", **wish}
    rig.admin.seed({"tenants": [{"domains": ["s.example"], "display_name": "S", "applications": [application]}]})
    [found] = rig.admin.snapshot("s.example")["applications"]
    return dict(found)


def test_all_places_can_be_seeded(rig: Rig, certificate: str) -> None:
    application = seeded(
        rig,
        passwordCredentials=[{"displayName": "portal", "secretText": "application's"}, {"displayName": "unknown"}],
        keyCredentials=[{"displayName": "CN=example", "key": certificate}],
        federatedIdentityCredentials=[FEDERATED],
        servicePrincipal={
            "passwordCredentials": [
                {"displayName": "hidden", "secretText": "principal's"},
                {"displayName": "old", "secretText": "expired", "endDateTime": "2025-01-01T00:00:00Z"},
            ],
            "keyCredentials": [{"key": certificate}],
        },
    )
    principals = rig.admin.snapshot("s.example")["servicePrincipals"]
    [principal] = [body for body in principals if body["appId"] == application["appId"]]
    places = ("passwordCredentials", "keyCredentials")
    assert [len(body[name]) for body in (application, principal) for name in places] == [2, 1, 2, 1]
    assert [entry["name"] for entry in application["federatedIdentityCredentials"]] == ["pipeline"]
    texts = ("application's", "principal's", "expired")
    answers = [rig.sign_in(application["appId"], text, tenant="s.example").status_code for text in texts]
    assert answers == [200, 200, 401]
    assert set(texts) <= set(rig.admin.issued()["secrets"])


@pytest.mark.parametrize(
    "state",
    [
        {"isDisabled": True},
        {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"},
        {"servicePrincipal": {"accountEnabled": False}},
        {"servicePrincipal": {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}},
    ],
)
def test_disabled_ones_can_be_seeded(rig: Rig, state: dict[str, Any]) -> None:
    application = seeded(rig, passwordCredentials=[{"secretText": "text"}], **state)
    assert rig.sign_in(application["appId"], "text", tenant="s.example").json()["error_codes"] == [7000112]


def test_a_bad_certificate_in_a_seed_is_told(rig: Rig) -> None:
    with pytest.raises(EmulatorError, match=r"applications\.0: keyCredentials: not a certificate"):
        seeded(rig, servicePrincipal={"keyCredentials": [{"key": "bm8="}]})


def test_owners_of_a_service_principal_are_its_own(rig: Rig) -> None:
    app, other = rig.application(), rig.application("Other")
    path = f"/servicePrincipals/{rig.service_principal(app['appId'])['id']}/owners"
    owner = rig.service_principal(other["appId"])["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}

    assert rig.graph("POST", f"{path}/$ref", reference).status_code == 204
    assert [row["id"] for row in rig.graph("GET", path).json()["value"]] == [owner]
    assert rig.graph("GET", f"/applications/{app['id']}/owners").json()["value"] == []
    assert rig.graph("DELETE", f"{path}/{owner}/$ref").status_code == 204
    assert rig.graph("GET", path).json()["value"] == []
