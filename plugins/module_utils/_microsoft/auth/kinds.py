# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError

#: What the options are called in the environment: the Azure SDK's names first, then the azuread Terraform provider's.
ENVIRONMENT: t.Mapping[str, tuple[str, ...]] = {
    "auth_client_secret": ("AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET"),
    "auth_certificate_path": ("AZURE_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_CERTIFICATE_PATH"),
    "auth_certificate_password": ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "ARM_CLIENT_CERTIFICATE_PASSWORD"),
    "auth_send_certificate_chain": ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",),
    "auth_federated_token_file": ("AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"),
    "auth_service_connection_id": (
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
    ),
}


@dataclass(frozen=True)
class Kind:
    """A way to sign in. `option`: the one that names it by being given; `others`: what may be given besides."""

    option: str | None
    others: tuple[str, ...] = ()
    options: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", frozenset(filter(None, (self.option, *self.others))))


_CERTIFICATE = ("auth_certificate_path", "auth_certificate_password", "auth_send_certificate_chain")
#: By the value of auth_kind.
KINDS: t.Mapping[str, Kind] = {
    "client_secret": Kind("auth_client_secret"),
    "certificate": Kind(_CERTIFICATE[0], _CERTIFICATE[1:]),
    "federated_token_file": Kind("auth_federated_token_file"),
    "github_actions": Kind(None),
    "azure_pipelines": Kind("auth_service_connection_id"),
    "managed_identity": Kind(None),
    "federated_managed_identity": Kind("auth_managed_identity_client_id"),
    "azure_cli": Kind(None),
    "device_code": Kind(None, ("auth_refresh_token_file",)),
    "refresh_token": Kind("auth_refresh_token_file", ("auth_client_secret", *_CERTIFICATE)),
}


def credential_options(kinds: t.Iterable[str]) -> tuple[str, ...]:
    """Those of these kinds, each once, in the kinds' order."""
    named = ((KINDS[kind].option, *KINDS[kind].others) for kind in kinds)
    return tuple(dict.fromkeys(option for options in named for option in options if option))


#: Options that are of some kind only.
CREDENTIAL_OPTIONS = frozenset(credential_options(KINDS))


def chosen(params: t.Mapping[str, t.Any]) -> str:
    """The one kind that the options mean. Raises InputError where they mean none, or two, and names both."""
    given = [option for option in sorted(CREDENTIAL_OPTIONS) if params.get(option)]
    asked = params.get("auth_kind")
    if asked:
        foreign = [option for option in given if option not in KINDS[asked].options]
        if foreign:
            raise two_ways(f"auth_kind {asked}", named(foreign[0]))
        return str(asked)
    if "auth_certificate_path" in given and "auth_refresh_token_file" not in given:
        given = [option for option in given if option != "auth_client_secret"]  # over which it has always won
    meant = {name: kind for name, kind in KINDS.items() if kind.option in given}
    # A refresh token has some that name kinds.
    companions = {option for kind in meant.values() for option in kind.others}
    meant = {name: kind for name, kind in meant.items() if kind.option not in companions}
    if not meant:
        raise _none(params)
    if len(meant) > 1:
        raise two_ways(*(named(str(kind.option)) for kind in list(meant.values())[:2]))
    (name, kind), *_others = meant.items()
    foreign = [option for option in given if option not in kind.options]
    if foreign:
        raise two_ways(named(str(kind.option)), named(foreign[0]))
    return name


def named(option: str) -> str:
    """As in "auth_client_secret (AZURE_CLIENT_SECRET)": the value may have come from either."""
    return f"{option} ({ENVIRONMENT[option][0]})" if option in ENVIRONMENT else option


def two_ways(one: str, other: str) -> InputError:
    return InputError(
        f"Two ways to sign in are given: {one} and {other}.",
        next_step="Give what belongs to one of them. With auth_kind, the environment's variables of other kinds are "
        "left alone.",
        code="SignInAmbiguous",
    )


def _none(params: t.Mapping[str, t.Any]) -> InputError:
    missing = (
        "nothing says how" if params.get("auth_client_id") else "auth_client_id is not given, and nothing says how"
    )
    return InputError(
        f"No credential to sign in with: {missing}.",
        next_step="Give auth_client_id with auth_client_secret or auth_certificate_path (or AZURE_CLIENT_ID, "
        "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH), or one of the other ways with auth_kind: "
        f"{', '.join(KINDS)}.",
        code="CredentialMissing",
    )
