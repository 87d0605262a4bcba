# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report of a fleet costs: to write it, and to open and filter its page in a headless Chromium."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call
from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import run
from integration.chromium import BINARY, Page, chromium
from integration.fleet_report import fleet

#: Until what was typed is shown: the page's own work and the frame after it.
FILTER = """(() => {
  const box = document.getElementById('search'), began = performance.now();
  box.value = '%s';
  box.dispatchEvent(new Event('input'));
  return new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began))));
})()"""
PAINT = """new Promise(done => new PerformanceObserver(
  list => done(list.getEntries()[0].startTime)).observe({type: 'paint', buffered: true}))"""


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory(prefix="bench-page-", ignore_cleanup_errors=True) as folder:
        results, details = fleet(size)
        params: dict[str, Any] = {"results": results, "details": details, "hosts": None, "merge": []}
        params |= {"folder": folder, "playbook": "audit", "anonymous": False, "planned_only": False}
        began = time.process_time()
        files = run(Call(params, check_mode=False, vault=lambda *_: None)).values["files"]  # type: ignore[arg-type]
        print(f"{size} tenants: written in {time.process_time() - began:.1f} CPU seconds")
        print(*(f"{name}: {Path(path).stat().st_size / 1e6:.1f} MB" for name, path in files.items()), sep="\n")
        if BINARY is not None:
            with chromium(Path(folder, "profile")) as page:
                _open(page, Path(files["report.html"]))


def _open(page: Page, path: Path) -> None:
    page.open(path)
    print(f"first paint: {page.run(PAINT):.0f} ms")
    for text in ("tenant", "0042", "no such tenant", ""):
        print(f"filter '{text}': {page.run(FILTER % text):.0f} ms")


if __name__ == "__main__":
    main()
