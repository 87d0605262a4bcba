# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._microsoft.auth.session import Session

if t.TYPE_CHECKING:
    from cryptography.fernet import Fernet, InvalidToken

    _SEAL: Fernet
else:
    # ansible-core cannot run without it either, but ansible-test looks at this file where it is missing.
    with contextlib.suppress(ImportError):
        from cryptography.fernet import Fernet, InvalidToken

        # Made once in the ansible-playbook process, before it forks its workers: each inherits it, nothing else has
        # it. So a session is of no use in a log, a fact cache or another run, whoever registers or prints it.
        _SEAL = Fernet(Fernet.generate_key())


def seal(session: Session) -> str:
    return _SEAL.encrypt(session.dump().encode()).decode()


def unseal(text: str | None) -> Session | None:
    """None where the text was sealed by another run: the task then signs in by itself."""
    if not text:
        return None
    try:
        return Session.load(_SEAL.decrypt(text.encode()).decode())
    except InvalidToken:
        return None
