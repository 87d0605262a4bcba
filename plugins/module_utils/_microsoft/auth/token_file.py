# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.authority import Authority

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
#: A token is some kilobytes at most; whatever is larger is another file.
_MOST = 100_000


@dataclass(frozen=True)
class TokenFile:
    """A file that a platform keeps fresh, as Kubernetes does for Microsoft Entra Workload ID."""

    path: str

    def assertion(self, authority: Authority) -> str:
        """Read anew each time: the platform replaces it about every hour. Raises InputError."""
        try:
            with Path(self.path).expanduser().open("rb") as file:
                content = file.read(_MOST + 1)
        except (OSError, ValueError, RuntimeError) as exc:  # a null character; a home folder of nobody
            reason = exc.strerror if isinstance(exc, OSError) else exc
            raise _refused(self.path, f"cannot be read: {reason}") from exc
        text = content.decode("ascii", errors="replace").strip()
        if len(content) > _MOST or not _JWT.fullmatch(text):
            raise _refused(self.path, "holds no token (a signed JWT) alone")
        return text


def _refused(path: str, what: str) -> InputError:
    return InputError(
        f"The federated token file {path} {what}.",
        next_step="Correct auth_federated_token_file (AZURE_FEDERATED_TOKEN_FILE), or the platform that writes it.",
        code="FederatedTokenNotReadable",
    )
