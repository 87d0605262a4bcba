# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import MOVED
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document, Documents


@dataclass(frozen=True)
class Place:
    """One document of a tenant in one store."""

    documents: Documents
    name: str

    @property
    def where(self) -> str:
        return self.documents.where(self.name)


@dataclass(frozen=True)
class Actual:
    """What both stores hold of a tenant: its secrets with all notes, and its hand-off. None where there is nothing."""

    source: Document | None
    target: Document | None
    source_handoff: Document | None
    target_handoff: Document | None

    @property
    def moved(self) -> str | None:
        """Where the former store says that the tenant's secrets are since."""
        return None if self.source is None else self.source.get(MOVED)


@dataclass(frozen=True)
class CopyHandoff:
    def describe(self) -> str:
        return "copy the hand-off"


@dataclass(frozen=True)
class CopySecrets:
    """Only in the place of what the plan has seen there."""

    def describe(self) -> str:
        return "copy secrets and notes"


@dataclass(frozen=True)
class NoteMoved:
    def describe(self) -> str:
        return "note in the former store where they are"


@dataclass(frozen=True)
class Clear:
    def describe(self) -> str:
        return "remove them from the former store"


Step: t.TypeAlias = "CopyHandoff | CopySecrets | NoteMoved | Clear"
