# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.table import lines, run
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call

LINK = "https://login.microsoftonline.com/contoso/adminconsent?client_id=4b2e9258-0374-b3da-5517-79e6f661cfdf"


def tenant(name: str, state: str = "complete", **fields: Any) -> dict[str, Any]:
    return {"tenant": name, "state": state, "changed": [], "next": "-", **fields}


def test_columns_are_as_wide_as_they_need_to_be_and_lines_have_no_tail() -> None:
    table = lines(
        [
            tenant("contoso", changed=["calendar: consent", "hand-off"]),
            tenant("a", "waiting_for_consent", next="An administrator must consent."),
        ]
    )

    assert table == [
        "TENANT   STATE                CHANGED                      NEXT",
        "a        waiting_for_consent  -                            An administrator must consent.",
        "contoso  complete             calendar: consent, hand-off  -",
        "2 tenants: 1 waiting_for_consent, 1 complete",
    ]


def test_by_when_has_a_column_where_somebody_has_a_date() -> None:
    table = lines([tenant("a"), tenant("b", "waiting_for_exchange", by="2026-11-27T08:19:01+00:00", next="You run.")])

    assert table[:2] == [
        "TENANT  STATE                 BY                         CHANGED  NEXT",
        "b       waiting_for_exchange  2026-11-27T08:19:01+00:00  -        You run.",
    ]


def test_the_worst_comes_first_and_a_state_of_another_version_before_those_that_wait() -> None:
    states = [
        "complete",
        "ready",
        "changes_pending",
        "waiting_for_exchange",
        "waiting_for_consent",
        "waiting_for_revocation",
        "not_provable",
        "needs",
        "invented",
        "failed",
    ]

    table = lines([tenant(f"t{number}", state) for number, state in enumerate(states)])

    assert [line.split()[1] for line in table[1:-1]] == states[::-1]


def test_equal_states_are_in_the_order_of_names() -> None:
    assert [line.split()[0] for line in lines([tenant(name) for name in "cab"])[1:-1]] == ["a", "b", "c"]


@pytest.mark.parametrize("width", [20, 40, 80, 100, 132, 200])
def test_no_line_of_a_tenant_is_wider_than_the_terminal(width: int) -> None:
    parts = ["calendar: application, consent, secret, proof", "mail: application, restriction, consent, secret"]
    results = [tenant("a", "failed", changed=parts, next=f"Open {LINK} and accept." * 3), tenant("b", changed=parts)]

    table = lines(results, width)

    assert max(map(len, table[:-1])) <= width
    assert table[1].endswith("…")


def test_what_has_room_is_not_cut() -> None:
    results = [tenant("a", "waiting_for_consent", next=LINK), tenant("b", changed=["hand-off"])]

    assert lines(results, 200) == lines(results)


def test_a_short_next_step_leaves_its_room_to_what_was_changed() -> None:
    parts = ["calendar: application, consent, secret, proof"]

    assert parts[0] in lines([tenant("a", changed=parts)], 80)[1]


def test_of_a_large_fleet_only_those_are_shown_that_need_somebody_or_were_changed() -> None:
    results = [tenant(f"t{number:03}") for number in range(500)]
    results[7] = tenant("t007", "failed", next="Do this.")
    results[300] = tenant("t300", changed=["hand-off"])

    table = lines(results)

    assert [line.split()[0] for line in table] == ["TENANT", "t007", "t300", "500"]
    assert table[-1] == ("500 tenants: 1 failed, 499 complete; 498 that need nothing and were not changed are left out")


def test_a_hundred_are_shown_whole() -> None:
    assert len(lines([tenant(f"t{number:03}") for number in range(100)])) == 102


@pytest.mark.parametrize("row", [{}, {"tenant": None, "state": "", "changed": [], "next": None, "more": "ignored"}])
def test_what_is_not_known_is_a_dash(row: dict[str, Any]) -> None:
    assert lines([row])[1].split() == ["-", "-", "-", "-"]


def test_without_tenants_there_are_headings() -> None:
    assert lines([]) == ["TENANT  STATE  CHANGED  NEXT", "0 tenants"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("X\x1b[2J\r\nfatal: [other]: FORGED", "X\\x1b[2J\\r\\nfatal: [other]: FORGED"),
        ("tab\tbell\a", "tab\\tbell\\x07"),
        ("\x9b31mC1", "\\x9b31mC1"),
        ("right\u202eto left", "right\\u202eto left"),
        ("line\u2028separator", "line\\u2028separator"),
        ("Færøerne 株式会社", "Færøerne 株式会社"),
    ],
)
@pytest.mark.parametrize("field", ["tenant", "state", "by", "changed", "next"])
def test_what_a_tenant_calls_itself_does_not_write_to_the_terminal(name: str, shown: str, field: str) -> None:
    table = lines([tenant("a") | {field: [name] if field == "changed" else name}])

    assert len(table) == 3
    assert shown in table[1]


@pytest.mark.parametrize(
    ("named", "details", "told"),
    [
        (["a", "b"], [{"named_keys": ["a"]}, {"named_keys": ["B"]}], []),
        (["a", "b"], [{"named_keys": ["a"]}, {"tenant": "failed"}], ["b"]),
        (["a"], [{"tenant": "disabled, and not looked into"}], []),
        ([], [{"named_keys": []}], []),
    ],
)
def test_a_key_id_that_no_tenant_has_is_told(named: list[str], details: list[dict[str, Any]], told: list[str]) -> None:
    params = {"results": [], "width": None, "named_keys": named, "details": details}

    [*warnings] = run(Call(params, check_mode=False, vault=no_vault)).warnings

    assert [text.split(",")[0].rpartition(" ")[2] for text in warnings] == told


def no_vault(_vault_id: str | None, _password_file: str | None) -> Any:
    raise AssertionError
