# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.
"""Which applications that people made by hand may be one of the two registrations. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    is_mailbox_permission,
)

#: In the names that people gave by the vendor's guide, whatever else is in them.
_VENDOR = "totalview"


@dataclass(frozen=True)
class Found:
    """An application of a tenant. `permissions`: names of the application permissions that it declares.

    `policies`: names of the groups that an access policy restricts it to. `secrets`: how many.
    """

    client_id: str
    display_name: str
    created: str | None = None
    unique_name: str | None = None
    audience: str = ""
    permissions: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()
    secrets: int = 0


@dataclass(frozen=True)
class Looked:
    """One registration that is looked for. `permissions`: what the inventory wants of it."""

    name: str
    display_name: str
    permissions: frozenset[str]


@dataclass(frozen=True)
class Candidate:
    """`reasons`: why it may be the registration."""

    found: Found
    reasons: tuple[str, ...]

    def describe(self) -> str:
        permissions = ", ".join(sorted(self.found.permissions)) or "nothing"
        created = f", made on {self.found.created[:10]}" if self.found.created else ""
        return (
            f"{self.found.display_name} (client id {self.found.client_id}{created}, with {self.found.secrets} client "
            f"secrets, asks for {permissions}): {'; '.join(self.reasons)}"
        )


def candidates(looked: Looked, applications: t.Iterable[Found]) -> tuple[Candidate, ...]:
    """In the order of their client ids."""
    judged = [Candidate(found, reasons) for found in applications if (reasons := _reasons(looked, found))]
    return tuple(sorted(judged, key=lambda one: one.found.client_id))


def _reasons(looked: Looked, found: Found) -> tuple[str, ...]:
    """Empty for one that is none. The name alone is enough, and so is a combination of permissions that hardly anybody
    else asks for; a single permission that many ask for is not."""
    named = found.display_name.casefold() == looked.display_name.casefold()
    vendors = _VENDOR in found.display_name.casefold()
    same = found.permissions == looked.permissions
    shared = any(is_mailbox_permission(name, "access_policy") for name in found.permissions & looked.permissions)
    if not (named or (vendors and shared) or (same and (len(looked.permissions) > 1 or found.policies))):
        return ()
    told = [
        (named, f"it is called {looked.display_name}"),
        (vendors and not named, "its name has Totalview in it"),
        (same, "it asks for exactly what Totalview needs"),
        (shared and not same, "it asks for some of what Totalview needs, or for more"),
        (bool(found.policies), f"an access policy restricts it to {', '.join(found.policies)}"),
    ]
    return tuple(text for holds, text in told if holds)
