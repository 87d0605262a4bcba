# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store in a real OpenBao server, and what its refusals mean to an operator."""

from __future__ import annotations

import datetime
import http.server
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    InputError,
    StoreError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import HttpClient
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store import vault_kv2, vault_server
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_handoff, open_store
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.store import (
    Announcement,
    SecretStore,
    StoredSecret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import (
    ENVIRONMENT,
    VaultOptions,
)
from openbao import PATH, OpenBao, policy_for

TENANT = "9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21"
DOCUMENT = f"{PATH}/tenants/{TENANT}"
NOW = datetime.datetime(2026, 4, 5, tzinfo=datetime.UTC)
SECRET = StoredSecret("client-1", "key-1", "label-1", NOW, "value-1")
NEXT = replace(SECRET, key_id="key-2", value="value-2", retired=(SECRET.as_retired,))
GIVEN = {"type": "vault_kv2", "engine_mount_point": "secret", "path": PATH}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for names in ENVIRONMENT.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda _retry, _response=None: None)


@pytest.fixture
def engine(openbao: OpenBao) -> str:
    return openbao.engine()


@pytest.fixture
def options(openbao: OpenBao, engine: str) -> dict[str, Any]:
    return options_of(openbao, engine)


def options_of(server: OpenBao, engine: str, **others: Any) -> dict[str, Any]:
    """Those of a token that may do what the documentation asks for."""
    token = {} if "token" in others or "auth_method" in others else {"token": server.token(policy_for(engine))}
    return {**GIVEN, "url": server.url, "ca_cert": server.ca_file, "engine_mount_point": engine, **token, **others}


def store(options: dict[str, Any]) -> SecretStore:
    return open_store(options, lambda *_: pytest.fail("nothing is encrypted by Ansible Vault"))


def refusal(options: dict[str, Any], use: str = "read") -> StoreError:
    uses = {
        "read": lambda: store(options).read(TENANT, "mail"),
        "write": lambda: store(options).write(TENANT, "mail", SECRET),
        "check": lambda: store(options).check(),
    }
    with pytest.raises(StoreError) as caught:
        uses[use]()
    assert caught.value.next_step
    assert "value-1" not in caught.value.sentence("contoso")
    if options.get("token"):
        assert options["token"] not in caught.value.sentence("contoso")
    return caught.value


# --- what lies in the server


def test_a_tenant_is_one_secret_that_a_person_can_read(openbao, engine, options):
    store(options).write(TENANT, "mail", SECRET)

    content = openbao.secret(engine, DOCUMENT)
    assert content["tenant_id"] == TENANT
    assert content["secrets"]["mail"]["value"] == "value-1"


def test_what_is_noted_already_makes_no_version(openbao, engine, options):
    for _run in range(3):
        store(options).note_host(TENANT, "contoso", None)
        store(options).announce(TENANT, "mail", Announcement("label", NOW))

    assert list(openbao.versions(engine, DOCUMENT)) == [1, 2]


def test_a_removed_secret_is_in_no_version_any_longer(openbao, engine, options):
    held = store(options)
    held.announce(TENANT, "mail", Announcement("label", NOW))
    held.write(TENANT, "mail", SECRET)
    held.note_host(TENANT, "contoso", None)
    held.write(TENANT, "mail", NEXT, "key-1")
    assert openbao.secret(engine, DOCUMENT, 3)["secrets"]["mail"]["value"] == "value-1"

    held.forget(TENANT, "mail", "key-1")
    held.forget(TENANT, "mail", "key-1")
    held.forget(TENANT, "mail", "key-2")

    versions = openbao.versions(engine, DOCUMENT)
    assert [number for number, version in versions.items() if version["destroyed"]] == [2, 3]
    assert store(options).read(TENANT, "mail") == NEXT
    held.forget("00000000-0000-0000-0000-000000000001", "mail", "key-1")


def test_an_earlier_hand_off_is_in_no_version_any_longer(openbao, engine, options):
    handoff = open_handoff(None, options, lambda *_: pytest.fail("not by Ansible Vault"))
    for value in ("older", "newer"):
        handoff.revise("contoso", lambda _before, value=value: {"secret": value})
        handoff.forget("contoso", lambda _earlier: True)

    assert openbao.secret(engine, f"{PATH}/handoff/contoso") == {"secret": "newer"}
    assert openbao.versions(engine, f"{PATH}/handoff/contoso")[1]["destroyed"]
    assert handoff.where("contoso") == f"{engine}/{PATH}/handoff/contoso"


def test_whoever_writes_second_decides_on_what_the_first_has_written(openbao, engine, options, monkeypatch):
    """Somebody writes between our reading and our writing, as often as it takes."""
    held, write, others = store(options), vault_kv2.Kv2Documents._write, iter(range(3))

    def slow(documents, name, document, version):
        for number in others:
            other = store(options)
            monkeypatch.setattr(vault_kv2.Kv2Documents, "_write", write)
            other.write(TENANT, f"other-{number}", SECRET)
            monkeypatch.setattr(vault_kv2.Kv2Documents, "_write", slow)
            break
        return write(documents, name, document, version)

    monkeypatch.setattr(vault_kv2.Kv2Documents, "_write", slow)
    held.write(TENANT, "mail", SECRET)

    assert set(openbao.secret(engine, DOCUMENT)["secrets"]) == {"mail", "other-0", "other-1", "other-2"}
    assert len(openbao.versions(engine, DOCUMENT)) == 4


@pytest.mark.parametrize("done", [True, False], ids=["it was done", "it was not"])
def test_a_write_whose_answer_was_lost_is_made_once(openbao, engine, options, monkeypatch, done):
    """A server that hands over to another one takes some seconds: long enough to lose a secret that was just issued."""
    send, lost = HttpClient.request, iter([True])

    def request(client, method, url, **given):
        loses = method == "POST" and "/data/" in url and next(lost, False)
        answer = None if loses and not done else send(client, method, url, **given)
        if answer is None or loses:
            raise EndpointError("No answer.", next_step="Look.", code="EndpointUnreachable")
        return answer

    monkeypatch.setattr(HttpClient, "request", request)
    store(options).write(TENANT, "mail", SECRET)

    assert next(lost, None) is None
    assert store(options).read(TENANT, "mail") == SECRET
    assert list(openbao.versions(engine, DOCUMENT)) == [1]


def test_somebody_who_writes_all_the_time_is_told(options, monkeypatch):
    monkeypatch.setattr(vault_kv2.Kv2Documents, "_write", lambda *_: False)

    assert refusal(options, "write").code == "VaultBusy"


# --- what was taken away is not nothing


def test_a_deleted_secret_is_not_an_empty_store(openbao, engine, options):
    store(options).write(TENANT, "mail", SECRET)
    openbao.ask("DELETE", f"{engine}/data/{DOCUMENT}")

    for use in ("read", "write"):
        assert refusal(options, use).code == "VaultSecretDeleted"
    openbao.ask("PUT", f"{engine}/undelete/{DOCUMENT}", {"versions": [1]})
    assert store(options).read(TENANT, "mail") == SECRET


def test_nor_is_a_destroyed_one(openbao, engine, options):
    store(options).write(TENANT, "mail", SECRET)
    openbao.ask("PUT", f"{engine}/destroy/{DOCUMENT}", {"versions": [1]})

    assert refusal(options, "write").code == "VaultSecretDeleted"
    openbao.ask("DELETE", f"{engine}/metadata/{DOCUMENT}")
    assert store(options).read(TENANT, "mail") is None


# --- each refusal tells who does what


@pytest.mark.parametrize("use", ["read", "write", "check"])
def test_a_sealed_server(openbao, options, use):
    store(options).write(TENANT, "mail", SECRET)

    with openbao.sealed():
        error = refusal(options, use)

    assert error.code == "VaultSealed"
    assert "unseal" in error.next_step
    assert store(options).read(TENANT, "mail") == SECRET


@pytest.mark.parametrize("use", ["read", "write", "check"])
def test_a_token_that_is_none_any_more(openbao, options, use):
    store(options).write(TENANT, "mail", SECRET)
    openbao.revoke(options["token"])

    assert refusal(options, use).code == "VaultTokenInvalid"


def test_a_token_that_has_expired(openbao, engine):
    options = options_of(openbao, engine, token=openbao.token(policy_for(engine), ttl="1s"))
    store(options).check()
    while not _gone(openbao, options["token"]):
        time.sleep(0.1)

    assert refusal(options).code == "VaultTokenInvalid"


def _gone(server: OpenBao, token: str) -> bool:
    try:
        server.ask("POST", "auth/token/lookup", {"token": token})
    except RuntimeError:
        return True
    return False


LESS = {
    "create": 'path "{0}/data/{1}/*" {{ capabilities = ["read", "update"] }}',
    "read": 'path "{0}/data/{1}/*" {{ capabilities = ["create", "update"] }}',
    "update": 'path "{0}/data/{1}/*" {{ capabilities = ["create", "read", "update"] }}',
    "elsewhere": 'path "{0}/data/other/*" {{ capabilities = ["create", "read", "update"] }}',
}


@pytest.mark.parametrize("policy", LESS.values(), ids=LESS)
def test_a_policy_that_is_not_enough_is_known_before_anything_is_issued(openbao, engine, policy):
    options = options_of(openbao, engine, token=openbao.token(policy.format(engine, PATH)))

    error = refusal(options, "check")

    assert error.code == "VaultPermissionDenied"
    assert f"{engine}/data/{PATH}/*" in error.next_step
    assert f"{engine}/destroy/{PATH}/*" in error.next_step


@pytest.mark.parametrize(("use", "capabilities"), [("read", '"create"'), ("write", '"read"')])
def test_what_the_token_may_not_is_told_by_the_path(openbao, engine, use, capabilities):
    policy = f'path "{engine}/data/{PATH}/*" {{ capabilities = [{capabilities}] }}'
    error = refusal(options_of(openbao, engine, token=openbao.token(policy)), use)

    assert error.code == "VaultPermissionDenied"
    assert f"{engine}/{DOCUMENT}" in error.message


@pytest.mark.parametrize("use", ["read", "write", "check"])
def test_an_engine_that_is_not_there(openbao, engine, use):
    token = openbao.token('path "*" { capabilities = ["create", "read", "update"] }')

    error = refusal(options_of(openbao, engine, token=token, engine_mount_point="nowhere"), use)

    assert error.code == "VaultMountMissing"
    assert "nowhere" in error.sentence("contoso")


@pytest.mark.parametrize("use", ["read", "write", "check"])
def test_an_engine_of_version_1_is_written_nothing_to(openbao, use):
    engine = openbao.engine(version=1)

    error = refusal(options_of(openbao, engine), use)

    assert error.code == "VaultEngineVersion"
    assert openbao.ask("GET", f"{engine}/data/{DOCUMENT}") is None


@pytest.mark.parametrize("use", ["read", "check"])
def test_a_namespace_that_is_not_there(options, use):
    assert refusal({**options, "namespace": "nowhere"}, use).code in ("VaultNamespaceMissing", "VaultTokenInvalid")
    root = {**options, "namespace": "nowhere", "token": "the-root-of-the-tests"}
    assert refusal(root, use).code == "VaultNamespaceMissing"


def test_a_namespace_has_a_store_of_its_own(openbao, engine, options):
    namespace = f"team-{engine}"
    openbao.ask("POST", f"sys/namespaces/{namespace}")
    mount = openbao.engine(namespace=namespace)
    inside = {**options, "namespace": namespace, "engine_mount_point": mount, "token": "the-root-of-the-tests"}

    store(inside).write(TENANT, "mail", SECRET)

    assert store(inside).read(TENANT, "mail") == SECRET
    assert refusal({**inside, "namespace": None}).code == "VaultMountMissing"
    assert store(inside).address != store({**inside, "namespace": None}).address


# --- the way to it


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends everybody on, or says no, and remembers what it was asked."""

    asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012
    answer: tuple[int, dict[str, str], bytes] = (307, {"Location": "https://127.0.0.1:1/elsewhere"}, b"")

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def elsewhere(tmp_path: Path, *answer: Any) -> Iterator[dict[str, Any]]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    Elsewhere.asked, Elsewhere.answer = [], answer or Elsewhere.answer  # type: ignore[assignment]
    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"https://127.0.0.1:{server.server_address[1]}"
            yield {**GIVEN, "url": url, "ca_cert": str(tmp_path / "ca.pem"), "token": "s.our-token"}
        finally:
            server.shutdown()
            thread.join()


def test_no_redirect_is_followed_with_the_token(tmp_path):
    with elsewhere(tmp_path) as options:
        error = refusal(options)

    assert error.code == "VaultRedirects"
    assert "https://127.0.0.1:1/elsewhere" in error.message
    assert len(Elsewhere.asked) == 1


HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, HTML, b"<p>Welcome"), "VaultUnexpected"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "VaultUnexpected"),
        ((404, HTML, b"<p>Not found"), "VaultMountMissing"),
        ((502, HTML, b"<p>Bad gateway"), "VaultRefused"),
        ((503, HTML, b"<p>Maintenance"), "VaultRefused"),
        ((429, {"Content-Type": "application/json"}, b'{"errors": ["quota exceeded"]}'), "VaultRefused"),
    ],
)
def test_what_is_no_answer_of_vault_is_not_taken_for_an_empty_store(tmp_path, answer, code):
    with elsewhere(tmp_path, *answer) as options:
        assert refusal(options).code == code


def test_the_certificate_is_verified(options):
    assert refusal({**options, "ca_cert": None}).code == "StoreUnreachable"


def test_nobody_answers(options):
    error = refusal({**options, "url": "https://127.0.0.1:1"})

    assert error.code == "StoreUnreachable"
    assert "https://127.0.0.1:1" in error.message


# --- signing in


def test_an_approle(openbao, engine, options):
    role = _approle(openbao, engine)

    store({**options, **role, "token": None}).write(TENANT, "mail", SECRET)
    assert store(options).read(TENANT, "mail") == SECRET
    error = refusal({**options, **role, "token": None, "secret_id": "no-such-secret-id"})
    assert (error.code, "no-such-secret-id" in error.sentence("")) == ("VaultSignInRefused", False)
    assert refusal({**options, **role, "mount_point": "nowhere"}).code in ("VaultSignInRefused", "VaultMountMissing")


def _approle(server: OpenBao, engine: str) -> dict[str, str]:
    mount = f"approle-{engine}"
    server.ask("POST", f"sys/auth/{mount}", {"type": "approle"})
    server.ask("PUT", f"sys/policies/acl/{engine}", {"policy": policy_for(engine)})
    server.ask("POST", f"auth/{mount}/role/ansible", {"token_policies": [engine]})
    role_id = server.ask("GET", f"auth/{mount}/role/ansible/role-id")["role_id"]
    secret_id = server.ask("POST", f"auth/{mount}/role/ansible/secret-id")["secret_id"]
    return {"auth_method": "approle", "mount_point": mount, "role_id": role_id, "secret_id": secret_id}


def test_a_json_web_token(openbao, engine, options):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    openbao.ask("POST", f"sys/auth/jwt-{engine}", {"type": "jwt"})
    openbao.ask("PUT", f"sys/policies/acl/{engine}", {"policy": policy_for(engine)})
    openbao.ask("POST", f"auth/jwt-{engine}/config", {"jwt_validation_pubkeys": [public.decode()]})
    role = {"role_type": "jwt", "bound_subject": "ansible", "user_claim": "sub", "token_policies": [engine]}
    openbao.ask("POST", f"auth/jwt-{engine}/role/ansible", role)
    claims = {"sub": "ansible", "nbf": time.time() - 60, "exp": time.time() + 600}
    given = {"auth_method": "jwt", "mount_point": f"jwt-{engine}", "role_id": "ansible", "token": None}

    store({**options, **given, "jwt": jwt.encode(claims, key, "RS256")}).write(TENANT, "mail", SECRET)

    assert store(options).read(TENANT, "mail") == SECRET
    other = jwt.encode({**claims, "sub": "another"}, key, "RS256")
    error = refusal({**options, **given, "jwt": other})
    assert (error.code, other in error.sentence("")) == ("VaultSignInRefused", False)


def test_a_client_certificate(openbao, engine, options, tmp_path):
    authority, other = trustme.CA(), trustme.CA()
    openbao.ask("POST", f"sys/auth/cert-{engine}", {"type": "cert"})
    openbao.ask("PUT", f"sys/policies/acl/{engine}", {"policy": policy_for(engine)})
    role = {"certificate": authority.cert_pem.bytes().decode(), "token_policies": [engine]}
    openbao.ask("POST", f"auth/cert-{engine}/certs/ansible", role)
    given = {"auth_method": "cert", "mount_point": f"cert-{engine}", "token": None}

    ours = _files(authority, tmp_path, "ours")
    store({**options, **given, **ours}).write(TENANT, "mail", SECRET)

    assert store(options).read(TENANT, "mail") == SECRET
    assert refusal({**options, **given, **_files(other, tmp_path, "other")}).code == "VaultSignInRefused"
    error = refusal({**options, **given, "cert_auth_public_key": str(tmp_path / "none")})
    assert (error.code, "none" in error.message) == ("StoreUnreachable", True)


def _files(authority: trustme.CA, folder: Path, name: str) -> dict[str, str]:
    issued = authority.issue_cert("ansible.example", common_name="ansible")
    issued.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
    issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
    return {
        "cert_auth_public_key": str(folder / f"{name}.pem"),
        "cert_auth_private_key": str(folder / f"{name}.key"),
    }


def test_a_task_signs_in_once(openbao, engine, options):
    given = {**options, **_approle(openbao, engine), "token": None}
    for registration in ("calendar", "mail"):
        store(given).write(TENANT, registration, SECRET)
        open_handoff(None, given, lambda *_: pytest.fail("not by Ansible Vault")).read("contoso")

    accessors = openbao.ask("GET", "auth/token/accessors?list=true")["keys"]
    tokens = [openbao.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor}) for accessor in accessors]
    assert len([token for token in tokens if token["path"] == f"auth/approle-{engine}/login"]) == 1


# --- options and environment


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT) - {"url", "auth_method", "cert_auth_private_key"}))
def test_what_is_not_given_is_taken_from_the_environment_in_this_order(name):
    names = ENVIRONMENT[name]
    method = {"role_id": "approle", "secret_id": "approle", "jwt": "jwt", "cert_auth_public_key": "cert"}
    environ = {
        "VAULT_ADDR": "https://vault.example",
        "ANSIBLE_HASHI_VAULT_AUTH_METHOD": method.get(name, "token"),
        "ANSIBLE_HASHI_VAULT_ROLE_ID": "a-role",
        "VAULT_TOKEN": "a-token",
        **{variable: f"of-{variable}" for variable in names},
    }
    given = {**GIVEN, "url": None}

    def read(**options: Any) -> Any:
        found = VaultOptions.from_params({**given, **options}, environ)
        return found.certificate.certificate if name == "cert_auth_public_key" else getattr(found, name)  # type: ignore[union-attr]

    assert read() == f"of-{names[0]}"
    assert read(**{name: "given"}) == "given"


@pytest.mark.parametrize(
    ("options", "environ", "code"),
    [
        ({}, {}, "StoreAddressMissing"),
        ({"url": "http://vault.example"}, {"VAULT_TOKEN": "t"}, "StoreAddressUnusable"),
        ({"url": "https://user:word@vault.example"}, {"VAULT_TOKEN": "t"}, "StoreAddressUnusable"),
        ({"url": "https://vault.example/ui"}, {"VAULT_TOKEN": "t"}, "StoreAddressUnusable"),
        ({"url": "https://vault.example"}, {}, "StoreCredentialMissing"),
        ({"url": "https://vault.example", "auth_method": "approle"}, {"VAULT_TOKEN": "t"}, "StoreCredentialMissing"),
        ({"url": "https://vault.example", "auth_method": "jwt", "role_id": "r"}, {}, "StoreCredentialMissing"),
        ({"url": "https://vault.example", "auth_method": "cert"}, {}, "StoreCredentialMissing"),
        (
            {"url": "https://vault.example"},
            {"ANSIBLE_HASHI_VAULT_AUTH_METHOD": "ldap", "VAULT_TOKEN": "t"},
            "StoreSignInUnknown",
        ),
        ({"url": "https://vault.example", "path": "../x"}, {"VAULT_TOKEN": "t"}, "InvalidName"),
        ({"url": "https://vault.example", "engine_mount_point": "a//b"}, {"VAULT_TOKEN": "t"}, "InvalidName"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(options, environ, code):
    with pytest.raises(InputError) as caught:
        VaultOptions.from_params({**GIVEN, **options}, {"HOME": "/nonexistent", **environ})

    assert caught.value.code == code
    assert caught.value.next_step


def test_the_token_that_the_command_has_left(tmp_path):
    (tmp_path / ".vault-token").write_text("left-by-login\n")
    environ = {"HOME": str(tmp_path), "BAO_ADDR": "https://bao.example/"}

    found = VaultOptions.from_params(GIVEN, environ)

    assert (found.token, found.url) == ("left-by-login", "https://bao.example")


def test_no_credential_is_in_what_an_error_may_show():
    found = VaultOptions.from_params(
        {**GIVEN, "url": "https://vault.example", "token": "SECRET", "secret_id": "SECRET", "jwt": "SECRET"}, {}
    )

    assert "SECRET" not in f"{found} {found!r}"


def test_without_the_library_its_installation_is_told(options, monkeypatch):
    monkeypatch.setattr(vault_server, "HVAC_IMPORT_ERROR", ImportError("no hvac"))
    vault_server.signed_in.cache_clear()

    error = refusal(options)

    assert error.code == "LibraryMissing"
    assert re.search(r"pip install hvac$", error.next_step)
