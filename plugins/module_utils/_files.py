# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import typing as t
from pathlib import Path


@contextlib.contextmanager
def locked(folder: Path, mode: int = 0o777) -> t.Iterator[None]:
    """The folder is made where it is missing. Two runs that end at once write one after the other."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def draft(path: Path, content: bytes, mode: int) -> t.Iterator[Path]:
    """The content, safe on the disk beside `path`; gone at the end where it was not renamed."""
    # In the same folder: rename is atomic within a file system only.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield made
    finally:
        made.unlink(missing_ok=True)


def write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, whoever reads it meanwhile."""
    with draft(path, content, mode) as made:
        made.replace(path)
