# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a directory that is kept in many places: old answers, lost writes, secrets that do not work yet."""

from __future__ import annotations

import hmac
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from emulator.call import Answer, Call
from emulator.faults.model import Fault, Next
from emulator.graph.keys import APPLICATION
from emulator.graph.store import passwords
from emulator.graph.store.records import Kind, Record
from emulator.identity.errors import SignInRefused

if TYPE_CHECKING:
    from emulator.graph.store.directory import Directory
    from emulator.world import Tenant


@dataclass(frozen=True, kw_only=True)
class StaleRead(Fault):
    """The answer comes from a replica that is `versions` writes behind; with `flap` every other time only."""

    versions: int = 1
    flap: bool = False
    _turns: Counter[str] = field(default_factory=Counter)

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return tenant is not None and call.service.name == "graph" and call.method == "GET"

    async def inject(self, call: Call, go_on: Next) -> Answer:
        assert call.tenant is not None
        directory = call.tenant.directory
        self._turns[call.tenant.id] += 1
        fresh = self.flap and self._turns[call.tenant.id] % 2 == 0
        directory.look_back = 0 if fresh else self.versions
        try:
            return await go_on(call)
        finally:
            directory.look_back = 0


@dataclass(frozen=True, kw_only=True)
class LostUpdate(Fault):
    """A second addPassword writes over the first one, which had been answered with 200 (azure-cli issue 32467)."""

    seconds: float

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return tenant is not None and self._earlier(call, tenant.directory) is not None

    async def inject(self, call: Call, go_on: Next) -> Answer:
        assert call.tenant is not None
        directory = call.tenant.directory
        lost = self._earlier(call, directory)
        answer = await go_on(call)
        if lost is not None:
            passwords.remove(directory, *lost)
        return answer

    def _earlier(self, call: Call, directory: Directory) -> tuple[Record, str] | None:
        """The newest secret of the same application, if it is young enough."""
        if call.service.name != "graph" or not call.path.endswith("/addPassword") or "key" not in call.params:
            return None
        application = APPLICATION.find(directory, call.params["key"])
        if application is None:
            return None
        key_ids = (credential["keyId"] for credential in application.true.body["passwordCredentials"])
        young = [(born, key_id) for key_id in key_ids if (born := _born_within(directory, key_id, self.seconds))]
        return (application, max(young)[1]) if young else None


@dataclass(frozen=True, kw_only=True)
class _Young(Fault):
    """Refuses a sign-in with what was made through Graph only just now; `attempts` counts for each such thing."""

    code: ClassVar[int]
    seconds: float | None = None
    attempts: int | None = None
    _tries: Counter[str] = field(default_factory=Counter)

    def applies(self, call: Call, tenant: Tenant | None) -> bool:
        return self._found(call, tenant) is not None

    async def inject(self, call: Call, go_on: Next) -> Answer:
        found = self._found(call, call.tenant)
        assert found is not None
        self._tries[found] += 1
        raise SignInRefused(self.code, call.form()["client_id"])

    def _found(self, call: Call, tenant: Tenant | None) -> str | None:
        if tenant is None or call.service.name != "identity" or not call.path.endswith("/token"):
            return None
        application = tenant.directory.find_live(Kind.APPLICATION, "appId", call.form().get("client_id", ""))
        if application is None:
            return None
        used = self._used(tenant.directory, application, call.form())
        return next((name for name in used if self._is_young(tenant.directory, name)), None)

    def _is_young(self, directory: Directory, name: str) -> bool:
        if self.seconds is not None:
            return _born_within(directory, name, self.seconds) is not None
        return name in directory.births and self._tries[name] < (self.attempts or 0)

    @abstractmethod
    def _used(self, directory: Directory, application: Record, form: dict[str, str]) -> Iterator[str]:
        """Ids of what this sign-in rests on."""


@dataclass(frozen=True, kw_only=True)
class YoungSecret(_Young):
    code: ClassVar[int] = 7000215

    def _used(self, directory: Directory, application: Record, form: dict[str, str]) -> Iterator[str]:
        text = form.get("client_secret", "").encode()
        for credential in application.true.body["passwordCredentials"]:
            if hmac.compare_digest(directory.secrets.get(credential["keyId"], "").encode(), text):
                yield credential["keyId"]


@dataclass(frozen=True, kw_only=True)
class YoungApplication(_Young):
    code: ClassVar[int] = 700016

    def _used(self, directory: Directory, application: Record, form: dict[str, str]) -> Iterator[str]:
        yield application.id


def _born_within(directory: Directory, name: str, seconds: float) -> datetime | None:
    born = directory.births.get(name)
    return born if born and (directory.clock.now() - born).total_seconds() < seconds else None
