# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin consent page, and a person who presses the button in the portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from emulator.graph.store.resources import EXCHANGE, GRAPH, resources
from emulator.rig import LOGIN, Rig

REPLY = "https://localhost/done?x=1"


@pytest.fixture
def app(rig: Rig) -> dict[str, Any]:
    graph, exchange = resources()[GRAPH], resources()[EXCHANGE]
    access = [
        {"id": graph.roles["Mail.Send"], "type": "Role"},
        {"id": graph.scopes["User.Read"], "type": "Scope"},
    ]
    mailboxes = [{"id": exchange.roles["Exchange.ManageAsApp"], "type": "Role"}]
    wanted = [
        {"resourceAppId": GRAPH, "resourceAccess": access},
        {"resourceAppId": EXCHANGE, "resourceAccess": mailboxes},
        {"resourceAppId": "99999999-9999-4999-8999-999999999999", "resourceAccess": mailboxes},
    ]
    return rig.application("<Asker>", requiredResourceAccess=wanted, web={"redirectUris": [REPLY]})


def url(app: dict[str, Any], version: str = "", **query: str) -> str:
    return f"{LOGIN}/contoso.example{version}/adminconsent?{urlencode({'client_id': app['appId'], **query})}"


def press(rig: Rig, address: str, decision: str = "accept") -> Any:
    return rig.session.post(address, data={"decision": decision}, allow_redirects=False)


def granted(rig: Rig, app: dict[str, Any]) -> tuple[list[str], list[str]]:
    snapshot = rig.admin.snapshot(rig.home)
    ids = [principal["id"] for principal in snapshot["servicePrincipals"] if principal["appId"] == app["appId"]]
    roles = [item["value"] for item in snapshot["appRoleAssignments"] if item["principalId"] in ids]
    return roles, [item["scope"] for item in snapshot["oauth2PermissionGrants"] if item["clientId"] in ids]


def test_the_page_says_what_is_asked_for(rig: Rig, app: dict[str, Any]) -> None:
    page = rig.session.get(url(app))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for words in ("&lt;Asker&gt;", "Mail.Send (Role)", "User.Read (Scope)", "Accept", "Cancel", "no sign-in"):
        assert words in page.text
    assert granted(rig, app) == ([], [])


@pytest.mark.parametrize("version", ["", "/v2.0"])
def test_accepting_grants_and_returns(rig: Rig, app: dict[str, Any], version: str) -> None:
    scope = {"scope": "https://graph.microsoft.com/.default"} if version else {}
    answer = press(rig, url(app, version, redirect_uri=REPLY, state="s 1", **scope))
    back = urlsplit(answer.headers["location"])
    assert (answer.status_code, f"{back.scheme}://{back.netloc}{back.path}") == (302, "https://localhost/done")
    expected = {"x": "1", "admin_consent": "True", "tenant": rig.home, "state": "s 1", **scope}
    assert dict(parse_qsl(back.query)) == expected
    roles = ["Mail.Send"] if version else ["Mail.Send", "Exchange.ManageAsApp"]
    assert granted(rig, app) == (roles, ["User.Read"])
    press(rig, url(app, version, redirect_uri=REPLY, **scope))
    assert granted(rig, app) == (roles, ["User.Read"])


@pytest.mark.parametrize("query", [{}, {"redirect_uri": "https://elsewhere.example/"}])
def test_without_a_reply_address_the_grant_is_written_all_the_same(
    rig: Rig, app: dict[str, Any], query: dict[str, str]
) -> None:
    answer = press(rig, url(app, **query))
    assert "AADSTS500113" in answer.text
    assert granted(rig, app)[1] == ["User.Read"]


def test_cancelling(rig: Rig, app: dict[str, Any]) -> None:
    back = urlsplit(press(rig, url(app, redirect_uri=REPLY, state="s"), "cancel").headers["location"])
    query = dict(parse_qsl(back.query))
    assert (query["error"], query["state"], "admin_consent" in query) == ("access_denied", "s", False)
    assert query["error_description"].startswith("AADSTS65004")
    assert "AADSTS65004" in press(rig, url(app), "cancel").text
    assert granted(rig, app) == ([], [])


def test_unknown_applications(rig: Rig) -> None:
    answer = rig.session.get(url({"appId": "99999999-9999-4999-8999-999999999999"}))
    assert "AADSTS700016" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_the_button_in_the_portal(rig: Rig, app: dict[str, Any]) -> None:
    rig.admin.consent(rig.home, app["appId"])
    assert granted(rig, app) == (["Mail.Send", "Exchange.ManageAsApp"], ["User.Read"])
