# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass


class Step(t.Protocol):
    """One write, small enough to be told in a few words."""

    def describe(self) -> str: ...


StepT = t.TypeVar("StepT", bound=Step)


@dataclass(frozen=True)
class Change(t.Generic[StepT]):
    """What `plan` decided: check mode, diff, return value and `apply` all come from this one object.

    `before` and `after` have the same keys. A value in `after` that only Microsoft can know
    (the id of an application to be made) is None.
    """

    before: t.Mapping[str, t.Any]
    after: t.Mapping[str, t.Any]
    steps: tuple[StepT, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.steps)

    def describe(self) -> list[str]:
        return [step.describe() for step in self.steps]
