# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token


def token(claims, expires_at=0.0):
    text = claims if isinstance(claims, str) else json.dumps(claims)
    payload = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return Token(f"header.{payload}.signature", expires_at)


@pytest.mark.parametrize("filler", ["", "x", "xx", "xxx"])
def test_claims_of_any_length_are_read_without_padding(filler):
    assert token({"tid": "tenant", "filler": filler}).claims == {"tid": "tenant", "filler": filler}


def test_claims_with_characters_of_the_url_alphabet_are_read():
    claims = {"name": "ÿþ?>~~~???"}
    held = token(claims)

    assert held.claims == claims


def test_roles_are_a_set_and_empty_where_the_token_carries_none():
    assert token({"roles": ["Mail.Send", "User.Read.All"]}).roles == {"Mail.Send", "User.Read.All"}
    assert token({}).roles == frozenset()


@pytest.mark.parametrize(
    "value", ["", "opaque", "a.b", "a.%%%.c", "a." + base64.urlsafe_b64encode(b"no json").decode() + ".c"]
)
def test_a_token_in_another_form_is_a_fault_without_the_token_in_it(value):
    with pytest.raises(SignInError) as caught:
        _unused = Token(value, 0.0).claims

    assert not value or value not in caught.value.sentence("t")


@pytest.mark.parametrize(
    ("left", "usable"), [(3600.0, True), (301.0, True), (300.0, False), (1.0, False), (0.0, False), (-1.0, False)]
)
def test_a_token_in_its_last_minutes_is_spent(left, usable):
    assert Token("a", expires_at=1000.0 + left).usable(1000.0) is usable


def test_the_value_is_not_in_the_tokens_text():
    assert "s3cret" not in f"{Token('s3cret', 0.0)} {Token('s3cret', 0.0)!r}"
