# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft answered: public recordings, and bodies in the shape that public reports show. See README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"


def recorded(number: str) -> Json:
    """Status, headers and body of real traffic, by the recording's number."""
    [path] = RECORDED.glob(f"{number}-*.json")
    return _answer(path)


def synthetic(name: str) -> Json:
    """The same of an answer that is invented in the shape that public reports show."""
    return _answer(RECORDED / "synthetic" / f"{name}.json")


def permission_ids() -> Json:
    """What Microsoft publishes of the ids of permissions and roles, the same in every tenant."""
    ids: Json = json.loads((HERE / "graph-permission-ids.json").read_text("utf-8"))
    return ids


def _answer(path: Path) -> Json:
    answer: Json = json.loads(path.read_text("utf-8"))["response"]
    return answer
