# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: each layer those below it, none of them back up."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PREFIX = "ansible_collections.totalview.exchange365.plugins."
#: From the top down. What stands in one line is beside each other.
LAYERS = [
    {"action", "callback", "filter", "inventory"},
    {"modules", "plugin_utils"},
    {"_module", "_options", "_inventory"},
    {"_connector", "_messages", "_report"},
    {"_resources"},
    {"_operation"},
    {"_secret_store"},
    {"_microsoft"},
    {"_change", "_duration", "_wait"},
    {"_errors", "_files", "_printable", "_states"},
]
#: The collection's folders whose files are no code of a layer.
DOCUMENTATION = {"doc_fragments"}


def _layer(module: str) -> str:
    first, _dot, rest = module.partition(".")
    return rest.partition(".")[0] if first == "module_utils" else first


def _rank(layer: str) -> int:
    return next(rank for rank, layers in enumerate(LAYERS) if layer in layers)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _arrows(root: Path) -> Iterator[tuple[str, str, str]]:
    """Importing layer, imported layer, file."""
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for name in _imported(ast.parse(path.read_text("utf-8"))):
            if name.startswith(PREFIX):
                yield _layer(module), _layer(name.removeprefix(PREFIX)), str(path.relative_to(root))


def test_each_file_is_of_a_layer() -> None:
    modules = {".".join(path.relative_to(PLUGINS).with_suffix("").parts) for path in PLUGINS.rglob("*.py")}

    assert {_layer(module) for module in modules} - DOCUMENTATION == set.union(*LAYERS)


def test_nothing_is_imported_from_above_or_beside() -> None:
    wrong = [arrow for arrow in _arrows(PLUGINS) if arrow[0] != arrow[1] and _rank(arrow[0]) >= _rank(arrow[1])]

    assert wrong == []


def test_the_picture_shows_the_layers() -> None:
    namespace = "{http://www.w3.org/2000/svg}"
    picture = ET.fromstring((PLUGINS.parent / "docs" / "images" / "layers.svg").read_text("utf-8"))

    layers = [group for group in picture.iter(f"{namespace}g") if group.get("class") == "layer"]
    assert [{text.text for text in layer.iter(f"{namespace}text")} for layer in layers] == LAYERS


@pytest.mark.parametrize(
    "line", ["from {}_resources.consent import plan", "import {}_connector.plan", "from {}_resources import consent"]
)
def test_an_arrow_back_up_would_be_seen(tmp_path: Path, line: str) -> None:
    file = tmp_path / "module_utils" / "_microsoft" / "graph.py"
    file.parent.mkdir(parents=True)
    file.write_text(line.format(f"{PREFIX}module_utils.") + "\n")

    [(above, below, _name)] = _arrows(tmp_path)

    assert _rank(above) > _rank(below)
