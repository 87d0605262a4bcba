# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session, SignIn
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.plugin_utils._sealed_session import seal, unseal

SESSION = Session(
    SignIn("contoso.com", "client-1", "https://login.example"), {"https://graph.example": Token("t0ken", 1.5)}
)


def test_a_sealed_session_is_opened_again_in_the_same_run():
    assert unseal(seal(SESSION)) == SESSION


def test_nothing_of_a_session_can_be_read_from_its_seal():
    sealed = seal(SESSION)

    assert not any(text in sealed for text in ("t0ken", "contoso", "client-1"))
    assert seal(SESSION) != sealed, "two seals of one session are not even alike"


@pytest.mark.parametrize("text", [None, ""])
def test_no_session_is_none(text):
    assert unseal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        Fernet(Fernet.generate_key()).encrypt(SESSION.dump().encode()).decode(),
        SESSION.dump(),
        "garbage",
        "gärbage",
        seal(SESSION)[:-4] + "AAA=",
    ],
    ids=["of another run", "not sealed", "garbage", "not ASCII", "changed"],
)
def test_what_this_run_did_not_seal_is_not_used(text):
    assert unseal(text) is None
