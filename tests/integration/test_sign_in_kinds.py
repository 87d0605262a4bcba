# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which the automation signs in, and what is told where one does not."""

from __future__ import annotations

import os
import sys
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
from integration.plays import play, task
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


AZ = """#!{python}
import json, ssl, sys, time
from urllib.parse import urlencode
from urllib.request import urlopen

words = dict(zip(sys.argv[3::2], sys.argv[4::2]))
assert sys.argv[1:3] == ["account", "get-access-token"] and words.keys() == {{"--output", "--resource", "--tenant"}}
form = {{"grant_type": "client_credentials", "client_id": "{client_id}", "scope": words["--resource"] + "/.default",
        "client_secret": open("{secret}").read()}}
url = "{url}/" + words["--tenant"] + "/oauth2/v2.0/token"
with urlopen(url, urlencode(form).encode(), context=ssl.create_default_context(cafile="{ca_file}")) as answer:
    found = json.load(answer)
print(json.dumps({{"accessToken": found["access_token"], "expires_on": int(time.time()) + found["expires_in"],
                  "tenant": words["--tenant"], "tokenType": "Bearer"}}))
"""


def by_azure_cli(desk: Desk) -> dict[str, Way]:
    """A command az in whose own files a service principal is signed in."""
    folder = desk.folder / "azure-cli"
    folder.mkdir(parents=True, exist_ok=True)
    secret = _private(folder / "profile", CLIENT_SECRET.encode())
    (folder / "az").write_text(
        AZ.format(
            python=sys.executable, client_id=CLIENT_ID, secret=secret, url=desk.emulator_url, ca_file=desk.ca_file
        )
    )
    (folder / "az").chmod(0o700)
    path = f"{folder}{os.pathsep}{desk.leg.bin}{os.pathsep}{os.environ['PATH']}"
    return {"azure-cli": Way({}, {"connector_auth_kind": "azure_cli"}, {"PATH": path})}


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
        **by_azure_cli(desk),
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
    ways = {**by_platform(emulator), **by_azure_cli(desk)}
    offers_nothing = {
        "github": "id-token: write",
        "devops": "SYSTEM_ACCESSTOKEN",
        "identity": "No managed identity",
        "azure-cli": "no command az",
    }
    prepare(desk, tenants, {name: ways[name] for name in offers_nothing})
    nowhere = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "https://127.0.0.1:1", "PATH": str(desk.leg.bin)}

    run = desk.run(environment=nowhere)

    for name, words in offers_nothing.items():
        result = run.tenant(name)
        assert result["state"] == "failed"
        assert words in result["next"], result


# --- persons --------------------------------------------------------------------------------------------------------

PARTNER = "gdap@partner.example"
SCOPES = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
]
FOR_PERSONS: Json = {
    "secret": "not-used-here-4711",
    "roles": [],
    "exchange_roles": [],
    "directory_roles": [],
    "scopes": SCOPES,
    "exchange_scopes": ["Exchange.Manage"],
    "public_client": True,
}


def test_a_partners_administrator_signs_in_once_and_onboards_customers(
    desk: Desk, tenants: Tenants, emulator: Emulator
) -> None:
    """By device code at home; then, by the refresh token that stayed, in the tenants of customers."""
    file = desk.folder / "partner.token"
    home = tenants.make(automation=FOR_PERSONS)
    by_token = Way(FOR_PERSONS, {"connector_auth_refresh_token_file": str(file)})
    ids = prepare(desk, tenants, {"acme": by_token, "fabrikam": by_token, "stranger": by_token})
    rights = {tenant: ["Global Administrator"] for tenant in (home, ids["acme"], ids["fabrikam"])}
    emulator.person(PARTNER, home, rights, answer="accept")
    login = task("tenant_login", auth_kind="device_code", auth_refresh_token_file=str(file), exchange=True)
    customers, desk.hosts = desk.hosts, {"contoso": {"connector_tenant_id": home}}
    desk.variables["connector_auth_client_secret"] = None

    first = desk.run(play(login))

    assert first.code == 0, first.output
    assert "microsoft.com/devicelogin" in first.output
    assert [row["exchange"] for row in first.results("contoso", "tenant_login")] == [True]
    before = file.read_text()
    assert before.startswith("$ANSIBLE_VAULT;")
    assert file.stat().st_mode & 0o777 == 0o600

    desk.hosts = customers
    run = desk.run()

    for name in ("acme", "fabrikam"):
        assert run.tenant(name)["state"] == "complete", run.output
        Witness(emulator, ids[name]).assert_as_totalview_asks()
    told = run.tenant("stranger")["next"]
    assert "AADSTS50020" in told
    assert "GDAP" in told
    assert file.read_text() != before
    issued = emulator.issued()["tokens"]
    assert desk.view(file).strip() in issued
    assert [text for text in issued if text in first.output + run.output] == []

    emulator.revoke(PARTNER)
    again = desk.run("totalview.exchange365.preflight")

    assert "AADSTS50173" in again.tenant("acme")["next"]
    assert "device_code" in again.tenant("acme")["next"]


def test_without_a_vault_password_no_refresh_token_is_used(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    desk.folder.mkdir(exist_ok=True)
    file = desk.write_encrypted("partner.token", "0.Anything")
    way = Way(FOR_PERSONS, {"connector_auth_refresh_token_file": str(file)})
    clear = _private(desk.folder / "clear.token", b"0.Anything")
    ids = prepare(desk, tenants, {"acme": way, "clear": Way(FOR_PERSONS, {"connector_auth_refresh_token_file": clear})})

    assert "vault password" in desk.run("totalview.exchange365.preflight", vault=False).tenant("acme")["next"]
    run = desk.run("totalview.exchange365.preflight")

    assert "AADSTS9002313" in run.tenant("acme")["next"]
    assert "not encrypted" in run.tenant("clear")["next"]
    assert [row for row in emulator.requests(tenant=ids["clear"]) if row["path"].endswith("/token")] == []


def test_who_does_not_type_the_code_in_or_may_not(desk: Desk, tenants: Tenants, emulator: Emulator) -> None:
    way = Way(FOR_PERSONS, {"connector_auth_kind": "device_code"})
    confidential = Way({**FOR_PERSONS, "public_client": False}, way.variables)
    ids = prepare(desk, tenants, {"declined": way, "blocked": way, "confidential": confidential})
    emulator.person(PARTNER, ids["declined"], {ids["declined"]: ["Global Administrator"]}, answer="decline")
    emulator.faults({"kind": "refuse_sign_in", "tenant": ids["blocked"], "code": 53003, "client": CLIENT_ID})

    run = desk.run("totalview.exchange365.preflight")

    assert "AADSTS65004" in run.tenant("declined")["next"]
    assert "AADSTS53003" in run.tenant("blocked")["next"]
    assert "block device code" in run.tenant("blocked")["next"]
    assert "AADSTS7000218" in run.tenant("confidential")["next"]
    assert "public client flows" in run.tenant("confidential")["next"]


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
