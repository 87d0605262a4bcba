# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import typing as t

from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission.names import nearest
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.confined import (
    KNOWN,
    unconfined,
    use_for_mail,
)


def mistakes(variables: t.Mapping[str, t.Any]) -> list[str]:
    """What would reach the whole tenant although the inventory does not say so in so many words."""
    return [text for kind in ("calendar", "mail") for text in (*_open(variables, kind), *_unconfined(variables, kind))]


def _open(variables: t.Mapping[str, t.Any], kind: str) -> t.Iterator[str]:
    uses = use_for_mail(variables[_name(kind, "permissions")])
    restricted = variables[_name(kind, "restriction")] != "none"
    if uses and not restricted and not variables[_name(kind, "allow_every_mailbox")]:
        yield (
            f"Without a restriction whoever holds the credentials can {' and '.join(sorted(set(uses.values())))} "
            f"({_name(kind, 'permissions')}: {', '.join(uses)}). If that is wanted, set "
            f"{_name(kind, 'allow_every_mailbox')} to true; else restrict it ({_name(kind, 'restriction')})."
        )


def _unconfined(variables: t.Mapping[str, t.Any], kind: str) -> t.Iterator[str]:
    said = variables[_name(kind, "unconfined_permissions")]
    for name in unconfined(variables[_name(kind, "permissions")], variables[_name(kind, "restriction")]):
        if name not in said:
            alike = nearest(name, KNOWN)
            yield (
                f"{_name(kind, 'permissions')}: no restriction of mailboxes confines {name}"
                f"{f' (did you mean {alike}?)' if alike else ''}. If the registration shall have it for the whole "
                f"tenant, name it in {_name(kind, 'unconfined_permissions')}."
            )


def _name(kind: str, variable: str) -> str:
    return f"connector_{kind}_{variable}"
