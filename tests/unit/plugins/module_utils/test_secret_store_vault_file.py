# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.document_store import DocumentStore
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.encrypted_file import EncryptedFolder
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    RetiredSecret,
    StoredGroup,
    StoredOffboarding,
    StoredProof,
    StoredRemoval,
    StoredSecret,
    StoredWaiting,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.tenant_host import check_host
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_file import JSON, VaultFiles
from ansible_collections.totalview.exchange365.plugins.plugin_utils._ansible_vault import AnsibleVault

TENANT, OTHER = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21", "00000000-0000-0000-0000-000000000001"
VALUE = 'the~value "of" the\\secret ü'
SECRET = StoredSecret(
    client_id="client-1",
    key_id="key-1",
    label="totalview-exchange365/us/run-1",
    end=datetime(2027, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    value=VALUE,
    retired=(
        RetiredSecret("key--1"),
        RetiredSecret(
            "key-0",
            datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2))),
            handed_off=datetime(2026, 1, 1, tzinfo=UTC),
            delivered=datetime(2026, 1, 2, tzinfo=UTC),
        ),
    ),
    proof=StoredProof("8a0f6f1f9d2c4b7e", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
)
PROOF = StoredProof("restriction-2", datetime(2026, 3, 4, tzinfo=UTC))
NOW = datetime(2026, 4, 5, tzinfo=UTC)


def with_proof(secret):
    return replace(secret, proof=PROOF)


def vault(*passwords):
    """Ansible's own cipher with these passwords."""
    return AnsibleVault([("default", VaultSecret(password.encode())) for password in passwords], None)


def store(path, cipher=None):
    return DocumentStore(VaultFiles(EncryptedFolder(str(path), cipher or vault("password")), JSON))


def file(path, tenant=TENANT):
    return path / f"{tenant}.json"


def names(path):
    """All but the file of locks, which is empty."""
    return sorted(entry.name for entry in path.iterdir() if entry.name != ".locks" or entry.stat().st_size)


def put(path, text, tenant=TENANT):
    file(path, tenant).write_bytes(vault("password").encrypt(text))


# --- the store


def test_a_secret_survives_the_round_trip(tmp_path):
    store(tmp_path).write(TENANT, "mail", SECRET)

    assert store(tmp_path).read(TENANT, "mail") == SECRET


def test_a_store_that_holds_nothing_says_so_and_makes_no_file(tmp_path):
    assert store(tmp_path).read(TENANT, "mail") is None
    assert list(tmp_path.iterdir()) == []


def test_registrations_share_the_tenants_file_and_do_not_disturb_each_other(tmp_path):
    held = store(tmp_path)
    calendar = replace(SECRET, key_id="key-2", retired=())

    held.write(TENANT, "mail", SECRET)
    held.write(TENANT, "calendar", calendar)
    held.write(TENANT, "mail", replace(SECRET, key_id="key-3"))

    assert held.read(TENANT, "mail").key_id == "key-3"
    assert held.read(TENANT, "calendar") == calendar
    assert held.read(TENANT, "other") is None
    assert names(tmp_path) == [f"{TENANT}.json"]


def test_tenants_have_files_of_their_own(tmp_path):
    held = store(tmp_path)

    held.write(TENANT, "mail", SECRET)

    assert held.read(OTHER, "mail") is None


def test_the_file_is_ansible_vaults_and_holds_json(tmp_path):
    store(tmp_path).write(TENANT, "mail", SECRET)

    content = file(tmp_path).read_bytes()
    text = VaultLib([("default", VaultSecret(b"password"))]).decrypt(content)

    assert VALUE.encode() not in content
    assert content.startswith(b"$ANSIBLE_VAULT;")
    assert json.loads(text) == {
        "version": 2,
        "tenant_id": TENANT,
        "secrets": {
            "mail": {
                "client_id": "client-1",
                "key_id": "key-1",
                "label": "totalview-exchange365/us/run-1",
                "end": "2027-01-02T03:04:05.678901+00:00",
                "value": VALUE,
                "retired": [
                    {"key_id": "key--1", "end": None, "handed_off": None, "delivered": None},
                    {
                        "key_id": "key-0",
                        "end": "2026-03-01T00:00:00+02:00",
                        "handed_off": "2026-01-01T00:00:00+00:00",
                        "delivered": "2026-01-02T00:00:00+00:00",
                    },
                ],
                "proof": {"restriction": "8a0f6f1f9d2c4b7e", "at": "2026-02-03T04:05:06+00:00"},
                "handed_off": None,
                "delivered": None,
                "signed_in": None,
            }
        },
    }


def test_a_secret_without_a_proof_survives_the_round_trip(tmp_path):
    unproven = replace(SECRET, proof=None)

    store(tmp_path).write(TENANT, "mail", unproven)

    assert store(tmp_path).read(TENANT, "mail") == unproven


def test_a_file_from_before_there_were_proofs_is_read(tmp_path):
    row = {"client_id": "c", "key_id": "k", "label": "l", "end": "2027-01-02T03:04:05+00:00", "value": VALUE}
    put(tmp_path, json.dumps({"tenant_id": TENANT, "secrets": {"mail": {**row, "retired": []}}}))

    assert store(tmp_path).read(TENANT, "mail").proof is None


def test_a_file_from_before_deliveries_were_noted_is_read_and_loses_nothing(tmp_path):
    row = {"client_id": "c", "key_id": "k", "label": "l", "end": "2027-01-02T03:04:05+00:00", "value": VALUE}
    retired = [{"key_id": "k0", "remove_after": "2026-01-01T00:00:00+00:00"}]
    notes = {"announced": {"mail": [{"label": "l", "at": "2026-01-01T00:00:00+00:00"}]}, "host": "contoso"}
    put(tmp_path, json.dumps({"tenant_id": TENANT, **notes, "secrets": {"mail": {**row, "retired": retired}}}))
    held = store(tmp_path)

    assert held.read(TENANT, "mail").known == (
        RetiredSecret("k0"),
        RetiredSecret("k", datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)),
    )
    held.revise(TENANT, "mail", "k", lambda secret: secret.handed_off_at(NOW))

    secret = store(tmp_path).read(TENANT, "mail")
    assert (secret.value, secret.handed_off, secret.retired) == (VALUE, NOW, (RetiredSecret("k0"),))
    assert (held.host(TENANT), held.announced(TENANT, "mail")[0].label) == ("contoso", "l")


@pytest.mark.parametrize("version", [3, 99, "2", None, 2.5])
@pytest.mark.parametrize(
    "use",
    [
        lambda held: held.read(TENANT, "mail"),
        lambda held: held.write(TENANT, "mail", SECRET),
        lambda held: held.note_host(TENANT, "contoso", None),
    ],
)
def test_a_file_of_a_newer_version_is_refused_and_kept(tmp_path, use, version):
    put(tmp_path, json.dumps({"version": version, "tenant_id": TENANT, "secrets": {}}))
    before = file(tmp_path).read_bytes()

    with pytest.raises(StoreError, match="newer version"):
        use(store(tmp_path))

    assert file(tmp_path).read_bytes() == before


def test_the_value_is_not_in_the_secrets_text():
    assert VALUE not in f"{SECRET} {SECRET!r}"


@pytest.mark.parametrize(
    "use", [lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)]
)
@pytest.mark.parametrize(
    ("passwords", "code"),
    [(["another"], "VaultPasswordWrong"), (["one", "two"], "VaultPasswordWrong"), ([], "VaultPasswordMissing")],
    ids=["wrong", "several wrong", "missing"],
)
def test_without_the_password_the_file_is_neither_read_nor_replaced(tmp_path, use, passwords, code):
    store(tmp_path).write(TENANT, "mail", SECRET)
    before = file(tmp_path).read_bytes()

    with pytest.raises(StoreError) as caught:
        use(store(tmp_path, vault(*passwords)))

    assert caught.value.code == code
    assert caught.value.next_step
    assert file(tmp_path).read_bytes() == before


def test_without_a_password_a_first_secret_is_not_stored(tmp_path):
    held = store(tmp_path, vault())

    with pytest.raises(StoreError) as checking:
        held.check()
    with pytest.raises(StoreError) as writing:
        held.write(TENANT, "mail", SECRET)

    assert checking.value.code == writing.value.code == "VaultPasswordMissing"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "use", [lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)]
)
@pytest.mark.parametrize("text", ["", "{}", json.dumps({"tenant_id": TENANT, "secrets": {}})])
def test_a_file_that_is_not_encrypted_is_refused_and_kept(tmp_path, use, text):
    file(tmp_path).write_text(text)

    with pytest.raises(StoreError, match="not encrypted"):
        use(store(tmp_path))

    assert file(tmp_path).read_text() == text


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-10] + b"0" * 9 + b"\n",
        lambda content: content[:-30],
        lambda content: content[:15],
        lambda content: content[:60],
        lambda content: content.replace(b"AES256", b"ROT13"),
    ],
    ids=["changed", "truncated", "truncated in the header", "truncated early", "another cipher"],
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    store(tmp_path).write(TENANT, "mail", SECRET)
    file(tmp_path).write_bytes(damage(file(tmp_path).read_bytes()))

    with pytest.raises(StoreError):
        store(tmp_path).read(TENANT, "mail")


@pytest.mark.parametrize(
    "use", [lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)]
)
def test_the_file_of_another_tenant_is_refused_and_kept(tmp_path, use):
    store(tmp_path).write(OTHER, "mail", SECRET)
    file(tmp_path, OTHER).rename(file(tmp_path))
    before = file(tmp_path).read_bytes()

    with pytest.raises(StoreError, match=f"another tenant .{OTHER}"):
        use(store(tmp_path))

    assert file(tmp_path).read_bytes() == before


@pytest.mark.parametrize(
    "use", [lambda held: held.read(TENANT, "mail"), lambda held: held.write(TENANT, "mail", SECRET)]
)
@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        "null",
        '"text"',
        "{}",
        json.dumps({"tenant_id": TENANT}),
        json.dumps({"tenant_id": TENANT, "secrets": []}),
        json.dumps({"tenant_id": TENANT, "secrets": None}),
    ],
)
def test_a_file_of_unknown_content_is_refused_and_kept(tmp_path, use, content):
    put(tmp_path, content)
    before = file(tmp_path).read_bytes()

    with pytest.raises(StoreError, match="unknown content"):
        use(store(tmp_path))

    assert file(tmp_path).read_bytes() == before


@pytest.mark.parametrize("row", [{}, "text", {"client_id": "client-1"}, {"end": "no date"}], ids=repr)
def test_a_record_of_unknown_content_is_refused(tmp_path, row):
    put(tmp_path, json.dumps({"tenant_id": TENANT, "secrets": {"mail": row}}))

    with pytest.raises(StoreError, match="unknown content"):
        store(tmp_path).read(TENANT, "mail")


@pytest.mark.parametrize("tenant", ["../x", "a/b", ".hidden", ""])
def test_a_tenant_that_is_no_file_name_is_refused(tmp_path, tenant):
    with pytest.raises(StoreError):
        store(tmp_path / "store").write(f"{tenant}", "mail", SECRET)

    assert not list(tmp_path.rglob("*.json"))


def test_the_address_is_the_same_in_every_run_and_does_not_tell_the_path(tmp_path):
    first, second = store(tmp_path / "one"), store(tmp_path / "two")

    assert first.address == store(tmp_path / "one", vault("another")).address
    assert first.address != second.address
    assert first.address.isalnum()
    assert len(first.address) == 12


# --- others beside


@pytest.mark.parametrize(
    "write",
    [
        lambda held: held.write(TENANT, "mail", SECRET),
        lambda held: held.rehearse(TENANT, "mail", SECRET),
        lambda held: held.revise(TENANT, "calendar", "key-1", with_proof),
    ],
    ids=["write", "rehearse", "revise"],
)
def test_whoever_writes_waits_for_the_others(tmp_path, monkeypatch, write):
    held = store(tmp_path)
    held.write(TENANT, "calendar", replace(SECRET, proof=None))
    before = file(tmp_path).read_bytes()

    def taken(*_args):
        raise OSError(errno.EDEADLK, "the lock is taken")

    monkeypatch.setattr(fcntl, "lockf", taken)
    with pytest.raises(StoreError, match="the lock is taken"):
        write(held)

    assert file(tmp_path).read_bytes() == before
    assert names(tmp_path) == [f"{TENANT}.json"]


def _write_many(path, registrations):
    held = store(path, Plain())
    for name in registrations:
        held.write(TENANT, name, SECRET)


class Plain:
    """So quick that two writers meet all the time."""

    def encrypt(self, text):
        return text.encode()

    def decrypt(self, content):
        return content.decode()


def test_two_processes_lose_nothing_of_each_other(tmp_path):
    wanted = [[f"{writer}-{number}" for number in range(50)] for writer in ("one", "other")]
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_write_many, args=(tmp_path, names)) for names in wanted]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    held = store(tmp_path, Plain())
    assert [name for names in wanted for name in names if held.read(TENANT, name) != SECRET] == []
    assert names(tmp_path) == [f"{TENANT}.json"]


def test_a_proof_is_noted_on_the_secret_that_it_was_made_with(tmp_path):
    held = store(tmp_path)
    held.write(TENANT, "mail", replace(SECRET, proof=None))

    held.revise(TENANT, "mail", SECRET.key_id, with_proof)

    assert held.read(TENANT, "mail") == replace(SECRET, proof=PROOF)


def test_a_proof_does_not_bring_back_a_secret_that_was_replaced_since_then(tmp_path):
    held, renewed = store(tmp_path), replace(SECRET, key_id="key-2", value="another", proof=None)
    held.write(TENANT, "mail", renewed)

    held.revise(TENANT, "mail", SECRET.key_id, with_proof)
    held.revise(TENANT, "calendar", SECRET.key_id, with_proof)

    assert held.read(TENANT, "mail") == renewed
    assert held.read(TENANT, "calendar") is None


# --- the rehearsal


def test_a_rehearsal_leaves_everything_as_it_was(tmp_path):
    held = store(tmp_path)
    held.rehearse(TENANT, "calendar", SECRET)
    assert names(tmp_path) == []

    held.write(TENANT, "mail", SECRET)
    before = file(tmp_path).read_bytes()
    held.rehearse(TENANT, "calendar", SECRET)

    assert file(tmp_path).read_bytes() == before
    assert names(tmp_path) == [f"{TENANT}.json"]


@pytest.mark.parametrize("function", [(tempfile, "mkstemp"), (os, "fdopen"), (os, "fsync"), (Path, "open")])
@pytest.mark.parametrize("use", ["rehearse", "write"])
def test_on_a_full_disk_nothing_changes(tmp_path, monkeypatch, function, use):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    held = store(tmp_path)
    held.write(TENANT, "mail", SECRET)
    before = file(tmp_path).read_bytes()

    with monkeypatch.context() as patch:
        patch.setattr(*function, full)
        with pytest.raises(StoreError, match="No space left"):
            getattr(held, use)(TENANT, "calendar", SECRET)

    assert file(tmp_path).read_bytes() == before
    assert names(tmp_path) == [f"{TENANT}.json"]


# --- opening


def test_the_options_open_the_store_with_their_own_vault(tmp_path):
    asked = []

    def cipher(vault_id, password_file):
        asked.append((vault_id, password_file))
        return vault("password")

    options = {"type": "vault_file", "folder": str(tmp_path), "vault_id": "ours", "vault_password_file": "/file"}
    open_store(options, cipher).write(TENANT, "mail", SECRET)
    handoff = open_handoff(str(tmp_path / "handoff"), options, cipher)
    handoff.revise("a", lambda _before: {"secret": "value"})

    assert store(tmp_path).read(TENANT, "mail") == SECRET
    assert vault("password").decrypt((tmp_path / "handoff" / "a.yml").read_bytes()) == 'secret: "value"\n'
    assert asked == [("ours", "/file")] * 2


# --- whose tenant it is


def test_the_host_of_a_tenant_is_noted_beside_its_secrets(tmp_path):
    held = store(tmp_path)
    assert held.host(TENANT) is None

    held.note_host(TENANT, "contoso", None)
    held.write(TENANT, "mail", SECRET)

    assert store(tmp_path).host(TENANT) == "contoso"
    assert store(tmp_path).host(OTHER) is None
    assert store(tmp_path).read(TENANT, "mail") == SECRET


def test_a_file_from_before_notes_no_host_and_takes_one(tmp_path):
    held = store(tmp_path)
    held.write(TENANT, "mail", SECRET)
    assert held.host(TENANT) is None

    held.note_host(TENANT, "contoso", None)

    assert (held.host(TENANT), held.read(TENANT, "mail")) == ("contoso", SECRET)


@pytest.mark.parametrize("former", [None, "other"])
def test_another_host_does_not_take_the_tenant(tmp_path, former):
    held = store(tmp_path)
    held.note_host(TENANT, "first", None)

    with pytest.raises(InputError, match="It belongs to several hosts: first, second"):
        held.note_host(TENANT, "second", former)

    assert held.host(TENANT) == "first"


def test_a_renamed_host_does_and_the_old_name_is_then_another(tmp_path):
    held = store(tmp_path)
    held.note_host(TENANT, "first", None)

    held.note_host(TENANT, "second", "first")
    held.note_host(TENANT, "second", "first")

    assert held.host(TENANT) == "second"
    with pytest.raises(InputError):
        held.note_host(TENANT, "first", None)


@pytest.mark.parametrize(
    ("noted", "host", "former", "fine"),
    [
        (None, "a", None, True),
        (None, "a", "b", True),
        ("a", "a", None, True),
        ("a", "a", "b", True),
        ("b", "a", "b", True),
        ("b", "a", None, False),
        ("b", "a", "c", False),
        ("b", "a", "a", False),
    ],
)
def test_who_may_work_on_a_tenant(noted, host, former, fine):
    if fine:
        check_host(noted, host, former)
    else:
        with pytest.raises(InputError) as caught:
            check_host(noted, host, former)
        assert f"connector_host_renamed to {noted}" in caught.value.next_step


# --- the group of a registration

GROUP = StoredGroup("senders", "guid-1")


def test_groups_are_noted_for_each_registration_and_forgotten(tmp_path):
    held = store(tmp_path)
    held.write(TENANT, "mail", SECRET)
    assert held.group(TENANT, "mail") is None

    held.note_group(TENANT, "mail", GROUP)
    held.note_group(TENANT, "calendar", replace(GROUP, guid="guid-2"))
    held.note_host(TENANT, "contoso", None)
    held.note_group(TENANT, "mail", None)

    again = store(tmp_path)
    assert (again.group(TENANT, "mail"), again.group(TENANT, "calendar")) == (None, StoredGroup("senders", "guid-2"))
    assert (again.host(TENANT), again.read(TENANT, "mail")) == ("contoso", SECRET)


def test_nothing_to_note_makes_no_file(tmp_path):
    store(tmp_path).note_group(TENANT, "mail", None)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("groups", [[], "x", {"mail": 1}, {"mail": {"name": "senders"}}])
def test_notes_of_an_unknown_form_are_no_guess(tmp_path, groups):
    put(tmp_path, json.dumps({"tenant_id": TENANT, "secrets": {}, "groups": groups}))

    with pytest.raises(StoreError, match="unknown content"):
        store(tmp_path).group(TENANT, "mail")


def test_what_is_about_to_be_issued_is_noted_for_a_day(tmp_path):
    held = store(tmp_path)
    first = Announcement("label-1", datetime(2026, 5, 1, tzinfo=UTC))
    second = Announcement("label-2", first.at + timedelta(hours=23))
    third = Announcement("label-3", first.at + timedelta(hours=25))
    assert held.announced(TENANT, "mail") == ()

    held.announce(TENANT, "mail", first)
    held.announce(TENANT, "mail", second)
    held.announce(TENANT, "calendar", first)
    assert store(tmp_path).announced(TENANT, "mail") == (first, second)

    held.announce(TENANT, "mail", third)
    held.write(TENANT, "mail", SECRET)
    assert store(tmp_path).announced(TENANT, "mail") == (second, third)
    assert store(tmp_path).announced(TENANT, "calendar") == (first,)
    assert store(tmp_path).read(TENANT, "mail") == SECRET


OFFBOARDING = StoredOffboarding(
    NOW,
    "ann",
    {"client": "client-1", "application": "object-1"},
    (StoredRemoval("delete application", NOW),),
    closed=NOW + timedelta(hours=1),
    refusal="AADSTS700016",
    finished=NOW + timedelta(days=2),
    kept=("group g: others are in it",),
)


@pytest.mark.parametrize("noted", [OFFBOARDING, StoredOffboarding(NOW, "ann")])
def test_an_offboarding_is_remembered_whole_and_can_be_forgotten(tmp_path, noted):
    kept = store(tmp_path)
    kept.write(TENANT, "calendar", SECRET)
    kept.note_offboarding(TENANT, "mail", noted)
    again = store(tmp_path)
    assert again.offboarding(TENANT, "mail") == noted
    assert again.offboarding(TENANT, "calendar") is None
    assert again.read(TENANT, "calendar") == SECRET
    again.note_offboarding(TENANT, "mail", None)
    assert store(tmp_path).offboarding(TENANT, "mail") is None


def test_since_when_somebody_is_asked_to_consent_is_remembered_and_can_be_forgotten(tmp_path):
    noted = StoredWaiting(NOW, "8a0f6f1f9d2c4b7e")
    store(tmp_path).note_waiting(TENANT, "mail", noted)
    assert store(tmp_path).waiting(TENANT, "mail") == noted
    assert store(tmp_path).waiting(TENANT, "calendar") is None

    store(tmp_path).note_waiting(TENANT, "mail", None)
    assert store(tmp_path).waiting(TENANT, "mail") is None


@pytest.mark.parametrize("row", [{}, {"since": "yesterday", "asked": "x"}, {"since": None, "asked": "x"}, "soon"])
def test_a_waiting_of_an_unknown_form_is_no_guess(tmp_path, row):
    put(tmp_path, json.dumps({"tenant_id": TENANT, "secrets": {}, "waiting": {"mail": row}}))
    with pytest.raises(StoreError, match="unknown content"):
        store(tmp_path).waiting(TENANT, "mail")


@pytest.mark.parametrize("row", [{}, {"since": "?"}, [], "x", {"since": NOW.isoformat(), "by": "a", "ids": []}])
def test_an_offboarding_of_an_unknown_form_is_no_guess(tmp_path, row):
    put(tmp_path, json.dumps({"tenant_id": TENANT, "secrets": {}, "offboarding": {"mail": row}}))
    with pytest.raises(StoreError):
        store(tmp_path).offboarding(TENANT, "mail")
