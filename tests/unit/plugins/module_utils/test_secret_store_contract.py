# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of secret store keeps, whoever else writes at the same time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Documents
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    RetiredSecret,
    SecretStore,
    StoredAccess,
    StoredGroup,
    StoredOffboarding,
    StoredProof,
    StoredRegistration,
    StoredRemoval,
    StoredSecret,
    StoredSender,
    StoredSwitch,
)
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault
from key_vault import KeyVaults
from openbao import OpenBao, policy_for

TENANT, OTHER = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21", "00000000-0000-0000-0000-000000000001"
NOW = datetime(2026, 4, 5, tzinfo=UTC)
SECRET = StoredSecret(
    client_id="client-1",
    key_id="key-1",
    label="totalview-exchange365/us/run-1",
    end=datetime(2027, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    value='the~value "of" the\\secret ü',
    retired=(RetiredSecret("key-0", datetime(2026, 3, 1, tzinfo=UTC), handed_off=NOW, delivered=NOW),),
    proof=StoredProof("8a0f6f1f9d2c4b7e", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
)
NEXT = replace(SECRET, key_id="key-2", value="next", retired=(*SECRET.retired, SECRET.as_retired), proof=None)


@dataclass(frozen=True)
class Place:
    """One place of secrets, as each run opens it anew."""

    options: dict[str, Any]
    handoff_folder: str | None = None

    def store(self) -> SecretStore:
        return open_store(self.options, _vault)

    def handoff(self) -> Documents:
        return open_handoff(self.handoff_folder, self.options, _vault)


def _vault(_vault_id: str | None, _password_file: str | None) -> AnsibleVault:
    return AnsibleVault([("default", VaultSecret(b"password"))], None)


def _vault_file(request: pytest.FixtureRequest) -> Place:
    folder: Path = request.getfixturevalue("tmp_path")
    options = {"type": "vault_file", "folder": str(folder), "vault_id": None, "vault_password_file": None}
    return Place(options, str(folder / "handoff"))


def _vault_kv2(request: pytest.FixtureRequest) -> Place:
    server: OpenBao = request.getfixturevalue("openbao")
    engine = server.engine()
    options = {
        "type": "vault_kv2",
        "url": server.url,
        "ca_cert": server.ca_file,
        "token": server.token(policy_for(engine)),
        "engine_mount_point": engine,
        "path": "totalview-exchange365",
    }
    return Place(options)


def _azure_key_vault(request: pytest.FixtureRequest) -> Place:
    vaults: KeyVaults = request.getfixturevalue("key_vaults")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for name, value in vaults.environment.items():
        monkeypatch.setenv(name, value)
    return Place(vaults.options(vaults.make()))


@pytest.fixture(params=[_vault_file, _vault_kv2, _azure_key_vault], ids=["vault_file", "vault_kv2", "azure_key_vault"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    make: Callable[[pytest.FixtureRequest], Place] = request.param
    for name in ("VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    return make(request)


class TestSecretStore:
    def test_a_secret_survives_the_round_trip(self, place: Place) -> None:
        place.store().write(TENANT, "mail", SECRET)

        assert place.store().read(TENANT, "mail") == SECRET

    def test_what_is_not_there_is_none(self, place: Place) -> None:
        place.store().check()
        place.store().rehearse(TENANT, "mail", SECRET)

        held = place.store()
        assert held.read(TENANT, "mail") is None
        assert (held.host(TENANT), held.announced(TENANT, "mail"), held.group(TENANT, "mail")) == (None, (), None)
        assert (held.registration(TENANT, "mail"), held.switched_off(TENANT, "mail")) == (None, None)
        assert held.access(TENANT, "mail") == StoredAccess()

    def test_registrations_and_tenants_do_not_disturb_each_other(self, place: Place) -> None:
        held, calendar = place.store(), replace(SECRET, key_id="key-9", retired=())

        held.write(TENANT, "mail", SECRET)
        held.write(TENANT, "calendar", calendar)

        assert place.store().read(TENANT, "mail") == SECRET
        assert place.store().read(TENANT, "calendar") == calendar
        assert place.store().read(OTHER, "mail") is None

    def test_all_notes_survive_and_go(self, place: Place) -> None:
        group, switch = StoredGroup("senders", "guid-1"), StoredSwitch(NOW, "ann")
        going = StoredOffboarding(NOW, "ann", {"client": "client-1"}, (StoredRemoval("a secret", NOW),), kept=("x",))
        known, access = StoredRegistration("client-1", NOW), StoredAccess({"key-7": NOW}, NOW)
        held, sender = place.store(), StoredSender("post@contoso.com", "guid-2")
        assert held.sender(TENANT, "mail") is None  # as in a store of before
        for _run in range(2):
            held.note_host(TENANT, "contoso", None)
            held.note_group(TENANT, "mail", group)
            held.note_sender(TENANT, "mail", sender)
            held.note_registration(TENANT, "mail", known)
            held.note_access(TENANT, "mail", access)
            held.note_switched_off(TENANT, "mail", switch)
            held.note_offboarding(TENANT, "mail", going)

        held = place.store()
        assert (held.host(TENANT), held.group(TENANT, "mail")) == ("contoso", group)
        assert (held.sender(TENANT, "mail"), held.sender(TENANT, "calendar")) == (sender, None)
        assert (held.registration(TENANT, "mail"), held.access(TENANT, "mail")) == (known, access)
        assert (held.switched_off(TENANT, "mail"), held.offboarding(TENANT, "mail")) == (switch, going)

        held.note_group(TENANT, "mail", None)
        held.note_switched_off(TENANT, "mail", None)
        assert (held.group(TENANT, "mail"), held.switched_off(TENANT, "mail")) == (None, None)
        with pytest.raises(InputError, match="several hosts: contoso, other"):
            held.note_host(TENANT, "other", None)

    def test_what_is_about_to_be_issued_is_noted_for_a_day(self, place: Place) -> None:
        held = place.store()
        first, second = Announcement("label-1", NOW), Announcement("label-2", NOW + timedelta(hours=23))
        third = Announcement("label-3", NOW + timedelta(hours=25))

        held.announce(TENANT, "mail", first)
        held.announce(TENANT, "mail", second)
        held.announce(TENANT, "mail", second)
        assert place.store().announced(TENANT, "mail") == (first, second)

        held.announce(TENANT, "mail", third)
        held.write(TENANT, "mail", SECRET)
        assert place.store().announced(TENANT, "mail") == (second, third)

    def test_deliveries_are_noted_on_the_secret_that_they_are_of(self, place: Place) -> None:
        held = place.store()
        held.write(TENANT, "mail", SECRET)
        held.write(TENANT, "mail", NEXT, "key-1")

        held.revise(TENANT, "mail", "key-2", lambda secret: secret.handed_off_at(NOW).delivered_at("key-1", NOW))
        held.revise(TENANT, "mail", "key-1", lambda secret: replace(secret, value="older"))

        found = place.store().read(TENANT, "mail")
        assert found is not None
        assert (found.key_id, found.value, found.handed_off) == ("key-2", "next", NOW)
        assert [old.delivered for old in found.retired] == [NOW, NOW]

    def test_a_secret_that_somebody_else_has_stored_meanwhile_is_not_forgotten(self, place: Place) -> None:
        """Both runs saw key-1 and issued another one in its place; the first may have been handed off."""
        place.store().write(TENANT, "mail", SECRET)
        theirs = replace(NEXT, key_id="theirs", value="theirs", retired=(SECRET.as_retired,))

        place.store().write(TENANT, "mail", theirs, "key-1")
        place.store().revise(TENANT, "mail", "theirs", lambda secret: secret.handed_off_at(NOW))
        place.store().write(TENANT, "mail", replace(theirs, key_id="ours", value="ours"), "key-1")

        found = place.store().read(TENANT, "mail")
        assert found is not None
        assert (found.key_id, found.value) == ("ours", "ours")
        assert [(old.key_id, old.handed_off) for old in found.retired] == [("key-1", None), ("theirs", NOW)]

    def test_a_note_that_was_made_meanwhile_is_not_lost(self, place: Place) -> None:
        place.store().write(TENANT, "mail", SECRET)
        place.store().revise(TENANT, "mail", "key-1", lambda secret: secret.handed_off_at(NOW))

        place.store().write(TENANT, "mail", NEXT, "key-1")

        found = place.store().read(TENANT, "mail")
        assert found is not None
        assert [(old.key_id, old.handed_off) for old in found.retired] == [("key-0", NOW), ("key-1", NOW)]

    def test_whoever_has_read_before_writes_on_what_others_have_written_since(self, place: Place) -> None:
        held = place.store()
        assert held.group(TENANT, "mail") is None
        place.store().write(TENANT, "mail", SECRET)

        held.note_group(TENANT, "mail", StoredGroup("senders", "guid-1"))

        assert held.read(TENANT, "mail") == place.store().read(TENANT, "mail") == SECRET
        assert place.store().group(TENANT, "mail") == StoredGroup("senders", "guid-1")

    def test_with_what_is_announced_all_is_as_others_have_written_it(self, place: Place) -> None:
        held, notes = place.store(), (Announcement(SECRET.label, NOW),)
        assert held.read(TENANT, "mail") is None
        place.store().announce(TENANT, "mail", notes[0])
        place.store().write(TENANT, "mail", SECRET)

        assert held.announced(TENANT, "mail") == notes
        assert held.read(TENANT, "mail") == SECRET

    def test_two_writers_at_once_lose_nothing_of_each_other(self, place: Place) -> None:
        names = [f"registration-{number}" for number in range(8)]
        fork = multiprocessing.get_context("fork")
        both = fork.Barrier(2)

        def write(mine: list[str]) -> None:
            held = place.store()
            both.wait()
            for name in mine:
                held.announce(TENANT, name, Announcement(name, NOW))
                held.write(TENANT, name, replace(SECRET, label=name))

        writers = [fork.Process(target=write, args=(names[half::2],)) for half in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert [writer.exitcode for writer in writers] == [0, 0]
        held = place.store()
        assert [held.read(TENANT, name) for name in names] == [replace(SECRET, label=name) for name in names]
        assert [held.announced(TENANT, name) for name in names] == [(Announcement(name, NOW),) for name in names]

    def test_the_address_is_the_same_in_every_run_and_tells_nothing(self, place: Place) -> None:
        address = place.store().address

        assert address == place.store().address
        assert len(address) == 12
        assert address.isalnum()

    @pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "a\nb", "a?version=1"])
    def test_what_cannot_be_a_name_is_refused(self, place: Place, name: str) -> None:
        for use in (lambda held: held.read(name, "mail"), lambda held: held.write(name, "mail", SECRET)):
            with pytest.raises(StoreError) as caught:
                use(place.store())
            assert caught.value.code == "InvalidName"

    def test_the_content_of_another_tenant_is_refused_and_kept(self, place: Place) -> None:
        documents = place.store()._documents  # type: ignore[attr-defined]
        documents.revise(TENANT, lambda _before: {"tenant_id": OTHER, "secrets": {}})

        for use in (lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)):
            with pytest.raises(StoreError, match=f"another tenant .{OTHER}"):
                use(place.store())
        assert documents.read(TENANT) == {"tenant_id": OTHER, "secrets": {}}

    @pytest.mark.parametrize("content", [{}, {"tenant_id": TENANT}, {"tenant_id": TENANT, "secrets": []}])
    def test_unknown_content_is_no_empty_store(self, place: Place, content: dict[str, Any]) -> None:
        documents = place.store()._documents  # type: ignore[attr-defined]
        documents.revise(TENANT, lambda _before: content)

        for use in (lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)):
            with pytest.raises(StoreError, match="unknown content"):
                use(place.store())
        assert documents.read(TENANT) == content


FIELDS = {"tenant_id": TENANT, "secret": SECRET.value, "mail_client_id": None}


class TestHandOff:
    def test_it_is_kept_as_it_is_and_replaced(self, place: Place) -> None:
        assert place.handoff().read("contoso") is None
        place.handoff().check()

        place.handoff().revise("contoso", lambda _before: {**FIELDS, "secret": "older"})
        place.handoff().revise("contoso", lambda _before: FIELDS)
        place.handoff().forget("contoso", lambda _earlier: True)

        assert place.handoff().read("contoso") == FIELDS
        assert place.handoff().read("fabrikam") is None

    def test_it_is_none_of_the_stores_tenants(self, place: Place) -> None:
        place.handoff().revise(TENANT, lambda _before: FIELDS)

        assert place.store().read(TENANT, "mail") is None
