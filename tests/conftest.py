# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""At the end of a test run: every request that an emulator refused because it does not know it. And a secret store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from emulator import launch
from key_vault import KeyVaults, running_key_vaults
from openbao import OpenBao, missing, running_openbao
from tooling.unknown_requests import UnknownRequests

_unknown = UnknownRequests()
#: In what a worker of pytest-xdist gives to the process that started it.
_OUTPUT = "unknown_requests"


def _note(emulator: launch.Emulator) -> None:
    with suppress(requests.RequestException):  # a test has stopped it
        _unknown.note(emulator.refusals())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-core",
        action="store_true",
        help="under the newest ansible-core run all tests, not only those so marked",
    )


def pytest_configure() -> None:
    launch.at_the_end.append(_note)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = _unknown.dump()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Of pytest-xdist; a worker that crashed has given nothing."""
    _unknown.load(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = list(_unknown.lines())
    if lines:
        terminalreporter.section("requests that the emulators do not know")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def openbao() -> Iterator[OpenBao]:
    """One server for all tests of a process; each makes itself an engine of its own."""
    if reason := missing():
        pytest.skip(reason)
    with running_openbao() as server:
        yield server


@pytest.fixture(scope="session")
def key_vaults() -> Iterator[KeyVaults]:
    """One emulator for all tests of a process; each makes itself a vault of its own."""
    with running_key_vaults() as vaults:
        yield vaults
