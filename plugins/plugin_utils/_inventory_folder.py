# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from pathlib import Path

from ansible import constants as C
from ansible import context


def beside_the_inventory() -> Path | None:
    """Where the first inventory lies. Not in one that is a folder: Ansible takes each file there for a part of it."""
    given = context.CLIARGS.get("inventory") or C.config.get_config_value("DEFAULT_HOST_LIST")
    found = [Path(source).resolve() for source in given if "," not in source and Path(source).exists()]
    return found[0].parent if found else None
