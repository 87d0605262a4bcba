# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""That a registration is closed is noted only where a sign-in with the stored secret was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ReplicationError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.client_secret import ClientSecret
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.apply import close
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    StoredOffboarding,
    StoredSecret,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BEGUN = StoredOffboarding(NOW - timedelta(hours=1), "ann")
SECRET = StoredSecret("client-1", "key-1", "label", NOW, "the~value")


@dataclass
class Store:
    secret: StoredSecret | None = SECRET
    noted: StoredOffboarding | None = None

    def read(self, _tenant_id, _name):
        return self.secret

    def note_offboarding(self, _tenant_id, _name, noted):
        self.noted = noted


@dataclass
class Tenant:
    """`answers`: Microsoft's, one after the other, the last for ever; None is a token."""

    answers: list[str | None]
    directory_id: str = "tenant-1"
    options: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(graph_url="https://graph.example"))
    graph: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(now=NOW))

    def tokens_of(self, credential):
        assert credential == ClientSecret(SECRET.client_id, SECRET.value, "ours")
        return self

    def renew(self, url):
        assert url == self.options.graph_url
        code = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if code is not None:
            raise SignInError("refused", code=code)


@pytest.fixture(autouse=True)
def _waits(monkeypatch):
    """Without waiting: as many tries as there are answers."""
    path = "ansible_collections.totalview.exchange365.plugins.module_utils._resources.offboarding.apply.tries"
    monkeypatch.setattr(path, lambda *_arguments: range(3))


@pytest.mark.parametrize("code", ["AADSTS700016", "AADSTS7000112", "AADSTS7000215", "AADSTS7000222", "AADSTS7000229"])
@pytest.mark.parametrize("before", [[], [None], [None, None]])
def test_a_refusal_is_waited_for_and_noted_with_its_code(code, before):
    store = Store()
    closed = close(Tenant([*before, code]), store, "ours", BEGUN, timedelta(minutes=1))
    assert store.noted == closed
    assert (closed.closed, closed.refusal, closed.since) == (NOW, code, BEGUN.since)


def test_while_it_gives_a_token_nothing_is_noted():
    store = Store()
    with pytest.raises(ReplicationError, match="still gives a token"):
        close(Tenant([None]), store, "ours", BEGUN, timedelta(minutes=1))
    assert store.noted is None


@pytest.mark.parametrize("code", ["AADSTS50196", "AADSTS90033", "AADSTS53003", "AADSTS90002", "unknown"])
def test_what_says_nothing_of_the_registration_proves_nothing(code):
    store = Store()
    with pytest.raises(SignInError):
        close(Tenant([code]), store, "ours", BEGUN, timedelta(minutes=1))
    assert store.noted is None


def test_without_a_secret_there_is_nothing_to_try():
    store = Store(secret=None)
    closed = close(Tenant([None]), store, "ours", BEGUN, timedelta(minutes=1))
    assert (closed.closed, closed.refusal, store.noted) == (NOW, None, closed)
