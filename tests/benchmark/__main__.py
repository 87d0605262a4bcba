# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs the machine that runs Ansible, against the emulator. See README.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark.base import comparison, cpu_ratios, measured
from benchmark.report import document, heading, line, summary
from benchmark.scenarios import Bench, Figures
from tooling.install_collection import install

RESULT = Path(__file__).resolve().parents[2] / "build" / "bench.json"
#: Slow scenarios get no more tenants than this.
FEW = 5
GROWTH = [100, 500, 2000, 5000]


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        collections = Path(folder, "collections")
        install(collections)
        growth = None if options.growth is None else options.growth or GROWTH
        tenants = max(growth) if growth else options.tenants
        bench = Bench(Path(folder), collections, tenants, options.forks, options.latency_ms, few=min(FEW, tenants))
        print(f"{options.forks} forks, Python {sys.version.split()[0]}; CPU, tasks, requests and tokens per tenant")
        print(heading(), flush=True)
        scenarios = {}
        for name, figures in chosen(bench, growth):
            print(line(name, figures), flush=True)
            scenarios[name] = figures
    result = document(bench, scenarios)
    for sentence in summary(result):
        print(sentence)
    if options.base:
        print(f"The same with commit {options.base}:", flush=True)
        base = measured(options.base, same_arguments(options))["scenarios"]
        print(f"{options.base} -> this:", *comparison(result["scenarios"], base), sep="\n")
        result["base"] = {
            "commit": options.base,
            "scenarios": base,
            "cpu_ratios": cpu_ratios(result["scenarios"], base),
        }
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(f"Written to {options.result}")


def chosen(bench: Bench, growth: list[int] | None) -> Iterator[tuple[str, Figures]]:
    """What the others are compared in is CPU, and latency does not change that."""
    if growth is not None:
        return bench.growth(growth)
    return bench.onboarding(bench.tenants) if bench.latency_ms else bench.all()


def same_arguments(options: argparse.Namespace) -> list[str]:
    growth = [] if options.growth is None else ["--growth", *map(str, options.growth)]
    return [
        *("--tenants", str(options.tenants)),
        *("--forks", str(options.forks)),
        *("--latency-ms", str(options.latency_ms)),
        *growth,
    ]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmark", description=__doc__)
    parser.add_argument("--tenants", type=_positive, default=50)
    parser.add_argument("--forks", type=_positive, default=10)
    parser.add_argument("--latency-ms", type=float, default=0, help="how much later the emulator answers")
    parser.add_argument("--growth", type=_positive, nargs="*", help="sizes of fleets; none: 100 to 5,000")
    parser.add_argument("--base", metavar="COMMIT", help="measure this commit, too, and set both side by side")
    parser.add_argument("--result", type=Path, default=RESULT, help="the file to write")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    main()
