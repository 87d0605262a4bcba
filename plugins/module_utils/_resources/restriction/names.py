# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re


def group_alias(name: str) -> str:
    """Of a new group of this name: letters, digits and a few signs, no period at an end and no two in a row."""
    alias = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return re.sub(r"\.{2,}", ".", alias).strip(".") or "-"


def may_be_one(name: str, other: str) -> bool:
    """Whether Exchange cannot have a group of either name: it compares without case, and would give both one alias."""
    return group_alias(name.strip()).casefold() == group_alias(other.strip()).casefold()
