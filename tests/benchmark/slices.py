# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs in slices: `python -m benchmark.slices --tenants 60 --slices 2`, fresh tenants in so many workers.

CPU is that of the workers with everything below them; the emulator's is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmark.fleet import BIN
from emulator.launch import running_emulator
from integration.operator_desk import Desk, Leg
from integration.slices import Slice
from integration.tenants import Tenants
from tooling.install_collection import install


def measure(tenants: int, slices: int) -> dict[str, float]:
    """Per tenant: CPU seconds of all workers, requests, requests that write, bytes that came back; and wall seconds."""
    with tempfile.TemporaryDirectory(prefix="slices-") as name, running_emulator({"tenants": []}) as emulator:
        folder = Path(name)
        install(folder / "collections")
        (folder / "temporary").mkdir()
        desk = Desk(
            folder, folder / "temporary", Leg("floor", BIN, folder / "collections"), emulator.url, emulator.ca_file
        )
        made = Tenants(emulator)
        hosts = {f"tenant{number:05}": {"connector_tenant_id": made.make()} for number in range(tenants)}
        shares = [dict(list(hosts.items())[number::slices]) for number in range(slices)]
        emulator.clear_requests()
        with ExitStack() as stack:
            workers = [
                stack.enter_context(Slice(desk, f"slice-{number}", share).worker(f"job-{number}"))
                for number, share in enumerate(shares, 1)
            ]
            begun = time.monotonic()
            for worker in workers:
                worker.go()
            used = [os.wait4(worker.process.pid, 0)[2] for worker in workers]
            wall = time.monotonic() - begun
            streamed = sum((worker.folder / "streamed").stat().st_size for worker in workers)
        asked = [entry for entry in emulator.requests() if entry["service"] == "graph" and not entry["batch_of"]]
        writes = [entry for entry in asked if entry["method"] != "GET" and not entry["path"].endswith("$batch")]
        reports = [
            json.loads((folder / "reports" / f"slice-{number + 1}" / "report.json").read_text())
            for number in range(slices)
        ]
        assert sum(report["states"].get("complete", 0) for report in reports) == tenants
        return {
            "cpu": sum(usage.ru_utime + usage.ru_stime for usage in used) / tenants,
            "graph_requests": len(asked) / tenants,
            "graph_writes": len(writes) / tenants,
            "streamed_bytes": streamed / tenants,
            "wall": wall,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=60)
    parser.add_argument("--slices", type=int, default=2)
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.tenants, chosen.slices), indent=1))


if __name__ == "__main__":
    main()
