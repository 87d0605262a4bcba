# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules one by one, in somebody's own playbook, beside an application of a stranger with the same key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corpus.operator import CLIENT_ID, SENDER, TENANT, Json, Operator
from integration.administrator import MAIL

DECLARED = [{"application": ["Mail.Send"]}]
CONNECTION = {"tenant_id": TENANT, "auth_client_id": CLIENT_ID, "auth_client_secret": "corpus-secret"}


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with Operator(tmp_path, monkeypatch) as made:
        yield made


def _store(operator: Operator) -> Json:
    return {"store": {"folder": str(operator.folder / "secrets")}}


def _modules(operator: Operator) -> dict[str, Json]:
    """With nothing that tells whose the registration is, but for the store where there is one."""
    group = {"permissions": ["Mail.Send"], "group": "Senders", "members": [SENDER], "sender": SENDER}
    return {
        "client_secret": _store(operator),
        "graph_permission": {"permissions": DECLARED},
        "admin_consent": {"permissions": DECLARED},
        "admin_consent, store": {"permissions": DECLARED, **_store(operator)},
        "mailbox_restriction": group,
        "mailbox_restriction, store": {**group, **_store(operator)},
    }


def _run(operator: Operator, name: str, **more: Any) -> Json:
    options = {**CONNECTION, "unique_name": MAIL, **_modules(operator)[name], **more}
    operator._session = None
    return operator._perform(name.partition(",")[0], options, False)


def _stranger(operator: Operator) -> Json:
    """With our key, and a service principal; made with a pretend administrator's client."""
    rig = operator.rig
    answer = rig.graph(
        "PATCH", f"/applications(uniqueName='{MAIL}')", {"displayName": "mail"}, prefer="create-if-missing"
    )
    rig.created(rig.graph("POST", "/servicePrincipals", {"appId": answer.json()["appId"]}))
    return _application(operator, answer.json()["appId"])


def _application(operator: Operator, app_id: str) -> Json:
    rows = operator.rig.admin.snapshot(TENANT)["applications"]
    return next(dict(row) for row in rows if row["appId"] == app_id)


def stranger_in_our_place(operator: Operator) -> Json:
    """Ours is deleted for good, and the key is a stranger's."""
    rows = operator.rig.admin.snapshot(TENANT)["applications"]
    ours = next(row for row in rows if row["uniqueName"] == MAIL)
    for path in (f"/applications/{ours['id']}", f"/directory/deletedItems/{ours['id']}"):
        assert operator.rig.graph("DELETE", path).ok
    return _stranger(operator)


MODULES = pytest.mark.parametrize(
    "name",
    [
        "client_secret",
        "graph_permission",
        "admin_consent",
        "admin_consent, store",
        "mailbox_restriction",
        "mailbox_restriction, store",
    ],
)


def _exchange(operator: Operator) -> Json:
    return {name: rows for name, rows in operator.rig.admin.snapshot(TENANT)["exchange"].items() if name != "groups"}


@MODULES
def test_the_key_alone_leads_to_nobody(operator: Operator, name: str) -> None:
    stranger, exchange = _stranger(operator), _exchange(operator)

    result = _run(operator, name)

    assert result["failed"], result
    assert result["failure"]["code"] == "ClientIdMissing"
    assert stranger["appId"] in result["msg"]
    assert _application(operator, stranger["appId"]) == stranger
    assert _exchange(operator) == exchange
    assert not (operator.folder / "secrets").exists()


@MODULES
@pytest.mark.parametrize("by", ["the store", "its client id"])
def test_who_took_our_place_is_not_taken_for_ours(operator: Operator, name: str, by: str) -> None:
    operator.onboard()
    ours = operator.secrets["secrets"][MAIL]
    stranger, exchange = stranger_in_our_place(operator), _exchange(operator)

    result = _run(operator, name, **({"client_id": ours["client_id"]} if by == "its client id" else {}))

    assert result["failed"], result
    assert _application(operator, stranger["appId"]) == stranger
    assert operator.secrets["secrets"][MAIL] == ours
    assert _exchange(operator) == exchange


def test_a_namesake_beside_the_one_that_the_store_knows_is_left_alone(operator: Operator) -> None:
    """Its key went with a stranger who could write ours: the store's client id leads to ours all the same."""
    operator.onboard()
    ours = operator.secrets["secrets"][MAIL]
    operator.rig.admin.advance_clock(336 * 86_400)

    result = _run(operator, "client_secret")

    assert not result.get("failed"), result
    new = operator.secrets["secrets"][MAIL]
    assert (new["client_id"], new["key_id"] == ours["key_id"]) == (ours["client_id"], False)
    assert [old["key_id"] for old in new["retired"]] == [ours["key_id"]]


@pytest.mark.parametrize(
    "way", ["secret", "principal secret", "federated", "a person as owner", "an application as owner"]
)
@pytest.mark.parametrize("name", ["admin_consent", "admin_consent, store"])
def test_the_gate_is_in_the_module(operator: Operator, name: str, way: str) -> None:
    """With its client id, and with a store: neither makes a stranger ours."""
    operator.rig.admin.tenant(
        TENANT, roles=["Application.Read.All", "Application.ReadWrite.OwnedBy", "Policy.Read.All"]
    )
    operator.onboard()
    client_id = operator.secrets["secrets"][MAIL]["client_id"]
    entry = _enter(operator, client_id, way)
    operator.rig.admin.tenant(
        TENANT, roles=["Application.Read.All", "Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All"]
    )
    key_id = operator.secrets["secrets"][MAIL]["key_id"]
    ours = {} if name.endswith("store") else {"keep": [key_id.upper()]}

    result = _run(operator, name, client_id=client_id.upper(), **ours)

    assert result["state"] == "withheld", result
    assert [entry in told for told in result["foreign"]] == [True], result
    kept = _run(operator, name, client_id=client_id, keep=[*ours.get("keep", []), entry.upper()])
    assert kept["state"] == "granted", kept


def _enter(operator: Operator, client_id: str, way: str) -> str:
    rig, application = operator.rig, _application(operator, client_id)
    principals = operator.rig.admin.snapshot(TENANT)["servicePrincipals"]
    principal = next(row for row in principals if row["appId"] == client_id)
    if way.endswith("as owner"):
        snapshot = rig.admin.snapshot(TENANT)
        owners = snapshot["users"] if way.startswith("a person") else snapshot["servicePrincipals"]
        names = ("ann@example.com", "Somebody else's")
        owner = next(row["id"] for row in owners if row.get("userPrincipalName", row["displayName"]) in names)
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}
        assert rig.graph("POST", f"/servicePrincipals/{principal['id']}/owners/$ref", reference).ok
        return str(owner)
    if way == "federated":
        body = {
            "name": "x",
            "issuer": "https://x.example",
            "subject": "x",
            "audiences": ["api://AzureADTokenExchange"],
        }
        answer = rig.graph("POST", f"/applications/{application['id']}/federatedIdentityCredentials", body)
        return str(rig.created(answer)["id"])
    path = f"/applications/{application['id']}" if way == "secret" else f"/servicePrincipals/{principal['id']}"
    return str(rig.graph("POST", f"{path}/addPassword", {}).json()["keyId"])
