# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""InvokeCommand and $batch: who may call, how a command is read, pages, batches and errors."""

from __future__ import annotations

from typing import Any

import pytest

from contract.recordings import synthetic
from emulator.exchange_rig import ANN, BOB, CLIENT_ID, HOST, SECRET, ExchangeRig, command, refusal
from emulator.rig import SCOPE, Rig

BINDING = "ParameterBindingException"


def shape(value: Any) -> Any:
    """Names and kinds of values, without the values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


# --- who may call ----------------------------------------------------------------------------------------------------


def test_the_token_must_be_for_exchange(exchange: ExchangeRig) -> None:
    exchange.token = exchange.sign_in(SCOPE)
    answer = exchange.run("Get-Group")
    assert (answer.status_code, answer.content) == (401, b"")
    assert "https://graph.microsoft.com" in answer.headers["x-ms-diagnostics"]


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic nonsense"])
def test_a_token_is_needed(exchange: ExchangeRig, authorization: str | None) -> None:
    assert exchange.post("InvokeCommand", command("Get-Group"), Authorization=authorization).status_code == 401


def test_a_token_expires(exchange: ExchangeRig) -> None:
    exchange.rig.admin.advance_clock(3700)
    assert exchange.run("Get-Group").status_code == 401


def test_the_tenant_of_token_and_path_must_agree(exchange: ExchangeRig) -> None:
    for name in (exchange.tenant_id, "Second.Example"):
        path = f"{HOST}/adminapi/beta/{name}/InvokeCommand"
        assert exchange.post(path, command("Get-AcceptedDomain")).status_code == 200
    path = f"{HOST}/adminapi/beta/{exchange.rig.home}/InvokeCommand"
    assert exchange.post(path, command("Get-AcceptedDomain")).status_code == 401


def test_without_the_app_role_nothing_is_said(rig: Rig) -> None:
    exchange = ExchangeRig(rig)
    app_roles = rig.admin.snapshot(exchange.tenant_id)["appRoleAssignments"]
    [granted] = [item for item in app_roles if item["value"] == "Exchange.ManageAsApp"]
    path = f"/servicePrincipals/{granted['principalId']}/appRoleAssignments/{granted['id']}"
    rig.graph("DELETE", path, token=rig.token(tenant=exchange.tenant_id))
    exchange.token = exchange.sign_in()
    answer = exchange.run("Get-Group")
    assert (answer.status_code, answer.content) == (403, b"")


def test_without_a_directory_role_the_body_is_nul_bytes(rig: Rig) -> None:
    exchange = ExchangeRig(rig, directory_roles=())
    answer = exchange.run("Get-Group")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.content) == {0}
    rig.admin.tenant(exchange.tenant_id, directory_roles=["Exchange Administrator"])
    assert exchange.run("Get-Group").status_code == 200


def test_a_recipient_administrator_knows_only_of_recipients(rig: Rig) -> None:
    exchange = ExchangeRig(rig, directory_roles=("Exchange Recipient Administrator",))
    assert exchange.value("New-DistributionGroup", Name="New")
    for cmdlet in ("Get-ApplicationAccessPolicy", "Get-ManagementRoleAssignment", "Get-Nonsense"):
        status, kind, text = exchange.refused(cmdlet)
        assert (status, kind) == (400, "CommandNotFoundException")
        assert cmdlet in text
    assert {row["unknown"] for row in rig.admin.refusals()} == {None, "cmdlet Get-Nonsense"}
    rig.admin.tenant(exchange.tenant_id, directory_roles=["Global Administrator"])
    assert exchange.value("Get-ApplicationAccessPolicy") == []


@pytest.mark.parametrize("anchor", [None, "UPN:ann@exchange.example", "APP:SystemMailbox{x}@y"])
def test_the_anchor_mailbox_is_needed(exchange: ExchangeRig, anchor: str | None) -> None:
    answer = exchange.post("InvokeCommand", command("Get-Group"), X_AnchorMailbox=anchor)
    assert refusal(answer)[0] == 400


def test_a_tenant_without_exchange(rig: Rig) -> None:
    automation = {"client_id": CLIENT_ID, "secret": SECRET, "exchange_roles": ["Exchange.ManageAsApp"]}
    tenant = {"domains": ["without.example"], "display_name": "Without", "automation": automation, "exchange": False}
    rig.admin.seed({"tenants": [tenant]})
    answer = rig.sign_in(CLIENT_ID, SECRET, tenant="without.example", scope=f"{HOST}/.default")
    assert answer.json()["error_codes"] == [500011]
    assert rig.admin.snapshot("without.example")["exchange"] is None


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "InvokeCommand", 405), ("POST", "Other", 404)])
def test_there_is_nothing_else(exchange: ExchangeRig, method: str, path: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {exchange.token}"}
    answer = exchange.rig.session.request(method, f"{HOST}/adminapi/beta/{exchange.tenant_id}/{path}", headers=headers)
    assert answer.status_code == status


# --- commands --------------------------------------------------------------------------------------------------------


def test_a_success(exchange: ExchangeRig) -> None:
    body = exchange.run("Get-AcceptedDomain", Identity="second.example").json()
    [item] = body.pop("value")
    known = synthetic("exo-invokecommand-200")["body"]
    known.pop("value")
    assert shape(body) == shape(known)
    assert body["@odata.context"].endswith("$metadata#Collection(Exchange.GenericHashTable)")
    assert item["Default"] is False


def test_a_refusal(exchange: ExchangeRig) -> None:
    answer = exchange.run("Get-Group", Identity="nobody")
    assert shape(answer.json()) == shape(synthetic("exo-invokecommand-400-details")["body"])
    status, kind, text = refusal(answer)
    assert (status, kind) == (404, "ManagementObjectNotFoundException")
    assert "nobody" in text
    assert "nobody" not in answer.json()["error"]["message"]


def test_select(exchange: ExchangeRig) -> None:
    body = command("Get-Group", Identity="All")
    [item] = exchange.post("InvokeCommand?$select=sid,Notes", body).json()["value"]
    assert item.keys() == {"@odata.id", "Sid", "Notes"}


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Get-Group", {"Identiti": "All"}),
        ("Get-Group", {"Identity": ["All"]}),
        ("Get-Group", {"ResultSize": "many"}),
        ("Get-Group", {"ResultSize": True}),
        ("New-DistributionGroup", {"Alias": "x"}),
        ("New-DistributionGroup", {"Name": "x", "IgnoreNamingPolicy": "true"}),
        ("New-DistributionGroup", {"Name": "x", "Type": "Dynamic"}),
        ("New-DistributionGroup", {"Name": "x", "HiddenFromAddressListsEnabled": True}),
        ("Set-DistributionGroup", {"Identity": "All", "HiddenGroupMembershipEnabled": True}),
        ("New-ApplicationAccessPolicy", {"AppId": "x", "PolicyScopeGroupId": "All", "AccessRight": "DenyAccess"}),
        ("Get-ManagementRoleAssignment", {"RoleAssigneeType": "Robot"}),
    ],
)
def test_parameters_are_checked(exchange: ExchangeRig, cmdlet: str, parameters: dict[str, Any]) -> None:
    assert exchange.refused(cmdlet, **parameters)[:2] == (400, BINDING)


@pytest.mark.parametrize("body", [{}, {"CmdletInput": "Get-Group"}, {"CmdletInput": {}}, ["Get-Group"]])
def test_the_body_must_hold_a_command(exchange: ExchangeRig, body: Any) -> None:
    assert exchange.post("InvokeCommand", body).status_code == 400


def test_names_are_taken_in_any_case(exchange: ExchangeRig) -> None:
    assert exchange.one("get-GROUP", IDENTITY="all")["Name"] == "All"


@pytest.mark.parametrize("confirm", [{}, {"Confirm": True}, {"Confirm": None}])
def test_who_cannot_be_asked_must_not_have_to_be(exchange: ExchangeRig, confirm: dict[str, Any]) -> None:
    bypass = {"Identity": "List", "BypassSecurityGroupManagerCheck": True}
    assert exchange.refused("Remove-DistributionGroup", **bypass, **confirm)[:2] == (400, "HostException")
    assert exchange.one("Get-DistributionGroup", Identity="List")
    assert exchange.value("Remove-DistributionGroup", **bypass, Confirm=False) == []
    assert exchange.refused("Get-DistributionGroup", Identity="List")[0] == 404


@pytest.mark.parametrize(("language", "text"), [("da", "objektet 'x'"), ("fr", "l'objet 'x'"), ("en", "object 'x'")])
def test_texts_are_in_the_tenants_language(exchange: ExchangeRig, language: str, text: str) -> None:
    exchange.rig.admin.tenant(exchange.tenant_id, language=language)
    status, kind, said = exchange.refused("Get-Mailbox", Identity="x")
    assert (status, kind) == (404, "ManagementObjectNotFoundException")
    assert text in said


def test_concurrency(rig: Rig) -> None:
    exchange = ExchangeRig(rig, concurrency=2)
    for _unused in range(2):
        status, _kind, text = exchange.refused("New-DistributionGroup", Name="New")
        assert status == 400
        assert "maximum number of concurrent requests" in text
    assert exchange.one("New-DistributionGroup", Name="New")["Name"] == "New"


# --- pages -----------------------------------------------------------------------------------------------------------


def test_pages(exchange: ExchangeRig) -> None:
    body, prefer = command("Get-Recipient", ResultSize="Unlimited"), {"Prefer": "odata.maxpagesize=3"}
    names, url, sizes = [], "InvokeCommand?$select=Name", []
    while url:
        page = exchange.post(url, body, **prefer).json()
        names += [item["Name"] for item in page["value"]]
        sizes.append(len(page["value"]))
        url = page.get("@odata.nextLink", "")
        assert not url or url.startswith(HOST)
    assert sizes == [3, 3, 2]
    assert names == [item["Name"] for item in exchange.value("Get-Recipient")]


def test_a_next_link_goes_with_its_command(exchange: ExchangeRig) -> None:
    prefer = {"Prefer": "odata.maxpagesize=1"}
    link = exchange.post("InvokeCommand", command("Get-Group"), **prefer).json()["@odata.nextLink"]
    assert exchange.post(link, command("Get-Recipient"), **prefer).status_code == 400
    assert exchange.rig.session.get(link, headers={"Authorization": f"Bearer {exchange.token}"}).status_code == 405
    assert exchange.post(f"{link[:-6]}AAAA", command("Get-Group")).status_code == 400


def test_a_page_holds_a_thousand_and_so_does_an_answer(rig: Rig) -> None:
    groups = [{"name": f"Group {number}"} for number in range(1001)]
    exchange = ExchangeRig(rig, groups=groups)
    cut = exchange.run("Get-Group").json()
    assert len(cut["value"]) == 1000
    assert "@odata.nextLink" not in cut
    assert "1000" in cut["@adminapi.warnings"][0]
    full = exchange.post("InvokeCommand", command("Get-Group", ResultSize="Unlimited"), Prefer="odata.maxpagesize=5000")
    assert len(full.json()["value"]) == 1000
    assert full.json()["@adminapi.warnings"] == []
    body = command("Get-Group", ResultSize="Unlimited")
    assert len(exchange.post(full.json()["@odata.nextLink"], body).json()["value"]) == 1
    few = exchange.run("Get-Group", ResultSize=2).json()
    assert (len(few["value"]), few["@adminapi.warnings"]) == (2, [])


# --- batches ---------------------------------------------------------------------------------------------------------


def item(number: int, body: Any, **fields: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    usual = {"id": str(number), "method": "POST", "url": "InvokeCommand", "headers": headers, "body": body}
    return {**usual, **fields}


def test_batch(exchange: ExchangeRig) -> None:
    absolute = f"{HOST}/adminapi/beta/{exchange.tenant_id}/InvokeCommand"
    items = [
        item(1, command("Get-Mailbox", Identity=ANN)),
        item(2, command("Get-Mailbox", Identity="nobody"), url=absolute),
        item(3, command("Get-Mailbox", Identity=BOB), url=absolute),
    ]
    answers = exchange.post("$batch", {"requests": items}).json()["responses"]
    assert [(answer["id"], answer["status"]) for answer in answers] == [("1", 200), ("2", 404), ("3", 200)]
    assert answers[2]["body"]["value"][0]["PrimarySmtpAddress"] == BOB
    logged = exchange.rig.admin.requests(service="exchange")
    assert [entry["batch_of"] for entry in logged] == [logged[-1]["number"]] * 3 + [None]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [item(number, command("Get-AcceptedDomain")) for number in range(11)],
        [item(1, command("Get-AcceptedDomain"))] * 2,
        [item(1, command("Get-AcceptedDomain"), method="GET")],
        [item(1, command("Get-AcceptedDomain"), headers={})],
        [item(1, command("Get-AcceptedDomain"), url="Other")],
        [item(1, None)],
    ],
)
def test_batches_that_are_none(exchange: ExchangeRig, items: list[Any]) -> None:
    assert exchange.post("$batch", {"requests": items}).status_code == 400


def test_a_token_for_exchange_is_none_for_graph(exchange: ExchangeRig) -> None:
    answer = exchange.rig.graph("GET", "/organization", token=exchange.token)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("manner", "recording"),
    [
        ("cmdlet", "exo-cmdlet-404-not-found"),
        ("cmdlet_without_inner", "exo-cmdlet-404-not-found-no-inner"),
        ("endpoint", "exo-invokecommand-400-details"),
    ],
)
def test_a_cmdlet_refuses_in_the_manner_of_the_seed(exchange: ExchangeRig, manner: str, recording: str) -> None:
    exchange.rig.admin.tenant(exchange.tenant_id, refusals=manner)
    answer = exchange.run("Get-Group", Identity="nobody")
    told, shown = answer.json()["error"], synthetic(recording)["body"]["error"]

    assert answer.status_code == 404
    assert told["message"] == shown["message"]
    assert told["details"][0].keys() == shown["details"][0].keys()
    assert told["details"][0]["message"].count("|") == shown["details"][0]["message"].count("|")
    assert told["details"][0]["message"].startswith("|") is (manner == "endpoint")
    assert told["innererror"].keys() == shown["innererror"].keys()
    assert ("x-exceptiontype" in answer.headers) is (manner == "endpoint")


def test_the_endpoint_refuses_a_parameter_in_its_own_manner(exchange: ExchangeRig) -> None:
    told = exchange.run("Get-Group", Foo="x").json()["error"]
    inner = told["innererror"]["internalexception"]

    assert told["details"][0]["message"] == f"|{inner['type']}|{inner['message']}"
