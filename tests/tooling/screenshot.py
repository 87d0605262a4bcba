# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the report in the README, of a made-up fleet: `python -m tooling.screenshot`.

With `tests` and `collections` on the path of modules, and a Chromium.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call
from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import run
from integration.chromium import chromium
from integration.fleet_report import fleet
from tooling.install_collection import ROOT

PICTURE = ROOT / "docs" / "images" / "report.png"


def main() -> None:
    results, details = fleet(60, seed=9)
    with tempfile.TemporaryDirectory(prefix="screenshot-", ignore_cleanup_errors=True) as folder:
        params: dict[str, Any] = {"results": results, "details": details, "folder": folder, "playbook": "audit"}
        params |= {"hosts": None, "anonymous": False, "planned_only": False, "merge": []}
        files = run(Call(params, check_mode=False, vault=lambda *_: None)).values["files"]  # type: ignore[arg-type]
        with chromium(Path(folder, "profile")) as page:
            page.resize(1100, 560)
            page.open(Path(files["report.html"]))
            page.screenshot(PICTURE)


if __name__ == "__main__":
    main()
