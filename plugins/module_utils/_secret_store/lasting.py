# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError

#: In the environment: the operator knows that the store dies with the run, as in a demonstration.
MAY_VANISH = "TOTALVIEW_EXCHANGE365_STORE_MAY_VANISH"
_MOUNTS = Path("/proc/self/mountinfo")
#: Where ansible-runner says that a run is one of its jobs; of a worker's folder only artifacts/ comes back
#: (ansible-runner, docs/remote_jobs.rst), and of an execution environment's container nothing.
_ARTIFACTS = "AWX_ISOLATED_DATA_DIR"
_VANISHING = {
    "overlay": "is in the container's own file system",
    "aufs": "is in the container's own file system",
    "tmpfs": "is in memory",
    "ramfs": "is in memory",
}


def check_lasting(folder: Path, environ: t.Mapping[str, str]) -> None:
    """Raises StoreError where the folder is gone when the job is over that this run is."""
    reason = None if environ.get(MAY_VANISH) else _reason(folder.resolve(), environ)
    if reason:
        raise StoreError(
            f"The folder {folder} {reason}: a client secret, which Microsoft tells once, would be lost with it.",
            next_step="Mount a folder that lasts and give that one, or keep the secrets in a server (of the role: "
            "connector_store). Nothing was issued.",
            code="StoreVanishes",
        )


def _reason(folder: Path, environ: t.Mapping[str, str]) -> str | None:
    """Only of a job: what a machine keeps, its operator knows."""
    artifacts = environ.get(_ARTIFACTS)
    if not artifacts:
        return None
    # <private_data_dir>/artifacts/<job>; in a container the first of them is /runner.
    if folder.is_relative_to(Path(artifacts).resolve().parent.parent):
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
