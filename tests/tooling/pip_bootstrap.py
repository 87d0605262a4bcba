# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a bare virtual environment the pip that Python carries with it.

ansible-test would download a script for this from a host of its own. This file takes that script's place, so that the
package index is the only thing the checks need. The arguments (which pip to fetch) are ignored.
"""

from __future__ import annotations

import ensurepip
import os

if __name__ == "__main__":
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 1
    )  # what pip did is not worth telling; what it could not do goes to stderr
    ensurepip.bootstrap(upgrade=True, default_pip=True)
