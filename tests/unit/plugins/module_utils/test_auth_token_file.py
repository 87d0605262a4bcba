# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that a platform keeps a token in: it is one token, or told as what it is, without a word of its content."""

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.token_file import TokenFile

TOKEN = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"


@pytest.mark.parametrize("content", [TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n"])
def test_the_token_and_nothing_around_it(tmp_path, content):
    (tmp_path / "token").write_text(content)

    assert TokenFile(str(tmp_path / "token")).assertion(None) == TOKEN


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", bytes(range(256)), f"{TOKEN}\n{TOKEN}".encode(), f'"{TOKEN}"'.encode(), b"a.b." + b"c" * 100_000],
    ids=["empty", "blank", "binary", "two", "in quotation marks", "too large"],
)
def test_what_is_no_token_is_not_sent(tmp_path, content):
    (tmp_path / "token").write_bytes(content)

    with pytest.raises(InputError, match="holds no token") as caught:
        TokenFile(str(tmp_path / "token")).assertion(None)

    assert "eyJ" not in caught.value.message


@pytest.mark.parametrize("path", ["", "/nowhere/token", "~nobody-here/token", "a\0b"])
def test_a_file_that_cannot_be_read(path):
    with pytest.raises(InputError, match="cannot be read"):
        TokenFile(path).assertion(None)
