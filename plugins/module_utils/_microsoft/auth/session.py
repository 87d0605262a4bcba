# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Tokens
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.clock import ServerClock


@dataclass(frozen=True)
class SignIn:
    """Who signs in where: two equal ones may share tokens."""

    tenant: str
    client_id: str
    authority_url: str
    delegated: bool = False


@dataclass
class Session:
    """The tokens of one sign-in, by audience; at most one each in a run.

    `clock_offset`: the seconds that Microsoft's clock is ahead of this machine's, by which the tokens expire.
    """

    sign_in: SignIn
    tokens: dict[str, Token] = field(default_factory=dict)
    clock_offset: float | None = None

    @property
    def directory_id(self) -> str | None:
        """The tenant's GUID; None before the first sign-in."""
        return next((str(token.claims["tid"]) for token in self.tokens.values()), None)

    def dump(self) -> str:
        tokens = {url: [token.value, token.expires_at] for url, token in self.tokens.items()}
        return json.dumps({**vars(self), "sign_in": vars(self.sign_in), "tokens": tokens})

    @classmethod
    def load(cls, text: str) -> t.Self:
        data = json.loads(text)
        tokens = {url: Token(value, float(expires_at)) for url, (value, expires_at) in data["tokens"].items()}
        return cls(SignIn(**data["sign_in"]), tokens, data["clock_offset"])


class TokenSource:
    """Gives a token for an audience: the session's while it is usable, else a new one."""

    def __init__(self, who: SignIn, tokens: Tokens, clock: ServerClock, session: Session | None) -> None:
        self._clock = clock
        self._tokens = tokens
        # A session of another tenant or application must not serve this one.
        self.session = session if session is not None and session.sign_in == who else Session(who)

    def token(self, resource_url: str) -> Token:
        held = self.session.tokens.get(resource_url)
        if held is not None and held.usable(self._clock.now.timestamp()):
            return held
        return self.renew(resource_url)

    def renew(self, resource_url: str) -> Token:
        token = self._tokens.token(resource_url)
        self.session.tokens[resource_url] = token
        self.session.clock_offset = self._clock.offset
        return token
