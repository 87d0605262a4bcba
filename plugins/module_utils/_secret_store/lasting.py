# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t
from pathlib import Path
from tempfile import gettempdir

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError

#: In the environment: the operator knows that the store dies with the run, as in a demonstration.
MAY_VANISH = "TOTALVIEW_EXCHANGE365_STORE_MAY_VANISH"
_MOUNTS = Path("/proc/self/mountinfo")
#: Emptied by the system, by age or when it starts; and where ansible-runner puts what only its job sees
#: (ansible-runner, docs/remote_jobs.rst: of a worker's folder only artifacts/ comes back).
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm", "/run")
_JOB = "/runner"
_VANISHING = {
    "overlay": "is in a container's own file system",
    "aufs": "is in a container's own file system",
    "tmpfs": "is in memory",
    "ramfs": "is in memory",
}


def check_lasting(folder: Path, environ: t.Mapping[str, str]) -> None:
    """Raises StoreError where the folder is gone when the run, the container or the machine's uptime is over."""
    reason = None if environ.get(MAY_VANISH) else _reason(folder.resolve(), environ)
    if reason:
        raise StoreError(
            f"The folder {folder} {reason}: a client secret, which Microsoft tells once, would be lost with it.",
            next_step="Mount a folder that lasts and give that one, or keep the secrets in a server (of the role: "
            "connector_store). Nothing was issued.",
            code="StoreVanishes",
        )


def _reason(folder: Path, environ: t.Mapping[str, str]) -> str | None:
    temporary = {Path(path) for path in (*_TEMPORARY, gettempdir())}
    if any(folder.is_relative_to(path) for path in temporary):
        return "is temporary"
    if folder.is_relative_to(_JOB) and environ.get("AWX_ISOLATED_DATA_DIR"):
        return "belongs to one job of ansible-runner, which takes only its artifacts back"
    return _VANISHING.get(_file_system(folder))


def _file_system(folder: Path) -> str:
    """Its type, by the mount that is nearest above; empty where the system does not tell (proc(5), mountinfo)."""
    try:
        lines = _MOUNTS.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    found = ("", "")
    for line in lines:
        before, _dash, after = line.partition(" - ")
        point = os.fsencode(before.split(" ")[4]).decode("unicode_escape")
        if folder.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, after.split(" ")[0])
    return found[1]
