# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as a table for people and as JSON for whatever compares runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from benchmark.scenarios import Bench, Figures

Json = dict[str, Any]

#: Name of a ratio of CPU, and the scenarios whose figures are divided. Each pair ran on equally many tenants.
RATIOS = {
    "fresh_to_floor": ("fresh", "floor_fresh"),
    "unchanged_to_floor": ("unchanged", "floor_unchanged"),
    "fresh_to_requests_only": ("fresh", "requests_only_fresh"),
    "unchanged_to_requests_only": ("unchanged", "requests_only_unchanged"),
}
#: Likewise of the slow scenarios, which run on a few tenants only.
SLOW_RATIOS = {
    "process_per_task_to_fresh": ("process_per_task_fresh", "fresh"),
    "process_per_task_to_unchanged": ("process_per_task_unchanged", "unchanged"),
    "uri_playbook_to_fresh": ("uri_playbook", "fresh"),
}

#: Tenants of the fleet that larger ones are compared with.
ENOUGH = 500

HEADINGS = {
    "scenario": 28,
    "tenants": 9,
    "CPU s": 9,
    "wall s": 9,
    "tasks": 8,
    "requests": 10,
    "tokens": 8,
    "MB": 9,
    "emulator ms/request": 21,
    "requests/s": 12,
    "emulator MB": 13,
}


def heading() -> str:
    return "".join(name.ljust(width) if name == "scenario" else name.rjust(width) for name, width in HEADINGS.items())


def line(name: str, figures: Figures) -> str:
    cells = [
        str(figures.tenants),
        f"{figures.controller_cpu_s_per_tenant:.3f}",
        f"{figures.wall_s:.1f}",
        f"{figures.tasks_per_tenant:.1f}",
        f"{figures.requests_per_tenant:.1f}",
        f"{figures.token_requests_per_tenant:.1f}",
        f"{figures.max_rss_mb:.0f}",
        f"{figures.emulator_cpu_ms_per_request:.2f}",
        f"{figures.emulator_requests_per_s:.0f}",
        f"{figures.emulator_rss_mb:.0f}",
    ]
    widths = list(HEADINGS.values())
    return name.ljust(widths[0]) + "".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))


def document(bench: Bench, scenarios: Mapping[str, Figures]) -> Json:
    return {
        "environment": {
            "tenants": bench.tenants,
            "tenants_of_slow_scenarios": bench.few,
            "forks": bench.forks,
            "latency_ms": bench.latency_ms,
            "cores": _cores(),
            "python": sys.version.split()[0],
            "ansible_core": version("ansible-core"),
        },
        "scenarios": {name: asdict(figures) for name, figures in scenarios.items()},
        "ratios": ratios(scenarios),
        "bounds": {name: _bounds(bench, figures) for name, figures in scenarios.items()} if bench.latency_ms else {},
    }


def ratios(scenarios: Mapping[str, Figures]) -> dict[str, float]:
    plain = {
        name: scenarios[one].controller_cpu_s_per_tenant / scenarios[other].controller_cpu_s_per_tenant
        for name, (one, other) in RATIOS.items()
        if one in scenarios and other in scenarios
    }
    slow = {
        name: _slow_ratio(scenarios[one], scenarios[other], scenarios.get(f"{other}_few"))
        for name, (one, other) in SLOW_RATIOS.items()
        if one in scenarios and other in scenarios
    }
    return plain | _to_twice_floor_plus_requests(scenarios) | slow


def _to_twice_floor_plus_requests(scenarios: Mapping[str, Figures]) -> dict[str, float]:
    """Against a run in which nothing costs but what Ansible takes anyway, twice, and the requests."""
    names = ("fresh", "floor_fresh", "requests_only_fresh")
    if not all(name in scenarios for name in names):
        return {}
    fresh, floor, requests = (scenarios[name].controller_cpu_s_per_tenant for name in names)
    return {"fresh_to_twice_floor_plus_requests": fresh / (2 * floor + requests)}


def _slow_ratio(slow: Figures, whole: Figures, few: Figures | None) -> float:
    """Without Ansible's start, which a fleet pays once: it would make up most of what a few tenants cost.

    `few`: the same as `whole` on as many tenants as `slow`; None where those are all there are.
    """
    if few is None:
        return slow.controller_cpu_s_per_tenant / whole.controller_cpu_s_per_tenant
    more = _cpu(whole) - _cpu(few)
    each = more / (whole.tenants - few.tenants)
    start = _cpu(few) - each * few.tenants
    return (_cpu(slow) - start) / slow.tenants / each


def _cpu(figures: Figures) -> float:
    return figures.controller_cpu_s_per_tenant * figures.tenants


def _bounds(bench: Bench, figures: Figures) -> dict[str, float]:
    """No run can be faster: the cores do the work of controller and emulator, each fork waits for its requests."""
    controller = figures.controller_cpu_s_per_tenant * figures.tenants
    requests = figures.requests_per_tenant * figures.tenants
    emulator = figures.emulator_cpu_ms_per_request * requests / 1000
    cpu = (controller + emulator) / _cores()
    latency = requests * bench.latency_ms / 1000 / min(bench.forks, figures.tenants)
    return {
        "controller_cpu_bound_s": controller / _cores(),
        "cpu_bound_s": cpu,
        "latency_bound_s": latency,
        "wall_to_bound": figures.wall_s / max(cpu, latency),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _growth(scenarios: Mapping[str, Json]) -> Iterator[str]:
    sizes = {name: row for name, row in scenarios.items() if name.removeprefix("unchanged_").isdecimal()}
    # Less than that and Ansible's start would count.
    usual = next((name for name, row in sizes.items() if row["tenants"] >= ENOUGH), None)
    for name, row in sizes.items():
        text = f"{name}: {row['wall_s_per_tenant']:.3f} s and {row['max_rss_mb_per_tenant']:.2f} MB for each tenant"
        if usual is not None and row["tenants"] > ENOUGH:
            ratio = row["controller_cpu_s_per_tenant"] / scenarios[usual]["controller_cpu_s_per_tenant"]
            text += f", {ratio:.2f} times the CPU of {usual}"
        yield text


def summary(result: Json) -> Iterator[str]:
    environment, scenarios = result["environment"], result["scenarios"]
    if environment["tenants_of_slow_scenarios"] < environment["tenants"] and "uri_playbook" in scenarios:
        few = environment["tenants_of_slow_scenarios"]
        yield (
            f"The slow scenarios, and those named _few, ran on {few} tenants only; in their ratios Ansible's start is "
            "taken off both sides."
        )
    yield from _growth(scenarios)
    if "simple_requests" in scenarios:
        busy = scenarios["simple_requests"]["emulator_cpu_ms_per_request"]
        yield f"The emulator answers {1000 / busy:.0f} simple requests in a second of one core."
    for name, ratio in result["ratios"].items():
        yield f"CPU {name.replace('_', ' ')}: {ratio:.2f}"
    for name, bound in result["bounds"].items():
        yield (
            f"{name}: CPU bound {bound['cpu_bound_s']:.1f} s ({bound['controller_cpu_bound_s']:.1f} s without "
            f"the emulator), latency bound {bound['latency_bound_s']:.1f} s; "
            f"the run took {bound['wall_to_bound']:.2f} times the larger one"
        )
