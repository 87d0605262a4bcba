# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError

#: Whatever JSON can say.
Document: t.TypeAlias = "dict[str, t.Any]"
#: Makes the new content of the old one, which is None where there is nothing. Called again, also with what it made
#: itself, it makes the same.
Revision: t.TypeAlias = "t.Callable[[Document | None], Document]"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


class Documents(t.Protocol):
    """What a kind of store must be able to do: to keep documents by their names, encrypted. Raises StoreError.

    All else is the same for every kind.
    """

    @property
    def address(self) -> str:
        """Names the place, the same in every run and on every machine that uses it."""

    @property
    def has_locks(self) -> bool:
        """Whether nobody else writes a document between the reading and the writing of a revision."""

    def where(self, name: str) -> str:
        """Where a person finds the document."""

    def check(self) -> None:
        """Raises StoreError now if a later `revise` is known to fail. Writes nothing, check mode may ask too."""

    def read(self, name: str) -> Document | None:
        """None only where the answer is that there is no such document."""

    def rehearse(self, name: str, revision: Revision) -> None:
        """Raises StoreError now if `revise` would fail, as far as that can be found out without a change."""

    def revise(self, name: str, revision: Revision) -> None:
        """Keeps what `revision` makes of the document for good before it returns.

        Whatever others write at the same time is either what `revision` was given, or is given what it made.
        """

    def forget(self, name: str, which: t.Callable[[Document], bool]) -> None:
        """Destroys earlier versions of the document, as far as they are kept and `which` holds for them."""

    def remove(self, name: str) -> None:
        """The document with all its versions, for good."""


def checked_name(name: str, place: str) -> str:
    """Raises StoreError for what cannot be the name of a document."""
    if not _NAME.fullmatch(name):
        raise StoreError(
            f"'{name}' cannot be a name in {place}.",
            next_step="Use letters, digits and . _ @ - only, beginning with a letter or digit. A hand-off is called as "
            "the option name says (of the role: connector_handoff_name), by default as the host.",
            code="InvalidName",
        )
    return name


def unknown_content(where: str) -> StoreError:
    return StoreError(f"What the store has in {where} has an unknown content.", next_step="Restore it from a backup.")
