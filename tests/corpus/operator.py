# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's tasks on an emulated tenant inside the test's process, so that hundreds of runs cost seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import pytest
import requests
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.vault import VaultSecret
from requests.adapters import HTTPAdapter

from ansible_collections.totalview.exchange365.plugins.module_utils import _wait
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft import clock, tenant
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call, Operation, perform
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault
from emulator.identity.store import SigningKey
from emulator.launch import at_the_end
from emulator.rig import Rig
from emulator.world import World
from tooling.role_tasks import RoleTasks

MODULES = "ansible_collections.totalview.exchange365.plugins.modules"
CLIENT_ID = "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"
TENANT = "contoso.onmicrosoft.com"
HOSTS = ["contoso"]
SENDER, OTHER = "totalview@example.com", "ann@example.com"
NAMES = {"calendar": ["Calendars.Read", "User.Read.All"], "mail": ["Mail.Send"]}
SEED = {
    "tenants": [
        {
            "domains": [TENANT],
            "display_name": "Contoso",
            # One more than any case lets in: without a mailbox outside nothing is proven.
            "users": [{"upn": SENDER, "aliases": ["post@example.com"]}, {"upn": OTHER}, {"upn": "bo@example.com"}],
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

DEFAULTS = yaml.safe_load((Path(__file__).parents[2] / "roles/connector/defaults/main.yml").read_text())

#: One for all worlds: to make it costs more than most of what is tried with it.
_KEY = SigningKey()

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


class _Overheard(HTTPAdapter):
    """Sends through another session, and shows each answer to somebody who may change it."""

    def __init__(self, session: Callable[[], requests.Session], hook: Hook) -> None:
        super().__init__()
        self._session = session
        self._hook = hook

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = self._session().get_adapter(str(request.url)).send(request, *args, **kwargs)
        self._hook(response)
        return response


class Operator:
    """Runs the tasks of the role, one after the other."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **tenant_fields: Any) -> None:
        """`tenant_fields`: of the seed, besides the usual ones."""
        self.rig = Rig({"tenants": [{**SEED["tenants"][0], **tenant_fields}]}, World(signing_key=_KEY), TENANT)
        self.folder = folder
        self.hook: Hook = lambda response: None
        self._session: Session | None = None
        client = HttpClient(None)
        client._session.mount("https://", _Overheard(lambda: self.rig.session, self._answered))
        monkeypatch.setattr(tenant, "http_client", lambda ca_path: client)
        self.clock = Clock()
        monkeypatch.setattr(_wait, "time", self.clock)
        #: By how much the clock of the operator's machine is wrong.
        self.ahead = timedelta()
        monkeypatch.setattr(clock, "_this_machines", lambda: self.rig.world.clock.now() + self.ahead)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for look in at_the_end:
            look(self.rig.admin)
        self.rig.session.close()

    def copied_world(self) -> World:
        """The emulator as it is now, but for what it signs with."""
        world = self.rig.world
        return deepcopy(world, {id(kept): kept for kept in (world.signing_key, world.issuers)})

    def go_on_in(self, world: World) -> None:
        self.rig.session.close()
        self.rig = Rig(None, world, TENANT)

    def _answered(self, response: requests.Response) -> None:
        self.hook(response)

    @property
    def secrets(self) -> Json:
        """What the store has of the tenant."""
        [file] = (self.folder / "secrets").glob("*.json")
        content: Json = json.loads(_vault(None, None).decrypt(file.read_bytes()))
        return content

    def onboard(self, **changes: Any) -> Json:
        """What the role's tasks do: the last result, or the first that failed."""
        self._session = None
        return self.role(changes).run()

    def role(self, changes: Json, *, check_mode: bool = False, name: str = "main") -> RoleTasks:
        """The role's tasks of that name, with changes of the variables."""
        variables = {"inventory_hostname": "contoso", **self._options(changes)["variables"]}
        return RoleTasks(variables, self._perform, check_mode=check_mode, name=name)

    def _perform(self, module: str, options: Json, check_mode: bool) -> Json:
        if module == "connector_plan":
            options = {**options, "inventory_hosts": HOSTS}
        operation = import_module(f"{MODULES}.{module}").OPERATION
        return self.run(operation, options, check_mode=check_mode)

    def plan(self, scope: str = "tenant", **changes: Any) -> Json:
        options = {**self._options(changes), "scope": scope}
        return self._perform("connector_plan", options, check_mode=scope == "audit")

    def tasks(self, name: str, **changes: Any) -> Json:
        """Those of another playbook, in a run of their own."""
        self._session = None
        return self.role(changes, name=name).run()

    def audit(self, **changes: Any) -> Json:
        self._session = None
        return self.plan("audit", **changes)

    def run(self, operation: Operation, options: Json, *, check_mode: bool = False) -> Json:
        """As both entry points do it: validate, then perform. What is no foreseeable fault flies out of here."""
        checked = ArgumentSpecValidator(dict(operation.argument_spec), **operation.constraints).validate(options)
        assert not checked.error_messages
        result, outcome = perform(operation, Call(checked.validated_parameters, check_mode, _vault, self._session))
        self._session = (outcome and outcome.session) or self._session
        return result

    def _options(self, changes: Json) -> Json:
        variables = {
            **DEFAULTS,
            "connector_tenant_id": TENANT,
            "connector_mail_sender": SENDER,
            "connector_store_folder": str(self.folder / "secrets"),
            "connector_auth_client_id": CLIENT_ID,
            "connector_auth_client_secret": "corpus-secret",
            "connector_calendar_permissions": NAMES["calendar"],
            "connector_calendar_display_name": "calendar",
            "connector_mail_display_name": "mail",
            **{f"connector_{name}": value for name, value in changes.items()},
        }
        return {"host": "contoso", "variables": variables}


def _vault(vault_id: str | None, _password_file: str | None) -> AnsibleVault:
    return AnsibleVault([("default", VaultSecret(b"corpus"))], vault_id)
