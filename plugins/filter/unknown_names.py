# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from difflib import get_close_matches


def unknown_names(names: t.Iterable[str], known: t.Sequence[str]) -> list[str]:
    """Those of `names` that are not in `known`, each with the nearest known one."""
    return [_with_suggestion(str(name), known) for name in sorted(set(names) - set(known))]


def _with_suggestion(name: str, known: t.Sequence[str]) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f"{name} (did you mean {nearest[0]}?)" if nearest else name


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"unknown_names": unknown_names}
