# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import re
import shutil
import subprocess
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import (
    EndpointError,
    InputError,
    NoExchangeError,
    SignInError,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.aadsts import (
    EXPLANATIONS,
    Who,
    sign_in_error,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.credentials import Tokens
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.tokens import Token

#: The Azure CLI's own application, in every tenant.
_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
#: Seconds; it starts slowly.
_TIMEOUT = 60
_CODE = re.compile(r"AADSTS(\d+)")
_NOT_SIGNED_IN = re.compile(r"az login|az account set", re.IGNORECASE)
_INSTEAD = "Use az login --service-principal with an application of your own, or another auth_kind."


@dataclass(frozen=True)
class AzureCli:
    """Whoever is signed in to the Azure CLI on this machine, a person or a service principal."""

    client_id: str = _CLIENT_ID
    delegated: t.ClassVar[bool] = True
    has_consent_page: t.ClassVar[bool] = False

    @property
    def who(self) -> Who:
        return Who("who is signed in to the Azure CLI")

    def sign_in(self, authority: Authority) -> Tokens:
        return _Cli(self.who, authority)


class _Cli:
    def __init__(self, who: Who, authority: Authority) -> None:
        self._who = who
        self._authority = authority
        self._person = False

    def token(self, resource_url: str) -> Token:
        """Raises NoExchangeError, before anything is asked, where a person wants anything but Microsoft Graph."""
        if self._person:
            raise NoExchangeError(
                "A person who is signed in to the Azure CLI gets no token for Exchange Online: its own application has "
                "no such permission.",
                next_step=_INSTEAD,
                code="AzureCliWithoutExchange",
            )
        token = self._asked(resource_url)
        own, wanted = str(token.claims.get("tid")), self._authority.directory_id
        if own != wanted:
            raise SignInError(
                f"The Azure CLI gave a token of tenant {own}, not of {wanted}.",
                next_step=f"Sign in to this one: az login --tenant {wanted} --allow-no-subscriptions.",
                code="AzureCliRefused",
            )
        self._person = "scp" in token.claims
        return token

    def _asked(self, resource_url: str) -> Token:
        executable = shutil.which("az")
        if executable is None:
            raise InputError(
                "auth_kind azure_cli is given, and there is no command az on this machine.",
                next_step="Install the Azure CLI and sign in with az login, or use another auth_kind.",
                code="AzureCliMissing",
            )
        where = ["--resource", resource_url, "--tenant", self._authority.tenant]
        command = [executable, "account", "get-access-token", "--output", "json", *where]
        try:
            # Inside Ansible's worker there is no module whose run_command could be called.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT
            )
        except subprocess.TimeoutExpired as exc:
            raise EndpointError(
                f"The Azure CLI did not answer within {_TIMEOUT} s.",
                next_step="Try az account show by hand.",
                code="AzureCliRefused",
            ) from exc
        if done.returncode:
            raise self._refused(done.stderr, resource_url)
        return _read(done.stdout)

    def _refused(self, text: str, resource_url: str) -> SignInError:
        codes = [int(code) for code in _CODE.findall(text)]
        if any(code in EXPLANATIONS for code in codes):
            return sign_in_error({"error_codes": codes, "error_description": text}, self._who, resource_url)
        tenant = self._authority.tenant
        if _NOT_SIGNED_IN.search(text):
            message = f"Nobody is signed in to the Azure CLI for tenant {tenant}."
        else:
            message = f"The Azure CLI gave no token for {resource_url}."
        return SignInError(
            message,
            next_step=f"Sign in: az login --tenant {tenant} --allow-no-subscriptions. In a customer's tenant only who "
            "is known there can.",
            code="AzureCliRefused",
        )


def _read(output: str) -> Token:
    """What it prints is a token and must be shown nowhere, whatever is wrong with it."""
    try:
        answer = json.loads(output)
        # Local time without a zone, of versions before 2.54.
        end = answer.get("expires_on") or datetime.fromisoformat(answer["expiresOn"]).timestamp()
        return Token(str(answer["accessToken"]), expires_at=float(end))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignInError(
            "What the Azure CLI printed is no token.", next_step="Update the Azure CLI.", code="AzureCliRefused"
        ) from None
