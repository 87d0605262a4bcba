# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine that a program runs on offers it: managed identities and the tokens of a pipeline's job."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """A managed identity of the machine. `client_id` is also that of its service principal in the tenant."""

    tenant: str
    client_id: str
    principal_id: str
    system_assigned: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A pipeline's job: with `token` it asks for tokens of `issuer` about itself."""

    token: str
    issuer: str
    subject: str
    service_connection: str = ""

    def may(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode(), f"Bearer {self.token}".encode())


@dataclass(slots=True)
class Platform:
    identities: Sequence[Identity] = ()
    header: str = ""
    github: Job | None = None
    azure_pipelines: Job | None = None

    @classmethod
    def parse(cls, wanted: Mapping[str, Any]) -> Platform:
        jobs = {name: Job(**wanted[name]) for name in ("github", "azure_pipelines") if name in wanted}
        identities = [Identity(**entry) for entry in wanted.get("identities", ())]
        return cls(identities, wanted.get("identity_header", ""), **jobs)

    def identity(self, client_id: str) -> Identity | None:
        """By client id; without one the system-assigned identity."""
        wanted = client_id.lower()
        fits = (one for one in self.identities if (one.client_id.lower() == wanted if wanted else one.system_assigned))
        return next(fits, None)
