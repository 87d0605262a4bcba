# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from difflib import get_close_matches


def with_suggestion(name: str, known: t.Iterable[str]) -> str:
    """A name that is not known, and the one that may be meant."""
    nearest = get_close_matches(name, known, n=1)
    return f"{name} (did you mean {nearest[0]}?)" if nearest else name
