# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link in the pages leads somewhere, and every variable, playbook and make target that they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import read_variables
from tooling.install_collection import ROOT
from tooling.pages import WithTags, blocks, pages
from tooling.rights import DEFAULTS
from tooling.role_page import SPEC

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))
PAGES = [*pages(), *sorted((ROOT / "tests").rglob("*.md"))]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<(https?://[^>\s]+)>|(?:src|href|srcset)=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_IN_REPOSITORY = re.compile(rf"{re.escape(GALAXY['repository'])}/(?:blob|tree|raw)/main/(.+)")
#: Forms and lists that the repository's host has.
_OF_THE_HOST = ("/issues", "/security/advisories/new", "/discussions", "/actions", "/releases")
#: Variables that the role sets, or that a page makes up.
_NOT_OF_THE_ROLE = {"connector_result", "connector_details", "connector_failed"}


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links(page: Path) -> Iterator[str]:
    for found in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        yield next(filter(None, found), "")


@cache
def anchors(page: Path) -> frozenset[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = re.findall(r"<a id=\"([^\"]+)\"", text)
    return frozenset([re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings] + named)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_each_link_leads_somewhere(page):
    wrong = [link for link in links(page) if not leads_somewhere(page, link)]
    assert wrong == []


def leads_somewhere(page: Path, link: str) -> bool:
    address = urlsplit(link)
    if address.scheme in ("http", "https"):
        inside = _IN_REPOSITORY.fullmatch(link)
        if inside is None:
            path = link.removeprefix(GALAXY["repository"])
            return path == link or path in ("", *_OF_THE_HOST)
        target = ROOT / inside[1].partition("#")[0]
    elif address.scheme:
        return False
    else:
        target = page.parent / address.path if address.path else page
    return target.exists() and (not address.fragment or address.fragment in anchors(target.resolve()))


def test_the_hosts_of_the_first_page_are_a_valid_inventory():
    [inventory] = [yaml.load(text, Loader=WithTags)["all"] for text in blocks(ROOT / "README.md", "yaml")[:1]]
    for host, variables in inventory["hosts"].items():
        given = {**DEFAULTS, **inventory["vars"], **variables}
        assert read_variables(given, host)["connector_tenant_id"] == variables["connector_tenant_id"]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_each_block_of_yaml_can_be_read(page):
    for text in blocks(page, "yaml"):
        yaml.load(text, Loader=WithTags)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=ids)
def test_each_variable_exists(page):
    text = page.read_text("utf-8")
    # One that ends with _ or that dots follow stands for several.
    named = set(re.findall(r"(?<![\w.])(connector_(?!<)\w*[a-z])(?![\w…<*]|_)", text))
    modules = {path.stem for path in (ROOT / "plugins").rglob("*.*")}
    assert sorted(named - set(SPEC) - _NOT_OF_THE_ROLE - modules) == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_each_playbook_and_target_exists(page):
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    playbooks = set(re.findall(r"ansible-playbook totalview\.exchange365\.(\w+)", text))

    assert playbooks <= {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.MULTILINE)) <= {
        name for line in targets for name in line.split()
    }
