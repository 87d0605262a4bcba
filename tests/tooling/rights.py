# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/security.md about the automation's rights, from the code that asks for them:
`python -m tooling.rights`, with `tests` and `collections` on the path of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._connector.rights import Right, rights_for
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import read_variables
from tooling.tables import Table, written

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "roles" / "connector" / "defaults" / "main.yml").read_text("utf-8"))
#: An inventory that asks for as little as it can.
LEAST = {
    **DEFAULTS,
    "connector_tenant_id": "contoso.onmicrosoft.com",
    "connector_mail_sender": "totalview@contoso.com",
    "connector_store_folder": "/srv/totalview/secrets",
    "connector_mail_restriction": "none",
    "connector_mail_allow_every_mailbox": True,
}


def _either(name: str, value: Any, **others: Any) -> list[dict[str, Any]]:
    """For one registration is as much as for both."""
    return [{f"connector_{kind}_{name}": value, **others} for kind in ("calendar", "mail")]


#: What an inventory may ask for beyond that, as the page calls it; each way to ask for it needs the same.
CHOICES: dict[str, list[dict[str, Any]]] = {
    "`connector_<kind>_restriction: access_policy`": _either("restriction", "access_policy"),
    "`connector_<kind>_restriction: rbac`": _either("restriction", "rbac"),
    "the same with `connector_rbac_api: graph_beta`": _either("restriction", "rbac", connector_rbac_api="graph_beta"),
    "`connector_adopt`, `connector_<kind>_adopt` or `connector_<kind>_adopt_client_id`": [
        {"connector_adopt": True},
        *_either("adopt", True),
        *_either("adopt_client_id", "0e8f7a6b-2c4d-4f5e-8a9b-7c6d5e4f3a2b"),
    ],
    "`connector_<kind>_owners`": _either("owners", ["1c9b3a2e-0f77-4c63-8f0b-5a3c8a1d9e02"]),
    "`connector_sign_in_reports`": [{"connector_sign_in_reports": True}],
    "`connector_directory_audits`": [{"connector_directory_audits": True}],
}


def needed(changes: dict[str, Any]) -> list[Right]:
    return rights_for(read_variables({**LEAST, **changes}, "contoso"))


def by_choice() -> Iterator[list[str]]:
    """What each choice adds to what every tenant needs."""
    least = needed({})
    yield ["whatever it is", *_row(least)]
    for choice, ways in CHOICES.items():
        [added] = {tuple(right for right in needed(changes) if right not in least) for changes in ways}
        yield [choice, *_row(added)]


def _row(rights: Iterable[Right]) -> list[str]:
    required = [f"`{right.permission}`" for right in rights if right.required]
    optional = [f"`{right.permission}`; without it {right.without}" for right in rights if not right.required]
    return [", ".join(required) or "-", ". ".join(optional) or "-"]


def by_permission() -> Iterator[list[str]]:
    everything = [{}, *(changes for ways in CHOICES.values() for changes in ways)]
    rights = {right.permission: right for changes in everything for right in needed(changes)}
    for right in rights.values():
        yield [f"`{right.permission}`", right.resource, ", ".join(f"`{name}`" for name in sorted(right.instead)) or "-"]


TABLES: dict[str, Table] = {
    "rights by choice": (["The inventory asks for", "Needed", "Better with"], by_choice),
    "rights by permission": (["Permission", "Of", "Included in"], by_permission),
}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8"), TABLES), "utf-8")
