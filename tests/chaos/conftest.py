# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.fleet import Fleet, new_fleet
from integration.operator_desk import Leg
from tooling.install_collection import install

#: After that long a run is endless.
SECONDS = 600


@pytest.fixture(scope="session")
def leg(tmp_path_factory: pytest.TempPathFactory) -> Leg:
    """The collection, built and installed, under the ansible-core beside the tests."""
    collections = tmp_path_factory.mktemp("collections-chaos")
    install(collections)
    return Leg("chaos", Path(sys.executable).parent, collections)


@pytest.fixture
def fleet(leg: Leg) -> Iterator[Fleet]:
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        new_fleet(leg, Path(folder, "fleet"), seconds=SECONDS) as made,
    ):
        yield made
