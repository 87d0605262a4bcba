# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules on an emulated tenant inside the test's process, so that hundreds of runs cost seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils import _tenant, _wait
from ansible_collections.totalview.exchange365.plugins.module_utils._http import HttpClient
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, perform
from ansible_collections.totalview.exchange365.plugins.modules import (
    admin_consent,
    azure_app_registration,
    client_secret,
    connector_handoff,
    connector_plan,
    connector_proof,
    graph_permission,
    mailbox_restriction,
)
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault
from emulator.rig import Rig
from emulator.world import World

CLIENT_ID = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"
TENANT = "contoso.onmicrosoft.com"
SENDER, OTHER = "totalview@example.com", "ann@example.com"
NAMES = {"calendar": ["Calendars.Read", "User.Read.All"], "mail": ["Mail.Send"]}
SEED = {
    "tenants": [
        {
            "domains": [TENANT],
            "display_name": "Contoso",
            "users": [{"upn": SENDER}, {"upn": OTHER}],
            "automation": {
                "client_id": CLIENT_ID,
                "secret": "corpus-secret",
                "roles": [
                    "Application.Read.All",
                    "Application.ReadWrite.OwnedBy",
                    "AppRoleAssignment.ReadWrite.All",
                    "DelegatedPermissionGrant.ReadWrite.All",
                    "Policy.Read.All",
                ],
                "exchange_roles": ["Exchange.ManageAsApp"],
                "directory_roles": ["Exchange Administrator"],
            },
            "applications": [{"displayName": "Somebody else's", "applicationPermissions": ["Mail.Send"]}],
        }
    ]
}

Json = dict[str, Any]
Hook = Callable[[requests.Response], None]


class Clock:
    """Stands in for the module `time`: waiting costs nothing."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Operator:
    """Runs the stages of an onboarding, module by module, as the role does."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig = Rig(SEED, World(), TENANT)
        self.folder = folder
        self.hook: Hook = lambda response: None
        client = HttpClient(None)
        client._session = self.rig.session
        client._session.hooks["response"] = [self._answered]
        monkeypatch.setattr(_tenant, "http_client", lambda ca_path: client)
        monkeypatch.setattr(_wait, "time", Clock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.rig.session.close()

    def _answered(self, response: requests.Response, **_kwargs: Any) -> requests.Response:
        self.hook(response)
        return response

    def onboard(self, **changes: Any) -> Json:
        """The last module's result: the first that failed, or the hand-off's."""
        results: Json = {}
        for name, permissions in NAMES.items():
            for operation, options in self._stages(name, permissions, results):
                result = self.run(operation, {**options, **changes})
                if result.get("failed"):
                    return result
                results[operation.name] = result
        return self.run(connector_handoff.OPERATION, self._handoff())

    def plan(self, **changes: Any) -> Json:
        registrations = [
            {
                "name": name,
                "unique_name": f"totalview-exchange365-{name}",
                "display_name": name,
                "permissions": permissions,
                **self._restriction(name),
            }
            for name, permissions in NAMES.items()
        ]
        options = {
            "host": "contoso",
            "registrations": registrations,
            "handoff": {key: value for key, value in self._handoff().items() if key != "store"},
            "store": self._store,
        }
        return self.run(connector_plan.OPERATION, {**options, **changes})

    def run(self, operation: Operation, options: Json, *, check_mode: bool = False) -> Json:
        """As both doors do it: validate, then perform. What is no foreseeable fault flies out of here."""
        given = {"tenant_id": TENANT, "auth_client_id": CLIENT_ID, "auth_client_secret": "corpus-secret", **options}
        known = {name: value for name, value in given.items() if name in operation.argument_spec}
        checked = ArgumentSpecValidator(dict(operation.argument_spec), **operation.constraints).validate(known)
        if checked.error_messages:
            return {"failed": True, "msg": f"Tenant {TENANT}: {checked.error_messages[0]}"}
        result, _outcome = perform(operation, Call(checked.validated_parameters, check_mode, _vault))
        return result

    @property
    def _store(self) -> Json:
        return {"folder": str(self.folder / "secrets")}

    def _handoff(self) -> Json:
        keys = {name: f"totalview-exchange365-{name}" for name in NAMES}
        return {"folder": str(self.folder), "name": "contoso", **keys, "sender": SENDER, "store": self._store}

    def _restriction(self, name: str) -> Json:
        if name == "calendar":
            return {"mode": "none", "proof_mailbox": SENDER}
        return {"mode": "access_policy", "group": "totalviewtimesendemail", "members": [SENDER], "sender": SENDER}

    def _stages(self, name: str, permissions: list[str], results: Json) -> Iterator[tuple[Operation, Json]]:
        key = {"unique_name": f"totalview-exchange365-{name}"}
        declared = {"permissions": [{"application": permissions}]}
        mailbox = [permission for permission in permissions if not permission.startswith("User.")]
        yield azure_app_registration.OPERATION, {**key, "display_name": name}
        yield graph_permission.OPERATION, {**key, **declared}
        yield mailbox_restriction.OPERATION, {**key, "permissions": mailbox, **self._restriction(name)}
        restriction = results["mailbox_restriction"]
        yield admin_consent.OPERATION, {**key, **declared, "hold": restriction["hold"]}
        yield client_secret.OPERATION, {**key, "store": self._store}
        told = {option: restriction[option] for option in ("fingerprint", "since", "mode", "group")}
        proof = {**key, **told, "permissions": permissions, "mailbox": SENDER, "store": self._store}
        if results["admin_consent"]["state"] == "granted":
            yield connector_proof.OPERATION, proof


def _vault(vault_id: str | None, _password_file: str | None) -> AnsibleVault:
    return AnsibleVault([("default", VaultSecret(b"corpus"))], vault_id)
