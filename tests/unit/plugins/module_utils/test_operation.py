# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._change import Change
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session, SignIn
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import (
    Call,
    Operation,
    Outcome,
    missing_libraries,
    perform,
)


@dataclass(frozen=True)
class Told:
    words: str

    def describe(self):
        return self.words


def call(**params):
    return Call(params, check_mode=False, vault=lambda _vault_id, _file: None)


def performed(run, **params):
    return perform(Operation("thing", {}, run), call(**params))


def test_a_change_is_result_diff_and_description_at_once():
    change = Change({"state": "absent"}, {"state": "present"}, (Told("make it"), Told("mend it")))

    result, outcome = performed(lambda _call: Outcome({"thing": 1}, change))

    assert result == {
        "thing": 1,
        "changed": True,
        "changes": ["make it", "mend it"],
        "diff": {"before": {"state": "absent"}, "after": {"state": "present"}},
    }
    assert outcome is not None


def test_no_steps_no_change():
    result, _outcome = performed(lambda _call: Outcome(change=Change({"a": 1}, {"a": 1})))

    assert result == {"changed": False, "changes": [], "diff": {"before": {"a": 1}, "after": {"a": 1}}}


def test_what_only_reads_has_no_diff():
    result, _outcome = performed(lambda _call: Outcome({"found": []}))

    assert result == {"changed": False, "found": []}


def test_a_foreseeable_fault_becomes_a_failure_with_tenant_and_next_step():
    def run(_call):
        raise InputError("Wrong.", next_step="Right it.", code="Wrong")

    result, outcome = performed(run, tenant_id="contoso.com")

    assert outcome is None
    assert (result["failed"], result["msg"]) == (True, "Tenant contoso.com: Wrong. Right it.")
    assert result["failure"]["code"] == "Wrong"
    assert result["failure"]["tenant"] == "contoso.com"


@pytest.mark.parametrize("params", [{}, {"tenant_id": None}])
def test_a_fault_without_a_tenant_says_none(params):
    def run(_call):
        raise ConnectorError("Wrong.")

    assert performed(run, **params)[0]["msg"] == "Wrong."


def test_an_unforeseen_fault_flies():
    with pytest.raises(ZeroDivisionError):
        performed(lambda _call: 1 / 0)


def test_a_session_is_neither_in_the_result_nor_in_the_outcomes_text():
    session = Session(SignIn("t", "c", "a"), {"g": Token("bearer-value", 0.0)})

    result, outcome = performed(lambda _call: Outcome(session=session))

    assert outcome.session is session
    assert "session" not in result
    assert "bearer-value" not in f"{outcome}{session}"


def test_no_library_is_missing_here():
    assert missing_libraries() == {}
