# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the project's pages, for tests that hold it against the code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tooling.install_collection import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The page's code blocks in a language, in their order."""
    return [text for name, text in _BLOCK.findall(page.read_text("utf-8")) if name == language]


def pages() -> list[Path]:
    """Those that are shipped to users."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "roles").rglob("*.md"))]


class WithTags(yaml.SafeLoader):
    """Knows Ansible's own tags, such as !vault, as text."""


WithTags.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))
