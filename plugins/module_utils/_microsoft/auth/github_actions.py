# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.pipeline import ask_pipeline


@dataclass(frozen=True)
class GithubActions:
    """A job of GitHub Actions (docs.github.com/actions, OpenID Connect reference)."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: t.Mapping[str, str]) -> t.Self:
        """Raises InputError outside of a job that may ask for tokens."""
        url = environ.get("ARM_OIDC_REQUEST_URL") or environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
        token = environ.get("ARM_OIDC_REQUEST_TOKEN") or environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if not url or not token:
            raise InputError(
                "auth_kind github_actions is given, and GitHub Actions offers no token here: "
                "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set.",
                next_step="Give the job the permission id-token: write, and run it in GitHub Actions itself: a "
                "container or another machine gets these two variables only where they are handed on.",
                code="PipelineTokenRefused",
            )
        return cls(url, token)

    def assertion(self, authority: Authority) -> str:
        parts = urlsplit(self.url)
        query = [*parse_qsl(parts.query), ("audience", authority.token_exchange)]
        url = urlunsplit(parts._replace(query=urlencode(query)))
        return ask_pipeline(authority, "GET", url, self.token, "value")
