# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that anybody in a tenant may have written."""

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import failure
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line, printable

FORGED = "X\x1b[2J\r\nfatal: [other]: FORGED"


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b", "\u202e", "\u2028", "\ud800"])
def test_what_a_terminal_obeys_is_written_out(sign):
    shown = printable({f"a{sign}": [f"b{sign}c"]})

    assert sign not in str(shown)
    assert sign not in one_line(f"a{sign}b")


@pytest.mark.parametrize("text", ["Jørgen Ærø", "日本", "נעם", "👩\u200d💻", "a\u00a0b"])
def test_names_stay_as_they_are(text):
    assert printable(text) == one_line(text) == text


def test_nobody_begins_a_line_in_a_message():
    assert one_line(FORGED) == r"X\x1b[2J\r\nfatal: [other]: FORGED"
    assert failure(InputError(f"An application named '{FORGED}' exists."), "t")["msg"].isprintable()
