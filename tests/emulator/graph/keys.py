# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a path addresses one object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Kind, Place, Record, Version

_KEY = re.compile(r"\((?:(?P<name>\w+)=)?'(?P<value>.*)'\)")
# `applications(appId='..')` becomes `applications/(appId='..')`, so that a key is always a path segment of its own.
_ATTACHED_KEY = re.compile(r"(?<=[A-Za-z])\((?=(?:\w+=)?')")


def detach_keys(path: str) -> str:
    """Decodes segment by segment: an encoded slash inside a key must not become a path separator."""
    segments = [unquote(segment).replace("/", quote("/", safe="")) for segment in path.split("/") if segment]
    return "/" + "/".join(_ATTACHED_KEY.sub("/(", segment, count=1) for segment in segments)


def attach_keys(path: str) -> str:
    """As clients write it."""
    return path.replace("/(", "(")


def parse_key(segment: str) -> tuple[str, str]:
    """Property and value; in an OData string a quote is written twice."""
    found = _KEY.fullmatch(segment)
    if found is None:
        return "id", unquote(segment)
    return found["name"] or "id", unquote(found["value"]).replace("''", "'")


@dataclass(frozen=True, slots=True)
class Target:
    """What the `{key}` of a route stands for; `upsert_key` is the one by which a PATCH may create."""

    kinds: tuple[Kind, ...]
    place: Place = Place.LIVE
    keys: tuple[str, ...] = ("id",)
    upsert_key: str = ""

    def find(self, directory: Directory, segment: str) -> Record | None:
        name, value = parse_key(segment)
        if name not in self.keys:
            return None
        found = (directory.find(kind, name, value) for kind in self.kinds)
        return next((record for record in found if record is not None), None)

    def shows(self, seen: Version, segment: str) -> bool:
        """A key that readers do not see yet finds nothing, though the object may be there by another one."""
        name, value = parse_key(segment)
        found = str(seen.body.get(name) or "").casefold() == value.casefold()
        return seen.place is self.place and (found or name == "id")


APPLICATION = Target((Kind.APPLICATION,), keys=("id", "appId", "uniqueName"), upsert_key="uniqueName")
SERVICE_PRINCIPAL = Target((Kind.SERVICE_PRINCIPAL,), keys=("id", "appId"), upsert_key="appId")
OAUTH_GRANT = Target((Kind.OAUTH_GRANT,))
DIRECTORY_ROLE = Target((Kind.DIRECTORY_ROLE,))
APP_POLICY = Target((Kind.APP_POLICY,))
DELETED_ITEM = Target((Kind.APPLICATION, Kind.SERVICE_PRINCIPAL), Place.DELETED)
