# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that dies with the run is refused before the first secret is issued into it."""

from __future__ import annotations

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store import lasting
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.lasting import (
    MAY_VANISH,
    check_lasting,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_file import JSON, VaultFiles
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault

#: As podman shows it in a job of Automation Platform: an overlay, its project mounted, and a volume that lasts.
CONTAINER = """\
1024 1000 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c
1025 1024 0:61 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k
1026 1024 254:1 /pod/project /runner rw,relatime - xfs /dev/vda1 rw
1027 1024 254:1 /volumes/one /srv/totalview\\040secrets rw,relatime - xfs /dev/vda1 rw
1028 1024 0:62 / /srv/memory rw,relatime - tmpfs tmpfs rw
"""
MACHINE = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n28 27 0:20 / /run rw - tmpfs tmpfs rw\n"
JOB = {"AWX_ISOLATED_DATA_DIR": "/runner/artifacts/12"}
SLICE = {"AWX_ISOLATED_DATA_DIR": "/srv/jobs/slice1/artifacts/7"}


@pytest.mark.parametrize(
    ("mounts", "folder", "environ", "reason"),
    [
        (MACHINE, "/srv/secrets", {}, None),
        (MACHINE, "/tmp/totalview/secrets", {}, None),
        (MACHINE, "/run/secrets", {}, None),
        (CONTAINER, "/srv/secrets", {}, None),
        (MACHINE, "/srv/jobs/slice1/project/secrets", SLICE, "one job of ansible-runner"),
        (MACHINE, "/srv/jobs/slice1/../slice1/secrets", SLICE, "one job of ansible-runner"),
        (MACHINE, "/srv/jobs/secrets", SLICE, None),
        (MACHINE, "/run/secrets", SLICE, "is in memory"),
        (MACHINE, "/srv/jobs/slice1/secrets", SLICE | {MAY_VANISH: "1"}, None),
        (CONTAINER, "/home/runner/secrets", JOB, "container's own file system"),
        (CONTAINER, "/srv/totalview secrets", JOB, None),
        (CONTAINER, "/srv/totalview secrets/of/all", JOB, None),
        (CONTAINER, "/srv/memory/secrets", JOB, "is in memory"),
        (CONTAINER, "/runner/project/secrets", JOB, "one job of ansible-runner"),
        (CONTAINER, "/runner/project/secrets", {}, None),
        ("", "/srv/secrets", {}, None),
    ],
)
def test_which_folder_lasts(tmp_path, monkeypatch, mounts, folder, environ, reason):
    (tmp_path / "mountinfo").write_text(mounts)
    monkeypatch.setattr(lasting, "_MOUNTS", tmp_path / "mountinfo")

    if reason is None:
        check_lasting(lasting.Path(folder), environ)
        return
    with pytest.raises(StoreError, match=reason) as caught:
        check_lasting(lasting.Path(folder), environ)
    assert caught.value.code == "StoreVanishes"
    assert "connector_store" in caught.value.next_step


def test_a_system_that_does_not_tell_its_mounts_is_believed(monkeypatch, tmp_path):
    monkeypatch.setattr(lasting, "_MOUNTS", tmp_path / "none")

    check_lasting(lasting.Path("/srv/secrets"), {})


def test_the_store_asks_before_a_secret_is_issued_and_goes_on_reading(tmp_path, monkeypatch):
    monkeypatch.delenv(MAY_VANISH, raising=False)
    monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", str(tmp_path / "artifacts" / "7"))
    files = VaultFiles(EncryptedFolder(str(tmp_path / "store"), AnsibleVault([("default", None)], None)), JSON)

    with pytest.raises(StoreError, match="one job of ansible-runner"):
        files.check()
    assert files.read("tenant") is None
