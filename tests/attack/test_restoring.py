# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was deleted comes back with what was granted to it: restoring is as good as a consent.

The witness is the record of what each application could reach after each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from corpus.operator import SENDER, TENANT, Json, Operator
from integration.administrator import GRAPH_APP_ID, MAIL

HOURS = 3600
#: Whether Microsoft brings the service principal back with its application: its sources differ.
MANNERS = {"one by one": False, "together": True}

Make = Callable[..., Operator]


@pytest.fixture
def make(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    made: list[Operator] = []

    def new(manner: str = "one by one", **restoring: Any) -> Operator:
        fields = {"grants": True, "principal": MANNERS[manner], **restoring}
        made.append(Operator(tmp_path_factory.mktemp("operator"), monkeypatch, restoring=fields))
        assert _state(made[-1].onboard()) == "complete"
        made[-1].rig.admin.advance_clock(3 * HOURS)
        made[-1].rig.forget_tokens()
        return made[-1]

    yield new
    for operator in made:
        operator.__exit__()


def _state(result: Json) -> str:
    assert not result.get("failed"), result
    return str(result["ansible_facts"]["connector_result"]["state"])


def _application(operator: Operator) -> Json:
    rows = operator.rig.admin.snapshot(TENANT)["applications"]
    return next(row for row in rows if row["uniqueName"] == MAIL)


def _delete(operator: Operator) -> int:
    operator.rig.graph("DELETE", f"/applications/{_application(operator)['id']}")
    return operator.rig.admin.last_request()


def _remove_policy(operator: Operator) -> None:
    [policy] = operator.rig.admin.exchange(TENANT, "Get-ApplicationAccessPolicy")
    identity = policy["Identity"]
    operator.rig.admin.exchange(TENANT, "Remove-ApplicationAccessPolicy", Identity=identity, Confirm=False)


def _grant(operator: Operator, role: str) -> None:
    rig = operator.rig
    graph, principal = rig.resource(GRAPH_APP_ID), rig.resource(_application(operator)["appId"])
    role_id = next(row["id"] for row in graph["appRoles"] if row["value"] == role)
    body = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role_id}
    rig.created(rig.graph("POST", f"/servicePrincipals/{principal['id']}/appRoleAssignments", body))


def _beyond(operator: Operator, after: int) -> list[int]:
    """Requests of ours after which the registration was let in and reached more than the sender's mailbox."""
    rows = operator.rig.admin.reach(TENANT, after=after)
    return [
        row["number"]
        for row in rows
        if row["unique_name"] == MAIL and not row["disabled"] and {*row["configured"], *row["enforced"]} - {SENDER}
    ]


def _restorations(operator: Operator, after: int) -> list[int]:
    asked = operator.rig.admin.requests(tenant=TENANT, after=after)
    paths = [(row["number"], row["method"], row["path"]) for row in asked]
    at = [index for index, (_number, _method, path) in enumerate(paths) if path.endswith("/restore")]
    first = at[0]
    assert paths[first + 1][1:] == ("PATCH", f"/v1.0/applications/{_application(operator)['id']}"), "at once"
    return [paths[first][0]]


@pytest.mark.parametrize("manner", MANNERS)
def test_what_comes_back_without_its_restriction_lets_nobody_in_before_that_is_in_force(
    make: Make, manner: str
) -> None:
    operator = make(manner)
    _remove_policy(operator)
    mark = _delete(operator)

    assert _state(operator.onboard()) == "waiting_for_exchange"

    assert _application(operator)["isDisabled"] is True
    assert _state(operator.onboard()) == "waiting_for_exchange", "nor does another run let it in"
    operator.rig.admin.advance_clock(3 * HOURS)
    assert _state(operator.onboard()) == "complete"
    assert _application(operator)["isDisabled"] is False
    # Where both come back in one, nothing can be done between.
    window = _restorations(operator, mark) if MANNERS[manner] else []
    assert _beyond(operator, mark) == window
    assert _state(operator.onboard()) == "complete"


def test_what_comes_back_as_it_was_is_let_in_in_the_same_run(make: Make) -> None:
    operator = make()
    mark = _delete(operator)

    promised = operator.plan()["plan"]
    checked = operator.role({}, check_mode=True).run()["ansible_facts"]["connector_result"]["changed"]
    result = operator.onboard()

    assert _state(result) == "complete"
    assert {entry["part"] for entry in promised} == {"application", "consent"}, "whether grants come back nobody knows"
    assert "mail: application, " in checked[0]
    assert result["ansible_facts"]["connector_result"]["changed"] == ["mail: application"], "its grants came with it"
    assert _application(operator)["isDisabled"] is False
    assert _beyond(operator, mark) == []


def test_more_than_is_wanted_goes_before_it_is_let_in(make: Make) -> None:
    operator = make()
    _grant(operator, "Calendars.Read")
    mark = _delete(operator)

    assert _state(operator.onboard()) == "waiting_for_exchange"

    assert _application(operator)["isDisabled"] is True
    assert _state(operator.onboard()) == "complete"
    assert _application(operator)["isDisabled"] is False
    assert _beyond(operator, mark) == []


def test_a_service_principal_alone_comes_back_as_carefully(make: Make) -> None:
    operator = make()
    _remove_policy(operator)
    principal = operator.rig.resource(_application(operator)["appId"])
    operator.rig.graph("DELETE", f"/servicePrincipals/{principal['id']}")
    mark = operator.rig.admin.last_request()

    assert _state(operator.onboard()) == "waiting_for_exchange"

    operator.rig.admin.advance_clock(3 * HOURS)
    assert _state(operator.onboard()) == "complete"
    assert _beyond(operator, mark) == []


@pytest.mark.parametrize("decided", ["keep", "disable"])
def test_a_restriction_that_is_gone_beside_a_living_grant_is_told_and_decided_on(make: Make, decided: str) -> None:
    operator = make()
    _remove_policy(operator)
    operator.rig.admin.advance_clock(3 * HOURS)
    mark = operator.rig.admin.last_request()

    promised = [entry["part"] for entry in operator.plan(open_door=decided)["plan"]]
    result = operator.onboard(open_door=decided)

    told = result["ansible_facts"]["connector_details"]["warnings"]
    assert [text for text in told if "Mail.Send is granted: it reaches every mailbox" in text], told
    assert ("application" in promised, "restriction" in promised) == (decided == "disable", True)
    assert bool(_application(operator).get("isDisabled")) is (decided == "disable")
    if decided == "keep":
        return
    assert _state(result) == "waiting_for_exchange"
    assert _state(operator.onboard(open_door=decided)) == "waiting_for_exchange"
    operator.rig.admin.advance_clock(3 * HOURS)
    assert _state(operator.onboard(open_door=decided)) == "complete"
    assert _application(operator)["isDisabled"] is False
    assert _beyond(operator, mark) == [], "not since we came"
    assert _state(operator.onboard(open_door=decided)) == "complete"


def test_what_somebody_deactivated_before_it_was_deleted_stays_so(make: Make) -> None:
    operator = make()
    operator.rig.graph("PATCH", f"/applications/{_application(operator)['id']}", {"isDisabled": True})
    _delete(operator)

    result = operator.onboard()

    assert result["failed"]
    assert "deactivated" in result["msg"]


def test_without_the_two_steps_the_witness_would_see_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    where = "ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.apply._deactivate"
    monkeypatch.setattr(where, lambda _graph, _progress: None)
    operator = make()
    _remove_policy(operator)
    mark = _delete(operator)

    operator.onboard()

    assert _beyond(operator, mark)
