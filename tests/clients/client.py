# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client in an environment of its own, run as a process that believes it talks to Microsoft."""

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


def is_there(name: str) -> bool:
    """Whether somebody has made the environment of this client."""
    return (ENVIRONMENTS / name / "made-from.txt").exists()


@dataclass(frozen=True)
class Client:
    """`name`: of the folder here, and of the environment that nox makes of the requirements in it.

    `home`: an empty folder for what the client keeps.
    """

    name: str
    emulator: Emulator
    proxy: str
    home: Path

    def run(self, program: str, **given: Any) -> Json:
        """One of our programs: JSON on its standard input, JSON on its standard output."""
        output = self._output([str(HERE / self.name / program)], executable="python", given=json.dumps(given))
        return dict(json.loads(output))

    def call(self, command: str, *arguments: str) -> Any:
        """A command line of the client's own: what it prints, which is JSON or nothing."""
        output = self._output(list(arguments), executable=command)
        return json.loads(output) if output.strip() else None

    def _output(self, arguments: list[str], *, executable: str, given: str = "") -> str:
        done = subprocess.run(
            [str(self._folder_of_commands() / executable), *arguments],
            input=given,
            cwd=self.home,
            env=self._environment(),
            check=False,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, f"{self.name}: {executable} {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _folder_of_commands(self) -> Path:
        home = ENVIRONMENTS / self.name
        return next(folder for folder in (home / "bin", home / "node_modules" / ".bin") if folder.exists())

    def _environment(self) -> dict[str, str]:
        """Where the network is and whom to trust, as requests, httpx, OpenSSL and Node want to be told."""
        return {
            **{name: os.environ[name] for name in ("PATH", "LC_ALL", "TMPDIR") if name in os.environ},
            "HOME": str(self.home),
            "HTTPS_PROXY": self.proxy,
            "HTTP_PROXY": self.proxy,
            "REQUESTS_CA_BUNDLE": self.emulator.ca_file,
            "SSL_CERT_FILE": self.emulator.ca_file,
            "NODE_EXTRA_CA_CERTS": self.emulator.ca_file,
            "AZURE_CONFIG_DIR": str(self.home / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
        }
