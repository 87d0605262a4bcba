# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's command line for Azure does the vendor's guide; O365 uses what came of it, the role takes it over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store
from clients.client import Client
from clients.guide import GRAPH, PERSON, Guide
from clients.relay import Relay
from emulator.launch import Emulator
from integration.operator_desk import SENDER
from key_vault import CLIENT_ID, DOMAIN, PATH, SECRET, KeyVaults, add_reader

GRAPH_URL = "https://graph.microsoft.com/v1.0"


def test_what_az_made_is_used_and_taken_over(client: Callable[[str], Client], guide: Guide) -> None:
    def az(*arguments: str) -> Any:
        return client("azure-cli").call("az", *arguments, "--output", "json")

    def sign_in() -> None:
        who = ("--username", guide.administrator["client_id"], "--password", guide.administrator["secret"])
        az("login", "--service-principal", *who, "--tenant", guide.tenant, "--allow-no-subscriptions")

    sign_in()
    graph = az("ad", "sp", "show", "--id", GRAPH)
    roles = {role["value"]: role["id"] for role in graph["appRoles"]}

    made = {}
    for registration in guide.registrations:
        name, wanted = registration["display_name"], [roles[role] for role in registration["permissions"]]
        made[name] = registered(az, name, wanted, graph["id"])

    guide.assert_followed()
    assert [app["displayName"] for app in az("ad", "app", "list", "--display-name", "Totalview")] == list(made)
    used = client("python-o365").run("connector.py", **guide.as_the_connector(made))
    assert (used["pages"], used["sent"]) == (12, "accepted")

    guide.hand_over(made)

    # Hours later: what the role made of them is as az expects it.
    az("account", "clear")
    sign_in()
    for registration in made.values():
        found = az("ad", "app", "show", "--id", registration["client_id"])
        assert found["uniqueName"].startswith("totalview-exchange365-")
        assert az("ad", "app", "federated-credential", "list", "--id", registration["client_id"]) == []
    after = client("python-o365").run("connector.py", **guide.as_the_connector(made))
    assert (after["sent"], after["sent_as_another"]) == ("accepted", "403 ErrorAccessDenied")
    guide.assert_sent(made, SENDER, PERSON, SENDER)


def registered(az: Callable[..., Any], name: str, roles: list[str], graph: str) -> dict[str, str]:
    application = az("ad", "app", "create", "--display-name", name, "--sign-in-audience", "AzureADMyOrg")
    client_id = application["appId"]
    principal = az("ad", "sp", "create", "--id", client_id)["id"]
    # As people do who copy from the portal: one that is not wanted comes along, and goes again.
    user_read = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
    permissions = ("--id", client_id, "--api", GRAPH, "--api-permissions")
    az("ad", "app", "permission", "add", *permissions, *(f"{role}=Role" for role in roles), f"{user_read}=Scope")
    az("ad", "app", "permission", "delete", *permissions, user_read)
    for role in roles:
        body = f'{{"principalId": "{principal}", "resourceId": "{graph}", "appRoleId": "{role}"}}'
        url = f"{GRAPH_URL}/servicePrincipals/{principal}/appRoleAssignments"
        az("rest", "--method", "post", "--url", url, "--body", body)
    label = ("--display-name", "Totalview", "--years", "1")
    secret = az("ad", "app", "credential", "reset", "--id", client_id, "--append", *label)["password"]
    [credential] = az("ad", "app", "credential", "list", "--id", client_id)
    return {"client_id": client_id, "secret": secret, "key_id": credential["keyId"]}


def test_what_a_store_keeps_in_a_key_vault_is_as_az_expects_it(
    client: Callable[[str], Client], emulator: Emulator, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands of docs/stores.md and of the store's own messages."""
    monkeypatch.setenv("HTTPS_PROXY", relay.url)
    vaults = KeyVaults(emulator, add_reader(emulator), {})
    host = vaults.make()
    tenant = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
    secret = ("--vault-name", host.removesuffix(f".{DOMAIN}"), "--name", f"{PATH}-tenants-{tenant}")

    def az(*arguments: str) -> Any:
        return client("azure-cli").call("az", *arguments, "--output", "json")

    def store() -> Any:
        return open_store(vaults.options(host), lambda *_unused: pytest.fail("nothing is encrypted by Ansible Vault"))

    az("login", "--service-principal", "--username", CLIENT_ID, "--password", SECRET, "--tenant", vaults.tenant,
       "--allow-no-subscriptions")  # fmt: skip
    store().note_host(tenant, "contoso", None)
    store().note_host(tenant, "fabrikam", "contoso")

    assert json.loads(az("keyvault", "secret", "show", *secret)["value"])["host"] == "fabrikam"
    listed = az("keyvault", "secret", "list-versions", *secret)
    assert sorted(row["id"].rsplit("/", 1)[-1] for row in listed) == sorted(
        version["id"] for version in vaults.versions(host, secret[-1])
    )

    az("keyvault", "secret", "delete", *secret)
    with pytest.raises(StoreError) as caught:
        store().host(tenant)
    assert caught.value.code == "KeyVaultSecretDeleted"
    [identity] = [word.rstrip(").") for word in caught.value.next_step.split() if word.startswith("https://")]
    az("keyvault", "secret", "recover", "--id", identity)
    assert store().host(tenant) == "fabrikam"

    az("keyvault", "secret", "set-attributes", *secret, "--enabled", "false")
    with pytest.raises(StoreError) as caught:
        store().host(tenant)
    assert caught.value.code == "KeyVaultSecretDisabled"
    content = {"tenant_id": tenant, "secrets": {}, "host": "by-hand"}
    az("keyvault", "secret", "set", *secret, "--value", json.dumps(content))
    assert store().host(tenant) == "by-hand"
    az("keyvault", "secret", "delete", *secret)
    az("keyvault", "secret", "purge", *secret)
    assert store().host(tenant) is None
