# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store in Azure Key Vault: who gets the token, what is deleted, who writes at once, what refusals mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.kinds import ENVIRONMENT
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store import azure_key_vault
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import Document, Documents
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import (
    open_documents,
    open_handoff,
    open_store,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    RetiredSecret,
    SecretStore,
    StoredSecret,
)
from key_vault import CLIENT_ID, OFFICER, PATH, KeyVaults, add_reader

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
NAME = f"{PATH}-tenants-{TENANT}"
NOW = datetime(2026, 4, 5, tzinfo=UTC)
SECRET = StoredSecret("client-1", "key-1", "label-1", NOW, "value-1")
NEXT = replace(SECRET, key_id="key-2", value="value-2", retired=(SECRET.as_retired,))
PERMISSIONS = ["get", "list", "set", "delete", "recover", "purge"]

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, key_vaults: KeyVaults) -> None:
    for name in ("AZURE_CLIENT_ID", *(name for names in ENVIRONMENT.values() for name in names)):
        monkeypatch.delenv(name, raising=False)
    for name, value in key_vaults.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda _retry, _response=None: None)
    monkeypatch.setattr(azure_key_vault, "_PAUSE", 0.01)


def no_vault(*_unused: Any) -> Any:
    pytest.fail("nothing is encrypted by Ansible Vault")


def store(options: Json) -> SecretStore:
    return open_store(options, no_vault)


def documents(options: Json) -> Documents:
    return open_documents(options, no_vault)


def refusal(options: Json, use: Callable[[SecretStore], Any] = lambda held: held.read(TENANT, "mail")) -> StoreError:
    with pytest.raises(StoreError) as caught:
        use(store(options))
    assert caught.value.next_step
    assert SECRET.value not in f"{caught.value.message} {caught.value.next_step}"
    return caught.value


def tokens_asked(vaults: KeyVaults, tenant: str, after: int) -> list[str]:
    rows = vaults.emulator.requests(tenant=tenant, service="identity", after=after)
    return [row["host"] for row in rows if row["method"] == "POST"]


GIVEN = {"type": "azure_key_vault", "path": PATH, "auth_client_id": CLIENT_ID, "auth_client_secret": "x"}


class TestOptions:
    @pytest.mark.parametrize(
        "url",
        [
            "http://contoso.vault.azure.net",
            "https://contoso.vault.azure.net.evil.example",
            "https://evil.example/contoso.vault.azure.net",
            "https://user@contoso.vault.azure.net",
            "https://contoso.vault.azure.net:444",
            "https://vault.azure.net",
            "https://two.labels.vault.azure.net",
            "https://contoso.privatelink.vaultcore.azure.net",
            "https://no--dashes.vault.azure.net",
        ],
    )
    def test_only_a_vault_is_one(self, url: str) -> None:
        with pytest.raises(InputError) as caught:
            store({**GIVEN, "url": url})
        assert caught.value.code == "StoreAddressUnusable"

    def test_it_needs_an_address_and_a_sign_in(self) -> None:
        with pytest.raises(InputError) as caught:
            store(GIVEN)
        assert caught.value.code == "StoreAddressMissing"
        bare = {"type": "azure_key_vault", "path": PATH, "url": "https://contoso.vault.azure.net"}
        with pytest.raises(InputError) as caught:
            store(bare)
        assert "contoso.vault.azure.net cannot be signed in to. No credential" in caught.value.message
        assert "store's own options" in caught.value.next_step

    @pytest.mark.parametrize("path", ["a/b", "a_b", "", "-a"])
    def test_a_prefix_that_no_name_can_have(self, path: str) -> None:
        with pytest.raises(InputError) as caught:
            store({**GIVEN, "url": "https://contoso.vault.azure.net", "path": path})
        assert caught.value.code == "InvalidName"

    def test_the_environment_signs_in(self, key_vaults: KeyVaults, monkeypatch: pytest.MonkeyPatch) -> None:
        options = key_vaults.options(key_vaults.make())
        monkeypatch.setenv("AZURE_CLIENT_ID", options.pop("auth_client_id"))
        monkeypatch.setenv("AZURE_CLIENT_SECRET", options.pop("auth_client_secret"))

        assert store(options).read(TENANT, "mail") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "https://graph.microsoft.com"},
        {"resource": "https://ault.azure.net"},
        {"resource": "https://net"},
        {"resource": "https://vault.azure.cn"},
        {"authority": "https://login.example"},
        {"authority": "https://login.microsoftonline.us"},
    ],
    ids=[
        "graph",
        "a suffix that is no domain",
        "half the world",
        "another cloud",
        "a stranger",
        "another cloud's authority",
    ],
)
def test_no_token_is_fetched_for_anybody_else(key_vaults: KeyVaults, wrong: Json) -> None:
    options, mark = key_vaults.options(key_vaults.make(**wrong)), key_vaults.emulator.last_request()

    error = refusal(options)

    assert error.code == "KeyVaultChallengeRefused"
    assert next(iter(wrong.values())) in error.message
    assert tokens_asked(key_vaults, key_vaults.tenant, mark) == []


class TestChallenge:
    def test_one_sign_in_for_all_requests(self, key_vaults: KeyVaults) -> None:
        options, mark = key_vaults.options(key_vaults.make()), key_vaults.emulator.last_request()

        for held in (store(options), store(options)):
            held.read(TENANT, "mail")

        assert tokens_asked(key_vaults, key_vaults.tenant, mark) == ["login.microsoftonline.com"]

    def test_a_vault_that_has_moved_to_another_tenant_says_so_again(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make()
        held = store(key_vaults.options(host))
        held.write(TENANT, "mail", SECRET)

        key_vaults.emulator.vault(host, tenant=add_reader(key_vaults.emulator))

        assert held.read(TENANT, "mail") == SECRET

    @pytest.mark.parametrize(
        ("domain", "cloud", "authority"),
        [
            ("vault.usgovcloudapi.net", "usgov", "login.microsoftonline.us"),
            ("vault.azure.cn", "china", "login.chinacloudapi.cn"),
        ],
    )
    def test_national_clouds(self, key_vaults: KeyVaults, domain: str, cloud: str, authority: str) -> None:
        tenant = add_reader(key_vaults.emulator, cloud)
        options, mark = key_vaults.options(key_vaults.make(domain, tenant=tenant)), key_vaults.emulator.last_request()

        store(options).write(TENANT, "mail", SECRET)

        assert store(options).read(TENANT, "mail") == SECRET
        assert set(tokens_asked(key_vaults, tenant, mark)) == {authority}


class TestRefusals:
    @pytest.mark.parametrize(
        ("wanted", "code", "told"),
        [
            ({"grants": {}}, "KeyVaultForbiddenByRbac", "Key Vault Secrets Officer"),
            ({"grants": {CLIENT_ID: ["list"]}}, "KeyVaultAccessDenied", "in an access policy"),
            ({"firewall": True}, "KeyVaultForbiddenByFirewall", "networking rules"),
        ],
    )
    def test_each_forbidden_has_its_next_step(self, key_vaults: KeyVaults, wanted: Json, code: str, told: str) -> None:
        error = refusal(key_vaults.options(key_vaults.make(**wanted)), lambda held: held.check())

        assert (error.code, error.trace.status) == (code, 403)
        assert told in error.next_step
        assert error.trace.request_id
        assert error.trace.client_request_id

    def test_who_may_only_read_is_stopped_at_the_first_note(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make(grants={CLIENT_ID: ["get", "list"]})

        error = refusal(key_vaults.options(host), lambda held: held.write(TENANT, "mail", SECRET))

        assert error.code == "KeyVaultAccessDenied"
        assert NAME in error.message

    def test_a_wrong_secret_is_the_stores_and_not_the_tenants(self, key_vaults: KeyVaults) -> None:
        error = refusal(key_vaults.options(key_vaults.make(), auth_client_secret="another~secret"))

        assert error.code == "KeyVaultSignInRefused"
        assert "AADSTS7000215" in error.message
        assert "store's own options" in error.next_step

    def test_a_newest_version_that_was_disabled_is_no_empty_store(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())
        store(options).write(TENANT, "mail", SECRET)
        held = documents(options)
        [version] = held._state(TENANT).versions  # type: ignore[attr-defined]
        held._told("PATCH", f"secrets/{NAME}/{version.id}", {"attributes": {"enabled": False}}, "disable")  # type: ignore[attr-defined]

        assert refusal(options).code == "KeyVaultSecretDisabled"

    @pytest.mark.parametrize(("times", "passes"), [(2, True), (50, False)])
    def test_throttling_is_waited_for_as_everywhere(self, key_vaults: KeyVaults, times: int, passes: bool) -> None:
        options = key_vaults.options(key_vaults.make())
        key_vaults.emulator.faults({"kind": "throttle", "service": "key_vault", "method": "PUT", "times": times})
        try:
            if passes:
                store(options).write(TENANT, "mail", SECRET)
                assert store(options).read(TENANT, "mail") == SECRET
            else:
                error = refusal(options, lambda held: held.write(TENANT, "mail", SECRET))
                assert error.code == "KeyVaultThrottled"
        finally:
            key_vaults.emulator.clear_faults()

    def test_an_unreachable_vault(self, key_vaults: KeyVaults, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

        assert refusal(key_vaults.options(key_vaults.make())).code == "StoreUnreachable"

    def test_what_is_too_large_is_told_before_anything_is_issued(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make()
        large = replace(SECRET, retired=tuple(RetiredSecret(f"key-{number:03}", NOW) for number in range(300)))

        error = refusal(key_vaults.options(host), lambda held: held.rehearse(TENANT, "mail", large))

        assert error.code == "KeyVaultTooLarge"
        assert key_vaults.emulator.vault_secrets(host) == {}


def set_by_hand(options: Json, **notes: Any) -> None:
    value = json.dumps({"tenant_id": TENANT, "secrets": {}, **notes})
    documents(options)._told("PUT", f"secrets/{NAME}", {"value": value}, "set")  # type: ignore[attr-defined]


def test_a_removed_secret_is_disabled_wherever_it_was_kept(key_vaults: KeyVaults) -> None:
    host = key_vaults.make()
    options = key_vaults.options(host)
    store(options).write(TENANT, "mail", SECRET)
    store(options).note_host(TENANT, "contoso", None)
    store(options).write(TENANT, "mail", NEXT, "key-1")
    store(options).write(TENANT, "calendar", SECRET)

    store(options).forget(TENANT, "mail", "key-1")

    versions = key_vaults.versions(host, NAME)
    assert [version["enabled"] for version in versions] == [False, False, True, True]
    assert store(options).read(TENANT, "mail") == NEXT


class TestVersions:
    @pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
    def test_a_lost_answer_loses_nothing(self, key_vaults: KeyVaults, kind: str) -> None:
        host = key_vaults.make()
        options = key_vaults.options(host)
        store(options).read(TENANT, "mail")
        key_vaults.emulator.faults({"kind": kind, "service": "key_vault", "method": "PUT", "times": 1})

        store(options).write(TENANT, "mail", SECRET)

        [fault] = key_vaults.emulator.faults()
        key_vaults.emulator.clear_faults()
        assert sum(fault["injected_by_tenant"].values()) == 1
        assert store(options).read(TENANT, "mail") == SECRET
        store(options).write(TENANT, "mail", NEXT, "key-1")
        assert store(options).read(TENANT, "mail") == NEXT

    def test_more_versions_than_a_page(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make()
        held = documents(key_vaults.options(host))
        for number in range(27):
            held.revise(TENANT, lambda before, number=number: {**(before or {}), f"n{number:02}": number})  # type: ignore[misc]

        assert len(held.read(TENANT) or {}) == 27
        assert len(key_vaults.versions(host, NAME)) == 27

    def test_what_a_person_sets_by_hand_counts(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())
        store(options).write(TENANT, "mail", SECRET)
        set_by_hand(options, host="by-hand")

        assert store(options).host(TENANT) == "by-hand"
        store(options).write(TENANT, "mail", NEXT)
        assert (store(options).host(TENANT), store(options).read(TENANT, "mail")) == ("by-hand", NEXT)

    def test_names_that_a_vault_cannot_have_are_told_apart(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make()
        held = open_handoff(None, key_vaults.options(host), no_vault)
        names = ["contoso", "Contoso", "contoso.example", "contoso-example", "contoso_example", "a@b"]

        for name in names:
            held.revise(name, lambda _before, name=name: {"of": name})  # type: ignore[misc]

        assert [held.read(name) for name in names] == [{"of": name} for name in names]
        assert f"{PATH}-handoff-contoso-example" in key_vaults.emulator.vault_secrets(host)
        with pytest.raises(StoreError) as caught:
            held.read("x" * 120)
        assert caught.value.code == "InvalidName"


def noting(name: str, meanwhile: Callable[[], None] | None = None) -> Callable[[Document | None], Document]:
    """A revision that notes a name; between its reading and its writing, and once only, something else happens."""
    once = [meanwhile] if meanwhile else []

    def revision(before: Document | None) -> Document:
        if once:
            once.pop()()
        return {**(before or {"tenant_id": TENANT, "secrets": {}}), name: True}

    return revision


class TestTwoWriters:
    def test_who_writes_later_joins_what_the_other_wrote(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make()
        options = key_vaults.options(host)
        documents(options).revise(TENANT, noting("first"))

        documents(options).revise(TENANT, noting("ours", lambda: documents(options).revise(TENANT, noting("theirs"))))

        assert {"first", "ours", "theirs"} <= (documents(options).read(TENANT) or {}).keys()
        assert len(key_vaults.versions(host, NAME)) == 4

    def test_two_that_begin_with_nothing(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())

        documents(options).revise(TENANT, noting("ours", lambda: documents(options).revise(TENANT, noting("theirs"))))

        assert {"ours", "theirs"} <= (documents(options).read(TENANT) or {}).keys()

    def test_three(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())

        def third() -> None:
            documents(options).revise(TENANT, noting("third"))

        def second() -> None:
            documents(options).revise(TENANT, noting("second", third))

        documents(options).revise(TENANT, noting("first", second))

        assert {"first", "second", "third"} <= (documents(options).read(TENANT) or {}).keys()

    def test_who_made_a_second_note_waits_for_the_one_who_does_not_know_the_first(self, key_vaults: KeyVaults) -> None:
        """To make the second note of the other's version would lose the first one."""
        options = key_vaults.options(key_vaults.make())
        documents(options).revise(TENANT, noting("before"))
        slow, quick = documents(options), documents(options)
        before = list(slow._state(TENANT).heads)  # type: ignore[attr-defined]
        quick.revise(TENANT, noting("first"))
        content = {"tenant_id": TENANT, "secrets": {}, "before": True, "theirs": True}

        def crossed() -> None:
            slow._put(TENANT, content, "theirs", after=before)  # type: ignore[attr-defined]

        with pytest.raises(StoreError) as caught:
            quick.revise(TENANT, noting("second", crossed))

        assert caught.value.code == "KeyVaultWritesCrossed"
        heads = slow._state(TENANT).heads.values()  # type: ignore[attr-defined]
        assert {"first", "second"} <= set().union(*heads)
        assert [head for head in heads if "theirs" in head] == [content]

    def test_both_have_issued_a_secret(self, key_vaults: KeyVaults) -> None:
        """Each saw key-1 and issued another in its place: neither value is lost, nor any key id."""
        host = key_vaults.make()
        options = key_vaults.options(host)
        store(options).write(TENANT, "mail", SECRET)
        theirs = replace(NEXT, key_id="theirs", value="theirs")
        held = documents(options)
        put = held._put  # type: ignore[attr-defined]

        def put_later(*args: Any, **how: Any) -> None:
            held._put = put  # type: ignore[attr-defined]
            store(options).write(TENANT, "mail", theirs, "key-1")
            put(*args, **how)

        held._put = put_later  # type: ignore[attr-defined]
        ours = store(options)
        ours._documents = held  # type: ignore[attr-defined]
        ours.write(TENANT, "mail", replace(NEXT, key_id="ours", value="ours"), "key-1")

        found = store(options).read(TENANT, "mail")
        assert found is not None
        assert (found.key_id, found.value) == ("ours", "ours")
        assert {old.key_id for old in found.retired} == {"key-1", "theirs"}
        assert any('"theirs"' in version["value"] for version in key_vaults.versions(host, NAME))

    def test_a_writer_that_is_killed_before_it_joins_is_told_until_a_person_decides(
        self, key_vaults: KeyVaults
    ) -> None:
        options = key_vaults.options(key_vaults.make())
        store(options).note_host(TENANT, "contoso", None)
        first = documents(options)
        state = first._state(TENANT)  # type: ignore[attr-defined]
        after = list(state.heads)
        for write in ("one", "two"):
            content = {"tenant_id": TENANT, "secrets": {}, "host": write}
            first._put(TENANT, content, write, after=after)  # type: ignore[attr-defined]

        assert refusal(options).code == "KeyVaultWritesCrossed"
        assert refusal(options, lambda held: held.write(TENANT, "mail", SECRET)).code == "KeyVaultWritesCrossed"

        key_vaults.emulator.advance_clock(5)
        set_by_hand(options, host="decided")
        key_vaults.emulator.put_clock_back()
        assert store(options).host(TENANT) == "decided"


def delete_by_hand(options: Json, name: str = NAME) -> None:
    documents(options)._told("DELETE", f"secrets/{name}", None, "delete")  # type: ignore[attr-defined]


class TestDeleted:
    def test_a_tenant_that_somebody_deleted_is_no_empty_store(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())
        store(options).write(TENANT, "mail", SECRET)
        delete_by_hand(options)

        error = refusal(options)

        assert error.code == "KeyVaultSecretDeleted"
        assert f"/deletedsecrets/{NAME}" in error.next_step

    @pytest.mark.parametrize("settles", [0, 3])
    def test_a_name_that_was_deleted_is_recovered_by_a_write(self, key_vaults: KeyVaults, settles: int) -> None:
        host = key_vaults.make(settles=settles)
        options = key_vaults.options(host)
        store(options).write(TENANT, "mail", SECRET)
        delete_by_hand(options)

        documents(options).revise(TENANT, noting("again"))

        assert store(options).read(TENANT, "mail") == SECRET
        assert (documents(options).read(TENANT) or {})["again"] is True

    def test_a_hand_off_that_was_deleted_is_simply_written_again(self, key_vaults: KeyVaults) -> None:
        options = key_vaults.options(key_vaults.make())
        held = open_handoff(None, options, no_vault)
        held.revise("contoso", lambda _before: {"secret": "old"})
        delete_by_hand(options, f"{PATH}-handoff-contoso")

        assert held.read("contoso") is None
        held.revise("contoso", lambda _before: {"secret": "new"})
        assert held.read("contoso") == {"secret": "new"}

    @pytest.mark.parametrize("settles", [0, 3])
    def test_what_we_remove_is_gone(self, key_vaults: KeyVaults, settles: int) -> None:
        host = key_vaults.make(settles=settles)
        options = key_vaults.options(host)
        store(options).write(TENANT, "mail", SECRET)

        for _twice in range(2):
            documents(options).remove(TENANT)

        assert key_vaults.emulator.vault_secrets(host) == {}
        assert store(options).read(TENANT, "mail") is None

    def test_a_vault_that_keeps_everything_for_its_time(self, key_vaults: KeyVaults) -> None:
        """What we have removed counts as absent all the same, and its name can be had again."""
        host = key_vaults.make(purge_protection=True)
        options = key_vaults.options(host)
        store(options).write(TENANT, "mail", SECRET)

        documents(options).remove(TENANT)

        assert key_vaults.emulator.vault_secrets(host)[NAME]["deleted"]
        assert store(options).read(TENANT, "mail") is None
        store(options).write(TENANT, "calendar", SECRET)
        assert (store(options).read(TENANT, "mail"), store(options).read(TENANT, "calendar")) == (None, SECRET)

    def test_who_may_not_purge_is_told_that_it_is_deleted(self, key_vaults: KeyVaults) -> None:
        host = key_vaults.make(grants={CLIENT_ID: [name for name in PERMISSIONS if name != "purge"]})
        options = key_vaults.options(host)
        store(options).write(TENANT, "mail", SECRET)

        with pytest.raises(StoreError, match=r"purge .*, which it has deleted") as caught:
            documents(options).remove(TENANT)

        assert caught.value.code == "KeyVaultAccessDenied"
        assert store(options).read(TENANT, "mail") is None
        key_vaults.emulator.vault(host, grants={CLIENT_ID: OFFICER})
        documents(options).remove(TENANT)
        assert key_vaults.emulator.vault_secrets(host) == {}
