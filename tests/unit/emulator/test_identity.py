# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in: discovery, tokens, refusals."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from emulator.identity.assertions import ALGORITHMS
from emulator.rig import LOGIN, SCOPE, Rig

CLIENT_ID = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "the-automations-own-secret"
NOBODY = "99999999-9999-4999-8999-999999999999"


def ask(rig: Rig, tenant: str = "contoso.example", **fields: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "scope": SCOPE, **fields}
    given = {name: value for name, value in form.items() if value}
    return rig.session.post(f"{LOGIN}/{tenant}/oauth2/v2.0/token", data=given)


def claims(rig: Rig, answer: Any) -> dict[str, Any]:
    """Checked with the published keys, as a stranger would."""
    keys = rig.session.get(f"{LOGIN}/{rig.home}/discovery/v2.0/keys").json()
    return dict(jwt.decode(answer.json()["access_token"], KeySet.import_key_set(keys), ["RS256"]).claims)


# --- discovery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tenant", ["contoso.example", "CONTOSO.onmicrosoft.COM", "11111111-2222-4333-8444-555555555555"]
)
@pytest.mark.parametrize("host", ["login.microsoftonline.com", "127.0.0.1:8443"])
def test_openid_configuration(rig: Rig, tenant: str, host: str) -> None:
    body = rig.session.get(f"https://{host}/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert body["token_endpoint"] == f"https://{host}/{rig.home}/oauth2/v2.0/token"
    assert body["issuer"] == f"https://{host}/{rig.home}/v2.0"
    assert rig.session.get(body["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
    first = rig.session.get(f"https://{host}/{tenant}/.well-known/openid-configuration").json()
    assert first["issuer"] == f"https://sts.windows.net/{rig.home}/"


def test_instance_discovery_and_common(rig: Rig) -> None:
    query = "api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/authorize"
    body = rig.session.get(f"{LOGIN}/common/discovery/instance?{query}").json()
    assert body["metadata"][0]["aliases"] == ["login.microsoftonline.com"]
    common = rig.session.get(body["tenant_discovery_endpoint"]).json()
    assert common["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"


def test_unknown_tenants(rig: Rig) -> None:
    answer = rig.session.get(f"{LOGIN}/nobody.example/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_tenant")
    assert ask(rig, "nobody.example").json()["error_codes"] == [90002]


@pytest.mark.parametrize(
    ("cloud", "host", "known"),
    [
        ("usgov", "login.microsoftonline.us", True),
        ("usgov", "login.microsoftonline.com", False),
        ("usgov", "127.0.0.1:8443", True),
        ("china", "login.chinacloudapi.cn", True),
        ("global", "login.windows.net", True),
        ("global", "login.chinacloudapi.cn", False),
    ],
)
def test_tenants_are_known_in_their_own_cloud_only(rig: Rig, cloud: str, host: str, known: bool) -> None:
    rig.admin.seed({"tenants": [{"domains": ["cloudy.example"], "display_name": "Cloudy", "cloud": cloud}]})
    answer = rig.session.get(f"https://{host}/cloudy.example/v2.0/.well-known/openid-configuration")
    assert (answer.status_code == 200) is known


def test_other_pages(rig: Rig) -> None:
    assert rig.session.get(f"{LOGIN}/contoso.example/oauth2/v2.0/authorize").status_code == 404


# --- tokens --------------------------------------------------------------------------------------------------------


def test_what_a_token_says(rig: Rig) -> None:
    answer = ask(rig, client_secret=SECRET)
    assert {"token_type", "expires_in", "ext_expires_in", "access_token"} == answer.json().keys()
    found = claims(rig, answer)
    principals = rig.admin.snapshot(rig.home)["servicePrincipals"]
    [me] = [principal for principal in principals if principal["appId"] == CLIENT_ID]
    assert (found["tid"], found["appid"], found["azp"], found["oid"], found["sub"]) == (
        rig.home,
        CLIENT_ID,
        CLIENT_ID,
        me["id"],
        me["id"],
    )
    assert (found["aud"], found["idtyp"], found["ver"]) == ("https://graph.microsoft.com", "app", "1.0")
    assert found["iss"] == f"https://sts.windows.net/{rig.home}/"
    assert found["exp"] - found["iat"] == answer.json()["expires_in"]
    assert sorted(found["roles"]) == ["AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.OwnedBy"]


@pytest.mark.parametrize(
    ("scope", "audience", "roles"),
    [
        ("https://graph.microsoft.us/.default", "https://graph.microsoft.us", True),
        (f"{LOGIN}/.default", "https://graph.microsoft.com", True),
        ("00000003-0000-0000-c000-000000000000/.default", "00000003-0000-0000-c000-000000000000", True),
        ("https://outlook.office365.com/.default", "https://outlook.office365.com", True),
        (f"{CLIENT_ID}/.default", CLIENT_ID, False),
    ],
)
def test_audiences(rig: Rig, scope: str, audience: str, roles: bool) -> None:
    found = claims(rig, ask(rig, client_secret=SECRET, scope=scope))
    assert (found["aud"], "roles" in found) == (audience, roles)


def test_a_token_without_grants_has_no_roles(rig: Rig) -> None:
    app = rig.application()
    rig.service_principal(app["appId"])
    secret = rig.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    assert "roles" not in claims(rig, rig.sign_in(app["appId"], secret))


@pytest.mark.parametrize(
    ("fields", "code", "error", "status"),
    [
        ({"client_secret": "wrong"}, 7000215, "invalid_client", 401),
        ({}, 7000218, "invalid_client", 401),
        ({"client_id": NOBODY, "client_secret": SECRET}, 700016, "unauthorized_client", 400),
        ({"client_secret": SECRET, "scope": "https://nowhere.example/.default"}, 500011, "invalid_resource", 400),
        ({"client_secret": SECRET, "scope": "https://graph.microsoft.com/User.Read"}, 1002012, "invalid_scope", 400),
        ({"client_secret": SECRET, "scope": ""}, 900144, "invalid_request", 400),
        ({"client_secret": SECRET, "client_id": ""}, 900144, "invalid_request", 400),
        ({"client_secret": SECRET, "grant_type": "password"}, 70003, "unsupported_grant_type", 400),
        ({"client_secret": SECRET, "grant_type": ""}, 900144, "invalid_request", 400),
        ({"client_assertion": "x.y.z", "client_assertion_type": "other"}, 7000218, "invalid_client", 401),
    ],
)
def test_refusals(rig: Rig, fields: dict[str, str], code: int, error: str, status: int) -> None:
    answer = ask(rig, **fields)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert f"Trace ID: {UUID(body['trace_id'])} Correlation ID: {body['correlation_id']}" in body["error_description"]
    assert body["error_description"].endswith(f"Timestamp: {body['timestamp']}")
    assert body["error_uri"] == f"{LOGIN}/error?code={code}"


def test_the_correlation_id_is_the_clients_own(rig: Rig) -> None:
    headers = {"client-request-id": NOBODY}
    answer = rig.session.post(f"{LOGIN}/{rig.home}/oauth2/v2.0/token", data={}, headers=headers)
    assert answer.json()["correlation_id"] == NOBODY


def test_secrets_expire(rig: Rig) -> None:
    rig.admin.advance_clock(701 * 86400)
    assert ask(rig, client_secret=SECRET).json()["error_codes"] == [7000222]


def test_a_seeded_expired_secret(rig: Rig) -> None:
    automation = {"client_id": CLIENT_ID, "secret": "old", "secret_expired": True}
    rig.admin.seed({"tenants": [{"domains": ["late.example"], "display_name": "Late", "automation": automation}]})
    assert ask(rig, "late.example", client_secret="old").json()["error_codes"] == [7000222]


def test_secrets_not_yet_valid_are_wrong(rig: Rig) -> None:
    app = rig.application()
    rig.service_principal(app["appId"])
    wish = {"passwordCredential": {"startDateTime": "2090-01-01T00:00:00Z"}}
    secret = rig.graph("POST", f"/applications/{app['id']}/addPassword", wish).json()["secretText"]
    assert rig.sign_in(app["appId"], secret).json()["error_codes"] == [7000215]


def test_applications_made_through_graph(rig: Rig) -> None:
    app = rig.application()
    added = rig.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()

    def code() -> Any:
        return rig.sign_in(app["appId"], added["secretText"]).json().get("error_codes", ["fine"])[0]

    assert code() == 7000229
    principal = rig.service_principal(app["appId"])
    assert code() == "fine"
    rig.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False})
    assert code() == 7000112
    rig.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": True})
    rig.graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": added["keyId"]})
    assert code() == 7000215
    rig.graph("DELETE", f"/applications/{app['id']}")
    assert code() == 700016


# --- certificates --------------------------------------------------------------------------------------------------


class Certificate:
    def __init__(self, days: int = 30) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "automation")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=40)).not_valid_after(now + timedelta(days=days))
        self.certificate = builder.sign(private, SHA256())
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()
        self.private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.key = RSAKey.import_key(self.private_pem)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


def thumbprints(certificate: Certificate) -> dict[str, str]:
    der = certificate.certificate.public_bytes(Encoding.DER)
    digests = {"x5t": sha1(der).digest(), "x5t#S256": sha256(der).digest()}
    return {name: base64.urlsafe_b64encode(digest).decode().rstrip("=") for name, digest in digests.items()}


def assertion(certificate: Certificate, algorithm: str = "PS256", header: str = "x5t#S256", **changes: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    content = {
        "aud": f"{LOGIN}/contoso.example/oauth2/v2.0/token",
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
        **changes,
    }
    headers = {"alg": algorithm, header: thumbprints(certificate)[header]}
    return jwt.encode(headers, content, certificate.key, ALGORITHMS)


def sign_in(rig: Rig, text: str) -> Any:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return ask(rig, client_assertion=text, client_assertion_type=kind)


def seed_certificate(rig: Rig, certificate: Certificate) -> None:
    automation = {"client_id": CLIENT_ID, "certificate_pem": certificate.pem}
    tenant = {"id": rig.home, "domains": ["contoso.example"], "display_name": "Contoso", "automation": automation}
    rig.admin.seed({"tenants": [tenant]})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("header", ["x5t", "x5t#S256"])
def test_certificates_are_accepted(rig: Rig, certificate: Certificate, algorithm: str, header: str) -> None:
    seed_certificate(rig, certificate)
    assert sign_in(rig, assertion(certificate, algorithm, header)).status_code == 200


LONG_AGO = 1_000_000_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://elsewhere.example/token"}, 700023),
        ({"aud": f"{LOGIN}/fabrikam.onmicrosoft.com/oauth2/v2.0/token"}, 700023),
        ({"exp": LONG_AGO}, 700024),
        ({"exp": None}, 700024),
        ({"nbf": 9_000_000_000}, 700024),
        ({"sub": NOBODY}, 700021),
        ({"iss": NOBODY}, 700021),
    ],
)
def test_assertions_made_for_something_else(
    rig: Rig, certificate: Certificate, changes: dict[str, Any], code: int
) -> None:
    seed_certificate(rig, certificate)
    assert sign_in(rig, assertion(certificate, **changes)).json()["error_codes"] == [code]


def test_certificates_that_are_not_accepted(rig: Rig, certificate: Certificate) -> None:
    seed_certificate(rig, certificate)
    good = assertion(certificate)
    forged = jwt.encode({"alg": "RS256", **thumbprints(certificate)}, {"aud": "x"}, Certificate().key, ["RS256"])
    unsigned = good.rpartition(".")[0] + "."
    for text in (assertion(Certificate()), forged, unsigned, "nonsense"):
        answer = sign_in(rig, text)
        assert (answer.status_code, answer.json()["error_codes"]) == (401, [700027])


def test_an_expired_certificate(rig: Rig) -> None:
    expired = Certificate(days=-1)
    seed_certificate(rig, expired)
    assert sign_in(rig, assertion(expired)).json()["error_codes"] == [700027]


def test_a_certificate_added_through_graph(rig: Rig, certificate: Certificate) -> None:
    app = rig.application()
    rig.service_principal(app["appId"])
    der = base64.b64encode(certificate.certificate.public_bytes(Encoding.DER)).decode()
    path, credential = f"/applications/{app['id']}", {"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}
    assert rig.graph("PATCH", path, {"keyCredentials": [credential]}).status_code == 204
    [stored] = rig.graph("GET", path).json()["keyCredentials"]
    assert stored["key"] is None
    rig.graph("PATCH", path, {"keyCredentials": [stored]})
    text = assertion(certificate, iss=app["appId"], sub=app["appId"])
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    fields = {"client_id": app["appId"], "client_assertion": text, "client_assertion_type": kind}
    assert ask(rig, **fields).status_code == 200


def test_a_disabled_service_gives_no_tokens(rig: Rig) -> None:
    exchange = rig.resource("00000002-0000-0ff1-ce00-000000000000")
    rig.graph("PATCH", f"/servicePrincipals/{exchange['id']}", {"accountEnabled": False})
    answer = ask(rig, client_secret=SECRET, scope="https://outlook.office365.com/.default")
    assert answer.json()["error_codes"] == [500014]
    assert ask(rig, client_secret=SECRET).status_code == 200
