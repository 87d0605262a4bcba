# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds that comes by itself, from the operator's own side, or from a tenant that is like that.

What people do to a registration is in integration/planted.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.findings import KINDS
from corpus.operator import OTHER, SENDER, TENANT, Operator
from integration.planted import PLANTED

Json = dict[str, Any]

DAY = 86_400
#: Longer than connector_enforcement_delay.
ENFORCED = 3 * 3600
SHORT = {"secret_valid_for": "10d", "secret_renew_before": "2d"}
OURS = "totalview-exchange365-mail"


@dataclass(frozen=True)
class Case:
    """`happens` after the onboarding with `variables`; `then`: what the inventory says besides by the audit."""

    kinds: set[str]
    happens: Callable[[Operator], object] = lambda _operator: None
    variables: Json = field(default_factory=dict)
    then: Json = field(default_factory=dict)
    tenant: Json = field(default_factory=dict)


def _later(days: int) -> Callable[[Operator], object]:
    return lambda operator: operator.rig.admin.advance_clock(days * DAY)


def _lose_store(operator: Operator) -> None:
    for path in (operator.folder / "secrets").glob("*.json"):
        path.unlink()


def _lose_handoff(operator: Operator) -> None:
    (operator.folder / "secrets" / "handoff" / "contoso.yml").unlink()


def _app_id(operator: Operator) -> str:
    applications = operator.rig.admin.snapshot(TENANT)["applications"]
    return next(str(row["appId"]) for row in applications if row["uniqueName"] == OURS)


def _policy_of_before(operator: Operator) -> None:
    """As a change of mode leaves it that was killed."""
    policy = {"AppId": [_app_id(operator)], "PolicyScopeGroupId": "Old", "AccessRight": "RestrictAccess"}
    operator.rig.admin.exchange(TENANT, "New-DistributionGroup", Name="Old", Type="Security", Members=[SENDER])
    operator.rig.admin.exchange(TENANT, "New-ApplicationAccessPolicy", **policy, Description="Totalview 2026-01-01")


CASES: Mapping[str, Case] = {
    "a secret has ended": Case({"secret-expired"}, _later(11), SHORT),
    "a secret ends": Case({"secret-expires"}, _later(9), SHORT),
    "a secret lives for longer than it is to": Case({"secret-long-lived"}, then={"secret_valid_for": "60d"}),
    "the hand-off is gone": Case({"not-handed-off"}, _lose_handoff),
    "the store is gone": Case({"refused"}, _lose_store),
    "a policy of before": Case({"old-restriction"}, _policy_of_before, {"mail_restriction": "rbac"}),
    "no mailbox outside": Case(
        {"not-provable"},
        variables={"mail_members": [SENDER, OTHER]},
        tenant={"users": [{"upn": SENDER}, {"upn": OTHER}]},
    ),
    "Exchange does not enforce it yet": Case(
        {"not-enforced"}, tenant={"exchange": {"enforcement": {"seconds": ENFORCED}}}
    ),
    "Exchange never enforces it": Case(
        {"reach-wrong"}, _later(2), tenant={"exchange": {"enforcement": {"seconds": 1000 * DAY}}}
    ),
}
#: Those that only others' tests show.
ELSEWHERE = {
    "secret-missing": "test_an_application_without_a_secret_is_found",
    "grant-beside-roles": "integration/test_audit.py::test_grants_beside_roles_and_roles_are_found",
    "secret-not-typed-in": "integration/test_audit.py::test_a_secret_that_nobody_says_is_typed_in_is_found",
    "not-used": "integration/test_audit.py::test_microsoft_is_asked_where_that_is_wanted_and_allowed",
    "sender-replaced": (
        "attack/test_sender.py::test_another_mailbox_behind_the_senders_address_is_nobodys_until_it_is_decided"
    ),
}


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("operator")


@pytest.mark.parametrize("name", CASES)
def test_what_comes_by_itself_is_found_and_nothing_else(
    folder: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = CASES[name]
    with Operator(folder, monkeypatch, **case.tenant) as operator:
        operator.onboard(**case.variables)
        if "exchange" not in case.tenant:
            operator.rig.admin.advance_clock(ENFORCED)
            operator.onboard(**case.variables)
        case.happens(operator)

        found = operator.audit(**{**case.variables, **case.then})["audit"]["findings"]

    assert {finding["kind"] for finding in found} - {"secret-not-typed-in"} == case.kinds


def test_an_application_without_a_secret_is_found(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a run leaves it that was killed."""
    with Operator(folder, monkeypatch) as operator:
        role = operator.role({})
        role.tags = frozenset({"application"})
        role.run()

        found = operator.audit()["audit"]["findings"]

    assert {finding["kind"] for finding in found} == {"secret-missing", "missing-grant", "restriction-missing"}


def test_every_kind_is_shown_by_some_test() -> None:
    planted = set().union(*(kinds for _act, kinds in PLANTED.values()))
    assert planted | set().union(*(case.kinds for case in CASES.values())) | set(ELSEWHERE) == set(KINDS)
