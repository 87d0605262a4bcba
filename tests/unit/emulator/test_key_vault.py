# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated Azure Key Vault is as strict as the real one, and names what it does not know."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator.rig import Rig

HOST = "contoso-secrets.vault.azure.net"
READER, SECRET = "7d1f0c3e-2222-4c6b-9a52-000000000002", "of-the-Vaults~reader"


@pytest.fixture
def vault(rig: Rig) -> Rig:
    automation = {"client_id": READER, "secret": SECRET, "display_name": "Reader"}
    [tenant] = rig.admin.seed(
        {"tenants": [{"domains": ["operator.example"], "display_name": "Operator", "automation": automation}]}
    )
    rig.admin.vault(HOST, tenant=tenant, grants={READER: "Key Vault Secrets Officer"})
    return rig


def ask(
    rig: Rig, method: str, path: str, body: Any = None, scope: str = "https://vault.azure.net"
) -> requests.Response:
    signed_in = rig.sign_in(READER, SECRET, tenant="operator.example", scope=f"{scope}/.default").json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    version = "" if "api-version" in path else ("&" if "?" in path else "?") + "api-version=7.4"
    return rig.session.request(method, f"https://{HOST}{path}{version}", json=body, headers=headers)


def codes(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("innererror", {}).get("code", "")


def test_who_shows_no_token_is_told_where_to_get_one(vault: Rig) -> None:
    answer = vault.session.get(f"https://{HOST}/secrets/x?api-version=7.4")

    assert codes(answer) == (401, "Unauthorized", "")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer authorization="https://login.windows.net/')
    assert challenge.endswith('resource="https://vault.azure.net"')
    assert ask(vault, "GET", "/secrets/x", scope="https://graph.microsoft.com").status_code == 401


def test_each_set_makes_a_version_and_the_newest_is_the_secret(vault: Rig) -> None:
    made = [ask(vault, "PUT", "/secrets/Mine", {"value": text, "tags": {"n": text}}).json() for text in ("1", "2")]

    assert ask(vault, "GET", "/secrets/mine").json()["value"] == "2"
    first = made[0]["id"].rsplit("/", 1)[-1]
    assert ask(vault, "GET", f"/secrets/mine/{first}").json()["value"] == "1"
    assert ask(vault, "PATCH", f"/secrets/mine/{first}", {"attributes": {"enabled": False}}).json()["tags"] == {
        "n": "1"
    }
    assert codes(ask(vault, "GET", f"/secrets/mine/{first}")) == (403, "Forbidden", "SecretDisabled")
    listed = ask(vault, "GET", "/secrets/mine/versions?maxresults=1").json()
    assert "value" not in listed["value"][0]
    rest = ask(vault, "GET", listed["nextLink"].removeprefix(f"https://{HOST}")).json()
    assert {row["id"] for row in (*listed["value"], *rest["value"])} == {row["id"] for row in made}
    assert rest["nextLink"] is None
    assert ask(vault, "GET", "/secrets/other/versions").json()["value"] == []


def test_a_deleted_name_is_recovered_or_purged_before_it_is_used_again(vault: Rig) -> None:
    ask(vault, "PUT", "/secrets/mine", {"value": "1", "tags": {"kept": "yes"}})
    deleted = ask(vault, "DELETE", "/secrets/mine").json()

    assert "value" not in deleted
    assert deleted["tags"] == {"kept": "yes"}
    assert codes(ask(vault, "GET", "/secrets/mine")) == (404, "SecretNotFound", "")
    assert codes(ask(vault, "PUT", "/secrets/mine", {"value": "2"})) == (
        409,
        "Conflict",
        "ObjectIsDeletedButRecoverable",
    )
    assert ask(vault, "POST", "/deletedsecrets/mine/recover").status_code == 200
    assert ask(vault, "GET", "/secrets/mine").json()["value"] == "1"
    vault.admin.vault(HOST, settles=1)
    ask(vault, "DELETE", "/secrets/mine")
    assert codes(ask(vault, "DELETE", "/deletedsecrets/mine")) == (409, "Conflict", "ObjectIsBeingDeleted")
    assert ask(vault, "DELETE", "/deletedsecrets/mine").status_code == 204
    assert ask(vault, "PUT", "/secrets/mine", {"value": "2"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "unknown"),
    [
        ("PUT", "/secrets/a_b", {"value": "1"}, None),
        ("PUT", "/secrets/x", {"value": "x" * 25_601}, None),
        ("PUT", "/secrets/x", {}, None),
        ("PUT", "/secrets/x", {"value": "1", "tags": {"t": "x" * 257}}, None),
        ("GET", "/secrets/x?api-version=6.0", None, None),
        ("GET", "/secrets/x/versions?maxresults=26", None, None),
        ("PUT", "/secrets/x", {"value": "1", "kid": "x"}, "operation"),
        ("POST", "/secrets/x/backup", None, "operation"),
        ("GET", "/secrets/x/versions?$top=1", None, "operation"),
    ],
)
def test_what_the_real_one_refuses_and_what_this_one_does_not_know(
    vault: Rig, method: str, path: str, body: Any, unknown: str | None
) -> None:
    assert codes(ask(vault, method, path, body))[:2] == (400, "BadParameter")
    assert vault.admin.requests(service="key_vault")[-1]["unknown"] == unknown
