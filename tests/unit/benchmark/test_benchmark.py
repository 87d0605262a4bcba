# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs through and writes what its README promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import benchmark
from benchmark.base import checked_out, comparison, cpu_ratios
from benchmark.report import document, summary
from benchmark.scenarios import Bench, Figures

HERE = Path(benchmark.__file__).parent


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    result = tmp_path_factory.mktemp("bench") / "bench.json"
    command = [sys.executable, "-m", "benchmark", "--tenants", "2", "--result", str(result)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(result.read_text("utf-8")))


def test_growth_onboards_a_fleet_by_the_shortest_way_and_measures_its_first_tenants(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    command = [sys.executable, "-m", "benchmark", "--growth", "1", "2", "--result", str(result)]

    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(HERE.parent)}, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(result.read_text("utf-8"))["scenarios"]
    assert {name: row["requests_per_tenant"] for name, row in found.items()} == {"unchanged_1": 7, "unchanged_2": 7}


#: What base commits may not have.
AFTERWARDS = {"audit", "audit_all", "disable"}


def test_all_documented_keys_are_written_and_no_others(written: dict[str, Any]) -> None:
    documented = {key for key in _documented("Keys") if not key.startswith("bounds.")}

    assert {re.sub(r"^(scenarios)\.\w+", r"\1.*", key) for key in _keys(written)} == documented


def test_all_documented_scenarios_run(written: dict[str, Any]) -> None:
    optional = {name for name in _documented("Scenarios") if name.endswith(("_few", "_N")) or name in AFTERWARDS}

    assert set(written["scenarios"]) - AFTERWARDS == _documented("Scenarios") - optional


def test_each_scenario_does_what_it_is_for(written: dict[str, Any]) -> None:
    found = written["scenarios"]
    for state in ("fresh", "unchanged"):
        real = found[state]
        floor, replayed = found[f"floor_{state}"], found[f"requests_only_{state}"]
        assert floor["tasks_per_tenant"] == round(real["tasks_per_tenant"])
        assert floor["requests_per_tenant"] == 0
        assert replayed["requests_per_tenant"] == real["requests_per_tenant"] > 0
        assert replayed["batch_items_per_tenant"] == real["batch_items_per_tenant"]
        # Without table, report, where that lies, and messages, which are four tasks for all.
        of_each = real["tasks_per_tenant"] - 4 / real["tenants"]
        assert found[f"process_per_task_{state}"]["tasks_per_tenant"] == of_each
    assert all(row["max_rss_mb"] > 0 and row["controller_cpu_s_per_tenant"] > 0 for row in found.values())
    assert found["uri_playbook"]["token_requests_per_tenant"] == 1


def test_bounds() -> None:
    """40 tenants of 10 requests at 100 ms: 400 round trips, shared by eight forks, take five seconds."""
    bench = Bench(Path(), Path(), tenants=40, forks=8, latency_ms=100, few=5)
    result = document(bench, {"fresh": _figures(cpu=0.001, tenants=40)})

    assert result["bounds"]["fresh"]["latency_bound_s"] == pytest.approx(5)
    assert result["bounds"]["fresh"]["wall_to_bound"] == pytest.approx(2)
    assert {f"bounds.*.{key}" for key in result["bounds"]["fresh"]} <= _documented("Keys")


def test_slow_scenarios_are_compared_without_the_start_of_ansible() -> None:
    """2 s to start; then 1 s for each tenant, or 4 s the slow way."""
    bench = Bench(Path(), Path(), tenants=40, forks=8, latency_ms=0, few=5)
    fresh, few = _figures(cpu=42 / 40, tenants=40), _figures(cpu=7 / 5, tenants=5)
    found = document(bench, {"fresh": fresh, "fresh_few": few, "uri_playbook": _figures(cpu=22 / 5, tenants=5)})

    assert found["ratios"] == {"uri_playbook_to_fresh": pytest.approx(4)}


def test_where_all_tenants_are_few_nothing_is_taken_off() -> None:
    bench = Bench(Path(), Path(), tenants=5, forks=8, latency_ms=0, few=5)
    found = document(bench, {"fresh": _figures(cpu=2, tenants=5), "uri_playbook": _figures(cpu=6, tenants=5)})

    assert found["ratios"] == {"uri_playbook_to_fresh": 3}


def test_fresh_is_compared_with_twice_the_floor_and_the_requests() -> None:
    bench = Bench(Path(), Path(), tenants=5, forks=8, latency_ms=0, few=5)
    names = {"fresh": 12, "floor_fresh": 2, "requests_only_fresh": 4}
    found = document(bench, {name: _figures(cpu=cpu, tenants=5) for name, cpu in names.items()})

    assert found["ratios"]["fresh_to_twice_floor_plus_requests"] == pytest.approx(12 / 8)


def test_larger_fleets_are_compared_with_one_of_500() -> None:
    bench = Bench(Path(), Path(), tenants=2000, forks=8, latency_ms=0, few=5)
    cpu = {100: 9, 500: 2, 2000: 3}
    scenarios = {f"unchanged_{size}": _figures(cpu=seconds, tenants=size) for size, seconds in cpu.items()}

    lines = list(summary(document(bench, scenarios)))

    assert lines[:3] == [
        "unchanged_100: 0.100 s and 1.00 MB for each tenant",
        "unchanged_500: 0.020 s and 0.20 MB for each tenant",
        "unchanged_2000: 0.005 s and 0.05 MB for each tenant, 1.50 times the CPU of unchanged_500",
    ]


def test_another_commit_is_set_beside_this_one() -> None:
    ours = {"fresh": asdict(_figures(cpu=0.5, tenants=5)), "new": asdict(_figures(cpu=1, tenants=5))}
    base = {"fresh": asdict(_figures(cpu=0.4, tenants=5)), "old": asdict(_figures(cpu=1, tenants=5))}

    figures = "0.400 -> 0.500 CPU-s, 3.0 -> 3.0 tasks, 10.0 -> 10.0 requests, 1.0 -> 1.0 tokens, 100 -> 100 MB"
    assert list(comparison(ours, base)) == [f"fresh: {figures}; 1.25 times the CPU"]
    assert cpu_ratios(ours, base) == {"fresh": pytest.approx(1.25)}


@pytest.mark.skipif(not (HERE.parents[1] / ".git").exists(), reason="no commits in a folder that is no git checkout")
def test_a_commit_is_unpacked_beside_the_checkout() -> None:
    with checked_out("HEAD") as folder:
        assert (folder / "galaxy.yml").is_file()
        assert not (folder / ".git").exists()
    assert not folder.exists()


def _figures(*, cpu: float, tenants: int) -> Figures:
    return Figures(
        tenants=tenants,
        controller_cpu_s_per_tenant=cpu,
        wall_s=10,
        wall_s_per_tenant=10 / tenants,
        tasks_per_tenant=3,
        requests_per_tenant=10,
        batch_items_per_tenant=0,
        token_requests_per_tenant=1,
        max_rss_mb=100,
        max_rss_mb_per_tenant=100 / tenants,
        emulator_cpu_ms_per_request=1,
        emulator_requests_per_s=10,
        emulator_rss_mb=50,
    )


def _documented(section: str) -> set[str]:
    """What stands in backticks in the first column of the section's table, but for links."""
    text = (HERE / "README.md").read_text("utf-8").partition(f"## {section}")[2].partition("\n## ")[0]
    columns = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for column in columns for name in re.findall(r"`([^`]+)`", column)}


def _keys(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _keys(inner, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix
