# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    InputError,
    StoreError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.http_client import (
    ClientCertificate,
    HttpClient,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._printable import one_line

if t.TYPE_CHECKING:
    import hvac
    import requests

    HVAC_IMPORT_ERROR: ImportError | None
else:
    try:
        import hvac
        import hvac.exceptions
    except ImportError as exc:
        HVAC_IMPORT_ERROR = exc
    else:
        HVAC_IMPORT_ERROR = None

#: Option and the names that community.hashi_vault, Vault and OpenBao have for it in the environment.
ENVIRONMENT = {
    "url": ("ANSIBLE_HASHI_VAULT_ADDR", "VAULT_ADDR", "BAO_ADDR"),
    "namespace": ("ANSIBLE_HASHI_VAULT_NAMESPACE", "VAULT_NAMESPACE", "BAO_NAMESPACE"),
    "ca_cert": ("ANSIBLE_HASHI_VAULT_CA_CERT", "VAULT_CACERT", "BAO_CACERT"),
    "auth_method": ("ANSIBLE_HASHI_VAULT_AUTH_METHOD",),
    "mount_point": ("ANSIBLE_HASHI_VAULT_MOUNT_POINT",),
    "token": ("ANSIBLE_HASHI_VAULT_TOKEN", "VAULT_TOKEN", "BAO_TOKEN"),
    "role_id": ("ANSIBLE_HASHI_VAULT_ROLE_ID",),
    "secret_id": ("ANSIBLE_HASHI_VAULT_SECRET_ID",),
    "jwt": ("ANSIBLE_HASHI_VAULT_JWT",),
    "cert_auth_public_key": ("ANSIBLE_HASHI_VAULT_CERT_AUTH_PUBLIC_KEY",),
    "cert_auth_private_key": ("ANSIBLE_HASHI_VAULT_CERT_AUTH_PRIVATE_KEY",),
}
AUTH_METHODS = ("token", "approle", "jwt", "cert")
#: What each method cannot do without.
_NEEDS = {"token": ("token",), "approle": ("role_id",), "jwt": ("role_id", "jwt"), "cert": ("cert_auth_public_key",)}

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9][A-Za-z0-9._@-]*)*")
#: Times that a request is sent again.
_RETRIES = 2
_CONFLICT = "check-and-set parameter did not match"


@dataclass(frozen=True)
class VaultOptions:
    """Where a KV v2 engine is, and how to sign in to its server."""

    url: str
    engine_mount_point: str
    path: str
    auth_method: str
    mount_point: str
    namespace: str | None = None
    ca_cert: str | None = None
    token: str | None = field(default=None, repr=False)
    role_id: str | None = None
    secret_id: str | None = field(default=None, repr=False)
    jwt: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Self:
        """Raises InputError for what cannot work."""
        given = {name: params.get(name) or _first(names, environ) for name, names in ENVIRONMENT.items()}
        method = given["auth_method"] or "token"
        if method == "token" and not given["token"]:
            given["token"] = _token_of_the_command(environ)
        _check(given, method, params)
        public, private = given["cert_auth_public_key"], given["cert_auth_private_key"]
        return cls(
            url=str(given["url"]).rstrip("/"),
            engine_mount_point=params["engine_mount_point"].strip("/"),
            path=params["path"].strip("/"),
            auth_method=method,
            mount_point=(given["mount_point"] or method).strip("/"),
            certificate=ClientCertificate(public, private) if method == "cert" and public else None,
            **{name: given[name] for name in ("namespace", "ca_cert", "token", "role_id", "secret_id", "jwt")},
        )

    @property
    def engine(self) -> str:
        return "/".join(part for part in (self.namespace, self.engine_mount_point) if part)


def _first(names: t.Sequence[str], environ: t.Mapping[str, str]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _token_of_the_command(environ: t.Mapping[str, str]) -> str | None:
    """What `vault login` and `bao login` have left."""
    try:
        return Path(environ.get("HOME", "~"), ".vault-token").expanduser().read_text("utf-8").strip() or None
    except (OSError, RuntimeError, UnicodeDecodeError):
        return None


def _check(given: t.Mapping[str, str | None], method: str, params: t.Mapping[str, t.Any]) -> None:
    url = given["url"]
    if not url:
        raise InputError(
            "The address of the secret store is missing.",
            next_step="Give the store's url, or VAULT_ADDR in the environment.",
            code="StoreAddressMissing",
        )
    if not re.fullmatch(r"https://[^/?#@\s]+/?", url):
        raise InputError(
            f"'{url}' is no usable address of a secret store: secrets travel over TLS only.",
            next_step="Give https://host[:port] as the store's url, or as VAULT_ADDR in the environment.",
            code="StoreAddressUnusable",
        )
    if method not in AUTH_METHODS:
        raise InputError(
            f"The secret store cannot be signed in to by '{method}'.",
            next_step=f"Give one of {', '.join(AUTH_METHODS)} as its auth_method.",
            code="StoreSignInUnknown",
        )
    if missing := [name for name in _NEEDS[method] if not given[name]]:
        raise InputError(
            f"To sign in to the secret store by {method}, {' and '.join(missing)} is missing.",
            next_step=f"Give the store's {' and '.join(missing)}, or {', '.join(ENVIRONMENT[missing[0]])} in the "
            "environment.",
            code="StoreCredentialMissing",
        )
    for name in ("engine_mount_point", "path"):
        if not _PATH.fullmatch(params[name].strip("/")):
            raise InputError(
                f"{name} '{params[name]}' is no path in a secret store.",
                next_step="Use letters, digits, . _ @ - and single slashes only.",
                code="InvalidName",
            )


class _Session:
    """What hvac takes for a session of requests: our own client, which follows no redirect with the token in it."""

    verify = cert = proxies = None

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def request(
        self,
        method: str,
        url: str,
        headers: t.Mapping[str, str],
        params: t.Mapping[str, t.Any] | None = None,
        json: t.Any = None,
        **_settings: t.Any,
    ) -> requests.Response:
        answer = self._http.request(method.upper(), url, headers=headers, params=params, json=json, retries=_RETRIES)
        if answer.is_redirect:
            raise StoreError(
                f"The secret store sends us on to {one_line(answer.headers['Location'])}, and nobody but the store "
                "that was named gets its token.",
                next_step="Give the address of the active server, or of the whole cluster, as the store's url.",
                code="VaultRedirects",
            )
        return answer


class Conflict(Exception):
    """Somebody else has written since it was read."""


def data_of(answer: t.Any) -> t.Any:
    """Raises StoreError for what is no answer of Vault's."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict):
        return answer["data"]
    raise StoreError(
        "The secret store does not answer like a KV engine of version 2.",
        next_step="Check its url and engine_mount_point.",
        code="VaultUnexpected",
    )


@lru_cache(maxsize=2)
def signed_in(options: VaultOptions) -> hvac.Client:
    """One sign-in for each task. Raises StoreError."""
    if HVAC_IMPORT_ERROR is not None:
        raise StoreError(
            "The secret store vault_kv2 needs the Python library hvac, which this Python does not have.",
            next_step="Install it where Ansible runs: python3 -m pip install hvac",
            code="LibraryMissing",
        ) from HVAC_IMPORT_ERROR
    with told(options, "sign in"):
        session = _Session(HttpClient(options.ca_cert, options.certificate))
        client = hvac.Client(
            options.url,
            token=options.token or "",
            verify=True,
            session=session,
            allow_redirects=False,
            namespace=options.namespace,
        )
        try:
            _sign_in(client, options)
        except (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized) as exc:
            raise StoreError(
                f"The secret store {options.url} refuses the sign-in by {options.auth_method} at "
                f"{options.mount_point}: {_reason(exc)}.",
                next_step="Whoever runs the store gives a credential that is valid; nothing was written.",
                code="VaultSignInRefused",
            ) from exc
    return client


def _sign_in(client: hvac.Client, options: VaultOptions) -> None:
    match options.auth_method:
        case "approle":
            client.auth.approle.login(options.role_id, options.secret_id, mount_point=options.mount_point)
        case "jwt":
            client.auth.jwt.jwt_login(options.role_id, options.jwt, path=options.mount_point)
        case "cert":
            # hvac's own method wants the files once more; our connection shows the certificate.
            role = {"name": options.role_id} if options.role_id else {}
            client.adapter.login(f"/v1/auth/{options.mount_point}/login", json=role)


@lru_cache(maxsize=2)
def require_kv2(options: VaultOptions) -> None:
    """Raises StoreError unless the mount is a KV engine of version 2."""
    mount = options.engine_mount_point
    with told(options, f"look at the engine {options.engine}"):
        try:
            found = data_of(signed_in(options).adapter.get(f"/v1/sys/internal/ui/mounts/{mount}"))
        except hvac.exceptions.Forbidden as exc:  # so the server says that there is none
            raise token_refused(options, f"look at {options.engine}") or _mount_missing(options) from exc
    if found.get("path", "").strip("/") != mount:
        raise _mount_missing(options)
    if found.get("type") != "kv" or (found.get("options") or {}).get("version") != "2":
        raise StoreError(
            f"{options.engine} of the secret store {options.url} is no KV engine of version 2, which alone can check "
            "that nobody else has written.",
            next_step="Whoever runs the store enables one (vault secrets enable -path=NAME kv-v2), or upgrades this "
            "one (vault kv enable-versioning); then give its engine_mount_point.",
            code="VaultEngineVersion",
        )


def token_refused(options: VaultOptions, action: str) -> StoreError | None:
    """Vault says the same of a token that is none and of one that may not; None where it is the latter."""
    try:
        signed_in(options).auth.token.lookup_self()
    except hvac.exceptions.Forbidden:
        return StoreError(
            f"The secret store {options.url} does not take the token: it has expired, was revoked, or is another "
            f"store's. It was to {action}.",
            next_step="Sign in to it anew, and give the new token.",
            code="VaultTokenInvalid",
        )
    except hvac.exceptions.VaultError:
        pass
    return None


@contextmanager
def told(options: VaultOptions, action: str) -> t.Iterator[None]:
    """What the server says, as what it means and who does what."""
    try:
        yield
    except EndpointError as exc:
        raise StoreError(
            f"The secret store cannot be reached to {action}. {exc.message}",
            next_step=exc.next_step.replace("ca_path", "ca_cert"),
            code="StoreUnreachable",
        ) from exc
    except hvac.exceptions.InvalidPath as exc:
        if "namespace" in _reason(exc):
            raise StoreError(
                f"The secret store {options.url} has no namespace '{options.namespace}'.",
                next_step="Give the store's namespace as its server has it.",
                code="VaultNamespaceMissing",
            ) from exc
        raise _mount_missing(options) from exc
    except hvac.exceptions.InvalidRequest as exc:
        if _CONFLICT in _reason(exc):
            raise Conflict from exc
        # So OpenBao answers at sys/capabilities-self for a token whose uses are over.
        refused = token_refused(options, action) if "invalid token" in _reason(exc) else None
        raise refused or _refused(options, action, exc) from exc
    except hvac.exceptions.VaultDown as exc:
        if "sealed" in _reason(exc):
            raise StoreError(
                f"The secret store {options.url} is sealed: nobody can read or write it.",
                next_step="Whoever runs it unseals it (vault operator unseal); then run again.",
                code="VaultSealed",
            ) from exc
        raise _refused(options, action, exc) from exc
    except hvac.exceptions.Forbidden:
        raise
    except hvac.exceptions.VaultError as exc:
        raise _refused(options, action, exc) from exc


def _mount_missing(options: VaultOptions) -> StoreError:
    return StoreError(
        f"The secret store {options.url} has no engine at {options.engine} that the token may see.",
        next_step="Give the engine_mount_point and the namespace as its server has them (vault secrets list), or "
        "whoever runs it enables the engine (vault secrets enable -path=NAME kv-v2).",
        code="VaultMountMissing",
    )


def _refused(options: VaultOptions, action: str, exc: t.Any) -> StoreError:
    return StoreError(
        f"The secret store {options.url} failed to {action}: {_reason(exc)}.",
        next_step="Run again in some minutes; should it stay so, ask whoever runs the store.",
        code="VaultRefused",
    )


def _reason(exc: t.Any) -> str:
    """The server's own words."""
    errors = exc.errors if isinstance(exc.errors, list) else [exc.errors or exc.text or type(exc).__name__]
    return one_line("; ".join(" ".join(str(error).split()) for error in errors))[:300].rstrip(".")
