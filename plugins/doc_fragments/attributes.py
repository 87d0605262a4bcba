# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and tell what would change without changing it.
  diff_mode:
    description: Tells what has changed, or would change in C(check_mode), when in diff mode.
  idempotent:
    description: When run twice in a row outside of check mode with the same arguments, the second run changes nothing.
  action_group:
    description: Use C(group/totalview.exchange365.connector) in C(module_defaults) to set the tenant's options once.
    support: full
    membership: [totalview.exchange365.connector]
"""

    # For modules that change something.
    MANAGING = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    # For modules that only read.
    READING = r"""
attributes:
  check_mode:
    support: full
    details: This module changes nothing.
  diff_mode:
    support: N/A
    details: This module changes nothing.
  idempotent:
    support: full
    details: This module changes nothing.
"""
