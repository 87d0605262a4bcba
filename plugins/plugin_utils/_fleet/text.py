# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line
from ansible_collections.totalview.exchange365.plugins.plugin_utils._fleet.progress import Progress, Slow


def progress_line(progress: Progress) -> str:
    """How far a play is, in one line."""
    told = [f"{title(progress)}: {progress.done} of {progress.total} done{_of_these(progress)}"]
    if progress.under_way:
        told.append(f"{progress.under_way} under way")
    if progress.to_come:
        told.append(f"{progress.to_come} to come")
    told += [f"{span(progress.elapsed)} so far", *pace(progress)]
    slow = [f"{one_line(slow.host)} {slow_for(slow)}" for slow in progress.slow]
    return ", ".join(told) + (f"; slow: {'; '.join(slow)}" if slow else "")


def title(progress: Progress) -> str:
    name = one_line(progress.play) or "Play"
    return f"{name} [CHECK MODE]" if progress.check_mode else name


def pace(progress: Progress) -> list[str]:
    """How fast, and how long still; nothing where nothing can be said."""
    told = []
    if progress.per_minute is not None:
        told.append(f"{progress.per_minute:.3g} a minute")
    if progress.left:
        told.append(f"about {span(progress.left)} left")
    return told


def slow_for(slow: Slow) -> str:
    return f"at '{one_line(slow.task)}' for {span(slow.seconds)}"


def span(seconds: float) -> str:
    """`2 h 5 min`, `5 min 3 s`, `3 s`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _of_these(progress: Progress) -> str:
    named = [
        f"{number} {state}" for number, state in ((progress.failed, "failed"), (progress.waiting, "waiting")) if number
    ]
    return f" ({', '.join(named)})" if named else ""
