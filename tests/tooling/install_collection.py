# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection from this folder and install it, as a user would get it; nothing is fetched from anywhere."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "COPYING",
    "FILES.json",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "ansible-navigator.yml",
    "changelogs",
    "docs",
    "execution-environment.yml",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
#: The first that every kind of archive can tell.
ANY_TIME = 315532800  # 1980-01-01
# What .gitignore leaves out, for a folder that is no git checkout.
UNTRACKED_NAMES = {".git", ".venv", ".nox", ".cache", "__pycache__", "build", "collections", "dist"}


def project_files(root: Path = ROOT) -> list[Path]:
    """The project's files, relative to its root: tracked, or new and not ignored."""
    return sorted(name for name in _listed_by_git(root) or _walk(root) if (root / name).is_file())


def _listed_by_git(root: Path) -> list[Path]:
    if not (root / ".git").exists():
        return []
    # The folder may belong to somebody else (a container's mount): git lists it only when told that this is meant.
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-coz", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name]


def _walk(root: Path) -> list[Path]:
    found: list[Path] = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in UNTRACKED_NAMES]
        found += [(Path(folder) / name).relative_to(root) for name in files if name not in UNTRACKED_NAMES]
    return found


def copy_project(into: Path, root: Path = ROOT) -> None:
    """Copy the project's files, and only those, into a folder."""
    for name in project_files(root):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, into / name)


def build(into: Path, root: Path = ROOT) -> Path:
    """Build the collection's archive into a folder; refuse one that holds more than users should get."""
    with tempfile.TemporaryDirectory(prefix="exchange365-build-") as scratch:
        source, built = Path(scratch, "source"), Path(scratch, "built")
        copy_project(source, root)
        _lead_back(source)
        _galaxy("build", "--output-path", str(built), str(source))
        [archive] = built.glob("*.tar.gz")
        content = _content(archive)
        strangers = {Path(member.name).parts[0] for member, _data in content} - SHIPPED
        if strangers:
            raise SystemExit(f"The archive would ship {', '.join(sorted(strangers))}: see build_ignore in galaxy.yml.")
        into.mkdir(parents=True, exist_ok=True)
        _write(into / archive.name, content)
        return into / archive.name


def _lead_back(source: Path) -> None:
    """Galaxy shows the first page without the files beside it: its links lead to the repository."""
    repository = yaml.safe_load((source / "galaxy.yml").read_text("utf-8"))["repository"]
    page = source / "README.md"
    page.write_text(
        re.sub(
            r"(!?\[[^\]]*\]\()(?!https?:|#)",
            lambda link: f"{link[1]}{repository}/{'raw' if link[1].startswith('!') else 'blob'}/main/",
            page.read_text("utf-8"),
        ),
        "utf-8",
    )


Content = list[tuple[tarfile.TarInfo, bytes]]


def _content(archive: Path) -> Content:
    """What ansible-galaxy has packed, as it would be on any machine and at any time.

    It packs files with their times, and lists them in the order in which the disk has them.
    """
    with tarfile.open(archive) as packed:
        files = {member.name: (member, _data(packed, member)) for member in packed.getmembers()}
    listing, manifest = (json.loads(files[name][1]) for name in ("FILES.json", "MANIFEST.json"))
    listing["files"].sort(key=lambda entry: str(entry["name"]))
    text = json.dumps(listing, indent=True).encode()
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(text).hexdigest()
    for name, data in (("FILES.json", text), ("MANIFEST.json", json.dumps(manifest, indent=True).encode())):
        files[name] = (files[name][0], data)
    return [(_anywhere(member), data) for _name, (member, data) in sorted(files.items())]


def _anywhere(packed: tarfile.TarInfo) -> tarfile.TarInfo:
    member = tarfile.TarInfo(packed.name)
    member.type, member.mode, member.mtime = packed.type, packed.mode, ANY_TIME
    return member


def _data(packed: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = packed.extractfile(member)
    return file.read() if file else b""


def _write(archive: Path, content: Content) -> None:
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as made,
    ):
        for member, data in content:
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))


def install(into: Path, root: Path = ROOT) -> Path:
    """Install the collection below a folder that ANSIBLE_COLLECTIONS_PATH can name; return the installed collection."""
    with tempfile.TemporaryDirectory(prefix="exchange365-archive-") as scratch:
        archive = build(Path(scratch), root)
        _galaxy("install", "--offline", "--force", "--no-deps", "-p", str(into), str(archive))
    return into / "ansible_collections" / "totalview" / "exchange365"


def _galaxy(*arguments: str) -> None:
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    with tempfile.TemporaryDirectory(prefix="exchange365-home-") as home:
        environment |= {"HOME": home, "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--into", type=Path, metavar="DIR", help="install below DIR/ansible_collections")
    target.add_argument("--archive", type=Path, metavar="DIR", help="only build the archive, into DIR")
    chosen = parser.parse_args()
    print(build(chosen.archive.resolve()) if chosen.archive else install(chosen.into.resolve()))


if __name__ == "__main__":
    main()
