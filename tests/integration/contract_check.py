# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the collection sends, and every answer of the emulator, against Microsoft's OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contract.graph_contract import GraphContract, facts_dir


def check_against_contract(exchanges: Iterable[Mapping[str, Any]]) -> None:
    """Fails with every violation. Without the description nothing is checked; another test says so by skipping."""
    folder = facts_dir()
    if folder is None:
        return
    contract = GraphContract(folder)
    violations = [violation for exchange in exchanges for violation in contract.check(exchange)]
    assert not violations, "\n".join(violations)
