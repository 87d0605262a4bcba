# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody in the tenant who wants to read its calendars, or send its mail, by a registration of ours."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from typing import Any

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulator.launch import Emulator
from integration.administrator import Administrator

Json = dict[str, Any]


class Attacker:
    """Adds what lets them in, and signs in with it where it can be signed in with."""

    def __init__(self, emulator: Emulator, tenant: str) -> None:
        self._emulator = emulator
        self._tenant = tenant
        self._door = Administrator(emulator, tenant)
        self._secret = ""
        self._app_id = ""

    def enter(self, way: str, unique_name: str) -> str:
        """The id of what was added."""
        application = self._door.application(unique_name)
        principal = self._door.principal_of(unique_name)
        self._app_id = application["appId"]
        return WAYS[way](self, f"/applications/{application['id']}", f"/servicePrincipals/{principal['id']}")

    def leave(self, way: str, unique_name: str, id_: str) -> None:
        """As the administrator who was told of it makes them."""
        application, principal = self._door.application(unique_name), self._door.principal_of(unique_name)
        of_principal = way.startswith("service principal")
        kind = "servicePrincipals" if of_principal else "applications"
        path = f"/{kind}/{principal['id'] if of_principal else application['id']}"
        if way.endswith("secret"):
            self._door.call("POST", f"{path}/removePassword", {"keyId": id_})
        elif way.endswith("certificate"):
            self._door.call("PATCH", path, {"keyCredentials": []})
        elif way.endswith("owner"):
            self._door.call("DELETE", f"{path}/owners/{id_}/$ref")
        else:
            self._door.call("DELETE", f"{path}/federatedIdentityCredentials/{id_}")

    def token(self) -> str:
        """Of the registration, got with what the attacker added."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._app_id,
            "client_secret": self._secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        address = f"{self._emulator.url}/{self._tenant}/oauth2/v2.0/token"
        answer = requests.post(address, data=form, verify=self._emulator.ca_file, timeout=30)
        assert answer.ok, answer.text
        return str(answer.json()["access_token"])

    def roles(self) -> set[str]:
        """What that token may do by what Entra granted."""
        return set(jwt.decode(self.token(), options={"verify_signature": False}).get("roles", ()))

    def reads(self, address: str) -> bool:
        """Whether it opens that calendar."""
        window = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-01-02T00:00:00Z"
        answer = requests.get(
            f"{self._emulator.url}/v1.0/users/{address}/calendarView?{window}",
            headers={"Authorization": f"Bearer {self.token()}"},
            verify=self._emulator.ca_file,
            timeout=30,
        )
        return answer.status_code == 200

    def sends(self, address: str) -> bool:
        """Whether it could send from that mailbox: who has access is refused for lack of recipients."""
        answer = requests.post(
            f"{self._emulator.url}/v1.0/users/{address}/sendMail",
            json={"message": {"subject": "x", "toRecipients": []}},
            headers={"Authorization": f"Bearer {self.token()}"},
            verify=self._emulator.ca_file,
            timeout=30,
        )
        return answer.status_code == 400

    def _password(self, path: str) -> str:
        body = {"passwordCredential": {"displayName": "backup"}}
        made = self._door.call("POST", f"{path}/addPassword", body)
        self._secret = made["secretText"]
        return str(made["keyId"])

    def _certificate(self, path: str) -> str:
        now = datetime.datetime.now(datetime.UTC)
        dates = {"startDateTime": now, "endDateTime": now + datetime.timedelta(days=400)}
        key = {
            **{name: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in dates.items()},
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "key": _certificate(),
            "displayName": "CN=backup",
        }
        self._door.call("PATCH", path, {"keyCredentials": [key]})
        return str(self._door.call("GET", path)["keyCredentials"][0]["keyId"])

    def _federated(self, path: str) -> str:
        body = {
            "name": "build",
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": "repo:somebody/anything:ref:refs/heads/main",
            "audiences": ["api://AzureADTokenExchange"],
        }
        return str(self._door.call("POST", f"{path}/federatedIdentityCredentials", body)["id"])

    def _owner(self, path: str) -> str:
        users = self._emulator.snapshot(self._tenant)["users"]
        ann = next(row["id"] for row in users if row["userPrincipalName"] == "ann@example.com")
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ann}"}
        self._door.call("POST", f"{path}/owners/$ref", reference)
        return str(ann)


#: How somebody gets in, or gets to where they can let themselves in.
WAYS: dict[str, Callable[[Attacker, str, str], str]] = {
    "secret": lambda attacker, application, _principal: attacker._password(application),
    "certificate": lambda attacker, application, _principal: attacker._certificate(application),
    "federated": lambda attacker, application, _principal: attacker._federated(application),
    "owner": lambda attacker, application, _principal: attacker._owner(application),
    "service principal secret": lambda attacker, _application, principal: attacker._password(principal),
    "service principal certificate": lambda attacker, _application, principal: attacker._certificate(principal),
    "service principal owner": lambda attacker, _application, principal: attacker._owner(principal),
}


def _certificate() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "backup")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=400))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(built.public_bytes(serialization.Encoding.DER)).decode()
