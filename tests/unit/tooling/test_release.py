# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release consists of: one version, and an archive that is the same wherever it is built."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
from pathlib import Path

import pytest
import yaml

from tooling.install_collection import ROOT, build, copy_project

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first"))


def test_another_folder_at_another_time_gives_the_same_archive(archive, tmp_path):
    """The copy has its files in another order on the disk, and with other times."""
    copy_project(tmp_path / "elsewhere")
    for number, path in enumerate(sorted((tmp_path / "elsewhere").rglob("*"), reverse=True)):
        os.utime(path, (number, number))

    again = build(tmp_path / "second", tmp_path / "elsewhere")

    assert again.name == archive.name == f"totalview-exchange365-{GALAXY['version']}.tar.gz"
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()


def test_the_archive_holds_what_its_lists_say(archive):
    """ansible-galaxy and Galaxy check the same."""
    with tarfile.open(archive) as content:
        data = {member.name: content.extractfile(member).read() for member in content.getmembers() if member.isfile()}
    manifest, listing = json.loads(data["MANIFEST.json"]), json.loads(data["FILES.json"])
    listed = {row["name"]: row["chksum_sha256"] for row in listing["files"] if row["ftype"] == "file"}

    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(data["FILES.json"]).hexdigest()
    assert listed == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in data.items()
        if name not in ("MANIFEST.json", "FILES.json")
    }
    assert not [name for name in listed if name.startswith("tests/")]


def test_the_first_page_has_links_that_work_wherever_it_is_shown(archive):
    with tarfile.open(archive) as content:
        page = content.extractfile("README.md").read().decode()
    links = re.findall(r"\]\(([^)]+)\)", page)

    assert f"{GALAXY['repository']}/blob/main/docs/guide.md" in links
    assert f"{GALAXY['repository']}/raw/main/docs/images/overview.svg" in links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_the_version_is_told_once():
    """The changelog has it when it is released, and fragments in between are for it; nothing is newer than it."""
    released = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text("utf-8"))["releases"]
    newest = max(released, key=_as_numbers)
    fragments = list((ROOT / "changelogs" / "fragments").glob("*.yml"))

    assert newest == GALAXY["version"] or (fragments and _as_numbers(newest) < _as_numbers(GALAXY["version"]))
    assert f"v{newest}" in (ROOT / "CHANGELOG.md").read_text("utf-8").replace("\\", "")


def test_what_galaxy_shows_is_given():
    assert {"repository", "documentation", "homepage", "issues"} <= {name for name, value in GALAXY.items() if value}
    assert set(GALAXY["tags"]) & {"application", "cloud", "security"}, "Galaxy wants one of its own"
    assert all((ROOT / name).is_file() for name in (GALAXY["readme"], "COPYING", "meta/runtime.yml", "SECURITY.md"))
