# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the tasks of each host, loops and includes as one, and writes the counts to the file in TASKS_FILE."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: tasks
type: notification
short_description: Count tasks for the benchmark
description: Count tasks for the benchmark.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "tasks"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._started: Counter[str] = Counter()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started[host.get_name()] += 1

    def v2_playbook_on_stats(self, stats: Any) -> None:
        Path(os.environ["TASKS_FILE"]).write_text(json.dumps(self._started), "utf-8")
