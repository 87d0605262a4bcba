# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError, SignInError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.answers import parse
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority


def ask_pipeline(authority: Authority, method: str, url: str, token: str, member: str, **request: t.Any) -> str:
    """The token that a pipeline's service gives to a job for itself, in `member` of its answer.

    `token`: what the job shows there; it goes over TLS or nowhere. Raises InputError, EndpointError, SignInError.
    """
    if urlsplit(url).scheme != "https":
        raise InputError(f"The pipeline's address for tokens, {url}, is not https.", code="PipelineTokenRefused")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **request.pop("headers", {})}
    response = authority.http.request(method, url, headers=headers, reads=True, **request)
    found = _member(response.text, member) if response.status_code == 200 else None
    if found is None:
        raise SignInError(
            f"The pipeline's service at {urlsplit(url).hostname} gave no token (status {response.status_code}).",
            next_step="Look at the job's permissions for tokens, and whether it has ended; see the page sign-in.",
            code="PipelineTokenRefused",
        )
    return found


def _member(text: str, member: str) -> str | None:
    try:
        body = parse(text)
    except ValueError:
        return None
    found = body.get(member) if isinstance(body, dict) else None
    return found if isinstance(found, str) and found else None
