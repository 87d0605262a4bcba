# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client in an environment of its own, run as a process: JSON on its standard input, JSON on its standard output."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.launch import Emulator

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".nox" / "clients"

Json = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """`name`: of the folder here, and of the environment that `make environments` makes of its requirements."""

    name: str
    emulator: Emulator
    proxy: str

    def run(self, program: str, **given: Any) -> Json:
        """What the program prints. Secrets are in what is given, so that nothing of it is an argument."""
        done = subprocess.run(
            [str(ENVIRONMENTS / self.name / "bin" / "python"), str(HERE / self.name / program)],
            input=json.dumps(given),
            env=self._environment(),
            check=False,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, f"{self.name}/{program}: {done.stderr}"
        return dict(json.loads(done.stdout))

    def _environment(self) -> dict[str, str]:
        """Where the network is and whom to trust, as requests, httpx and OpenSSL want to be told."""
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL", "TMPDIR") if name in os.environ},
            "HTTPS_PROXY": self.proxy,
            "HTTP_PROXY": self.proxy,
            "REQUESTS_CA_BUNDLE": self.emulator.ca_file,
            "SSL_CERT_FILE": self.emulator.ca_file,
            "PYTHONDONTWRITEBYTECODE": "",
        }
