# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which the automation signs in, and what is told where one does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from emulator.launch import Emulator
from integration.operator_desk import CLIENT_ID, CLIENT_SECRET, Desk
from integration.tenants import Tenants
from integration.witness import Witness, writes

Json = dict[str, Any]

CLUSTER = "https://oidc.prod-aks.azure.com/11111111-2222-4333-8444-555555555555/"
ACCOUNT = "system:serviceaccount:totalview:connector"
GITHUB = "https://token.actions.githubusercontent.com"
BRANCH = "repo:totalview/fleet:ref:refs/heads/main"
DEVOPS = "https://vstoken.dev.azure.com/22222222-2222-4333-8444-555555555555"
CONNECTION = "sc://totalview/fleet/connector"
CONNECTION_ID = "33333333-2222-4333-8444-555555555555"
JOB_TOKEN = "integration-token-of-the-job-4711"
HOME = "44444444-2222-4333-8444-555555555555"
IDENTITY = "55555555-2222-4333-8444-555555555555"
PRINCIPAL = "66666666-2222-4333-8444-555555555555"
PFX_PASSWORD = "integration-pfx-password-4711"
TRUSTED_SUBJECT = "automation.contoso.example"


class Certificates:
    """A certificate with its issuers, the root known to Microsoft and the one between not."""

    def __init__(self) -> None:
        self.root, self.between, self.leaf = (rsa.generate_private_key(65537, 2048) for _unused in range(3))
        self.root_certificate = _certificate("root", self.root, "root", self.root)
        self.between_certificate = _certificate("between", self.between, "root", self.root)
        self.certificate = _certificate(TRUSTED_SUBJECT, self.leaf, "between", self.between)

    @property
    def pem(self) -> str:
        return _pem(self.certificate)

    def write_pem(self, path: Path) -> str:
        key = self.leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return _private(path, f"{_pem(self.between_certificate)}{self.pem}{key}".encode())

    def write_pfx(self, path: Path) -> str:
        encryption = BestAvailableEncryption(PFX_PASSWORD.encode())
        others = [self.root_certificate, self.between_certificate]
        content = pkcs12.serialize_key_and_certificates(b"automation", self.leaf, self.certificate, others, encryption)
        return _private(path, content)


def _certificate(name: str, key: rsa.RSAPrivateKey, by: str, issuer: rsa.RSAPrivateKey) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (by, name)]
    start, end = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 9))
    builder = x509.CertificateBuilder(names[0], names[1], key.public_key(), x509.random_serial_number(), start, end)
    return builder.sign(issuer, SHA256())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _private(path: Path, content: bytes) -> str:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return str(path)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@dataclass
class Way:
    """One way to sign in: what the tenant knows of the automation, the host's variables, the run's environment."""

    automation: Json
    variables: Json
    environment: dict[str, str] = field(default_factory=dict)


def by_certificate(desk: Desk, certificates: Certificates) -> dict[str, Way]:
    known: Json = {"secret": "not-used", "certificate_pem": certificates.pem}
    pem = certificates.write_pem(desk.folder / "automation.pem")
    pfx = certificates.write_pfx(desk.folder / "automation.pfx")
    issuer = {"subject": TRUSTED_SUBJECT, "issuer_pem": _pem(certificates.root_certificate)}
    of_pfx = {"connector_auth_certificate_path": pfx, "connector_auth_certificate_password": PFX_PASSWORD}
    return {
        "pem": Way(known, {"connector_auth_certificate_path": pem}),
        "pfx": Way(known, of_pfx),
        "pem-chain": Way(
            {"trusted_subject": issuer},
            {"connector_auth_certificate_path": pem, "connector_auth_send_certificate_chain": True},
        ),
        "pfx-chain": Way({"trusted_subject": issuer}, {**of_pfx, "connector_auth_send_certificate_chain": True}),
    }


def by_token_file(desk: Desk, emulator: Emulator) -> dict[str, Way]:
    token = emulator.issuer_token(CLUSTER, ACCOUNT)
    path = _private(desk.folder / "token", f"{token}\n".encode())
    trusted = {"federatedIdentityCredentials": [{"name": "aks", "issuer": CLUSTER, "subject": ACCOUNT}]}
    return {"token-file": Way(trusted, {"connector_auth_federated_token_file": path})}


def trusting(issuer: str, subject: str, **others: Any) -> Json:
    return {"federatedIdentityCredentials": [{"name": "trusted", "issuer": issuer, "subject": subject}], **others}


def by_platform(emulator: Emulator) -> dict[str, Way]:
    """What the machine offers: jobs of two pipelines, and an identity that is at home in no customer's tenant."""
    hub = f"{emulator.url}/_apis/distributedtask/hubs/x/plans/1/jobs/2"
    github = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{hub}/idtoken?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": JOB_TOKEN}
    devops = {"SYSTEM_OIDCREQUESTURI": f"{hub}/oidctoken", "SYSTEM_ACCESSTOKEN": JOB_TOKEN}
    asked = {"connector_auth_kind": "azure_pipelines", "connector_auth_service_connection_id": CONNECTION_ID}
    return {
        "github": Way(trusting(GITHUB, BRANCH), {"connector_auth_kind": "github_actions"}, github),
        "devops": Way(trusting(DEVOPS, CONNECTION), asked, devops),
        "federated-identity": Way(
            trusting(f"https://login.microsoftonline.com/{HOME}/v2.0", PRINCIPAL, home_tenant=HOME),
            {"connector_auth_managed_identity_client_id": IDENTITY},
            {"AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.url},
        ),
        "identity": Way({}, {"connector_auth_kind": "managed_identity"}),
    }


def offer(emulator: Emulator, own_tenant: str, **others: Any) -> None:
    """The emulator as the machine. The tenant's automation is the identity's service principal there."""
    emulator.platform(
        identities=[
            {"tenant": HOME, "client_id": IDENTITY, "principal_id": PRINCIPAL},
            {"tenant": own_tenant, "client_id": CLIENT_ID, "principal_id": PRINCIPAL, "system_assigned": True},
        ],
        github={"token": JOB_TOKEN, "issuer": GITHUB, "subject": BRANCH},
        azure_pipelines={
            "token": JOB_TOKEN,
            "issuer": DEVOPS,
            "subject": CONNECTION,
            "service_connection": CONNECTION_ID,
        },
        **others,
    )


def prepare(desk: Desk, tenants: Tenants, ways: dict[str, Way]) -> dict[str, str]:
    """Tenants by the name of the way. A secret is the only thing that each tenant knows in the same way."""
    desk.folder.mkdir(exist_ok=True)
    desk.variables |= {"connector_auth_client_secret": None}
    ids = {name: tenants.make(automation=way.automation) for name, way in ways.items()}
    desk.hosts = {name: {"connector_tenant_id": ids[name], **way.variables} for name, way in ways.items()}
    return ids


def test_every_way_signs_in(desk: Desk, tenants: Tenants, emulator: Emulator, certificates: Certificates) -> None:
    ways = {
        "secret": Way({}, {"connector_auth_client_secret": CLIENT_SECRET}),
        **by_certificate(desk, certificates),
        **by_token_file(desk, emulator),
        **by_platform(emulator),
    }
    ids = prepare(desk, tenants, ways)
    offer(emulator, ids["identity"])
    environment = {name: value for way in ways.values() for name, value in way.environment.items()}

    run = desk.run("totalview.exchange365.preflight", environment=environment)

    states = {name: run.tenant(name)["state"] for name in ways}
    assert states == dict.fromkeys(ways, "ready"), run.output
    issued = emulator.issued()
    assert [text for text in (*issued["tokens"], *issued["secrets"], PFX_PASSWORD) if text in run.output] == []


def test_without_any_secret_a_tenant_is_onboarded(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    """All from the environment, as in a pod; nothing of it stands in the inventory."""
    (way,) = by_token_file(desk, emulator).values()
    environment = {"AZURE_FEDERATED_TOKEN_FILE": way.variables["connector_auth_federated_token_file"]}
    ids = prepare(desk, tenants, {"contoso": Way(way.automation, {})})

    run = desk.run(environment=environment)

    assert run.tenant("contoso")["state"] == "complete", run.output
    Witness(emulator, ids["contoso"]).assert_as_totalview_asks()


def test_a_managed_identity_onboards_its_own_tenant_and_no_other(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """As an App Service offers it."""
    header = "integration-header-of-the-app-4711"
    way = Way({}, {"connector_auth_kind": "managed_identity"})
    unknown = Way({}, {**way.variables, "connector_auth_client_id": "77777777-2222-4333-8444-555555555555"})
    ids = prepare(desk, tenants, {"own": way, "other": way, "unknown": unknown})
    desk.variables["connector_auth_client_id"] = None
    offer(emulator, ids["own"], identity_header=header)
    environment = {"IDENTITY_ENDPOINT": f"{emulator.url}/msi/token", "IDENTITY_HEADER": header}

    run = desk.run(environment=environment)

    assert run.tenant("own")["state"] == "complete", run.output
    Witness(emulator, ids["own"]).assert_as_totalview_asks()
    told = run.tenant("other")["next"]
    assert "its own tenant only" in told
    assert "federated_managed_identity" in told
    assert emulator.requests(tenant=ids["other"]) == []
    assert "Identity not found" in run.tenant("unknown")["next"]
    assert header not in run.output


def test_a_platform_that_offers_nothing_is_told(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    ways = by_platform(emulator)
    offers_nothing = {"github": "id-token: write", "devops": "SYSTEM_ACCESSTOKEN", "identity": "No managed identity"}
    prepare(desk, tenants, {name: ways[name] for name in offers_nothing})

    run = desk.run(environment={"AZURE_POD_IDENTITY_AUTHORITY_HOST": "https://127.0.0.1:1"})

    for name, words in offers_nothing.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert words in result["next"], result


def test_what_does_not_fit_is_told_with_both_sides(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    desk.folder.mkdir(exist_ok=True)
    presented: dict[str, tuple[Json, str, str]] = {
        "subject": ({"subject": "system:serviceaccount:totalview:other"}, "AADSTS700213", "totalview:other"),
        "capitals": ({"subject": ACCOUNT.upper()}, "AADSTS7002138", "capital letters"),
        "issuer": ({"issuer": "https://elsewhere.example/"}, "AADSTS700211", "https://elsewhere.example/"),
        "audience": ({"audience": "api://else"}, "AADSTS700212", "api://else"),
        "expired": ({"lifetime": -900}, "AADSTS700024", "federated token has expired"),
    }
    ways = {}
    for name, (changes, _code, _words) in presented.items():
        token = emulator.issuer_token(**{"issuer": CLUSTER, "subject": ACCOUNT, **changes})
        path = _private(desk.folder / f"token-{name}", token.encode())
        trusted = {"federatedIdentityCredentials": [{"name": "aks", "issuer": CLUSTER, "subject": ACCOUNT}]}
        ways[name] = Way(trusted, {"connector_auth_federated_token_file": path})
    ways["broken"] = Way({}, {"connector_auth_federated_token_file": _private(desk.folder / "broken", b"no token")})
    both = {"connector_auth_federated_token_file": "/dev/null", "connector_auth_client_secret": CLIENT_SECRET}
    ways["both"] = Way({}, both)
    ids = prepare(desk, tenants, ways)

    run = desk.run()

    for name, (_changes, code, words) in presented.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert code in result["next"], result
        assert words in result["next"], result
        assert writes(emulator, ids[name]) == []
    assert "holds no token" in run.tenant("broken")["next"]
    told = run.tenant("both")["next"]
    assert "auth_client_secret" in told
    assert "auth_federated_token_file" in told
    assert emulator.requests(tenant=ids["both"]) == []
