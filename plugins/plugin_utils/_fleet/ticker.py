# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import threading
import typing as t


class Ticker(threading.Thread):
    """Calls every so many seconds, until it is told to stop or nobody can be shown anything any more."""

    def __init__(self, interval: float, call: t.Callable[[], None]) -> None:
        super().__init__(name="fleet", daemon=True)
        self._interval = interval
        self._call = call
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._call()
            except OSError:
                # The terminal or the reader of the pipe has gone; whether that ends the run is Ansible's to decide.
                return

    def stop(self) -> None:
        self._stopped.set()
        if self.is_alive():
            self.join()
