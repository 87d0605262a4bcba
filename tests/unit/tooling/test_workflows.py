# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows call the Makefile's targets and nothing of their own, with rights to read only."""

from __future__ import annotations

import re

import pytest
import yaml

from tooling.install_collection import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split())


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_makes_targets_that_there_are(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    matrices = [job["strategy"]["matrix"]["target"] for job in workflow["jobs"].values() if "strategy" in job]
    made = {name for step in steps(workflow) for name in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    made |= {name for targets in matrices for name in targets}

    assert made
    assert made <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_github_s_own_by_major_version_and_may_only_read(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", name)] == []
