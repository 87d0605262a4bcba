# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

#: For clients that handle continuous access evaluation (learn.microsoft.com/entra/identity-platform: access-tokens,
#: app-resilience-continuous-access-evaluation).
OLD_TOKENS = "Tokens that were issued before live on for up to 90 minutes, for some clients up to 28 hours."


@dataclass(frozen=True)
class Actual:
    """The two switches of a registration; None where Graph does not tell one, or there is no such object.

    `principal_enabled`: accountEnabled of the service principal ("disable sign-in"). `application_disabled`: isDisabled
    of the application ("deactivated").
    """

    client_id: str
    object_id: str | None = None
    principal_id: str | None = None
    principal_enabled: bool | None = None
    application_disabled: bool | None = None

    @property
    def exists(self) -> bool:
        return self.object_id is not None or self.principal_id is not None

    @property
    def is_enabled(self) -> bool:
        return bool(self.object_id and self.principal_id and self.principal_enabled and not self.application_disabled)

    @property
    def is_disabled(self) -> bool:
        """By each of the switches that there is."""
        by_principal = self.principal_id is None or self.principal_enabled is False
        by_application = self.object_id is None or self.application_disabled is True
        return by_principal and by_application

    def view(self) -> dict[str, t.Any]:
        return {
            "service_principal_enabled": self.principal_enabled,
            "application_disabled": self.application_disabled,
        }


@dataclass(frozen=True)
class SwitchServicePrincipal:
    enabled: bool

    def describe(self) -> str:
        return f"{'enable' if self.enabled else 'disable'} the service principal"


@dataclass(frozen=True)
class SwitchApplication:
    enabled: bool

    def describe(self) -> str:
        return "activate the application" if self.enabled else "deactivate the application"


Step: t.TypeAlias = "SwitchServicePrincipal | SwitchApplication"
