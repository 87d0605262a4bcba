# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulators of a test run were asked and did not know, whoever asked: counted by kind of request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

#: Service, method, template of the path, status, and what was not known.
Kind = tuple[str, str, str, int, str]


class UnknownRequests:
    def __init__(self) -> None:
        self._seen: Counter[Kind] = Counter()

    def note(self, refusals: Iterable[dict[str, Any]]) -> None:
        """`refusals`: of an emulator's admin door."""
        for row in refusals:
            # What a fault answers says nothing of what is known.
            if row["fault"] is None and (row["unknown"] or row["status"] == 501):
                kind = (row["service"], row["method"], row["template"], row["status"], row["unknown"] or row["why"])
                self._seen[kind] += row["count"]

    def dump(self) -> list[Any]:
        """For the process that gathers them all."""
        return [[*kind, count] for kind, count in self._seen.items()]

    def load(self, dumped: Iterable[Any]) -> None:
        for service, method, template, status, unknown, count in dumped:
            self._seen[service, method, template, status, unknown] += count

    def lines(self) -> Iterator[str]:
        for (service, method, template, status, unknown), count in sorted(self._seen.items()):
            yield f"{count:>5} x {service} {method} {template} -> {status}: {unknown}"
