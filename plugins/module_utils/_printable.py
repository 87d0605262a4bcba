# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

"""Names of applications, groups, secrets and people are anybody's in a tenant, and shown on the operator's terminal."""

from __future__ import annotations

import typing as t

#: They turn the direction of text, or end a line.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def printable(value: t.Any) -> t.Any:
    """With control characters, and those that turn the direction of text, written out: a terminal, a spreadsheet and a
    page would obey them."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_written, value))
    if isinstance(value, dict):
        return {str(printable(name)): printable(found) for name, found in value.items()}
    return [printable(entry) for entry in value] if isinstance(value, list) else value


def one_line(text: str) -> str:
    """Of what is shown as it is: nobody begins a line of their own in it."""
    return str(printable(text)).replace("\n", "\\n").replace("\t", "\\t")


def _written(character: str) -> str:
    harmful = character < " " or "\x7f" <= character < "\xa0" or "\ud800" <= character <= "\udfff"
    if character in "\n\t" or not (harmful or character in _DIRECTIONS):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
