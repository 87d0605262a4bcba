# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs over fleets of any size leave behind for a report."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

NAMES = ("contoso", "fabrikam", "adatum", "litware", "northwind", "tailspin", "wingtip", "proseware", "relecloud")
NEXT = {
    "complete": "-",
    "waiting_for_consent": "A Global Administrator of the tenant gives consent: "
    "https://login.microsoftonline.com/{id}/adminconsent?client_id={client}",
    "waiting_for_exchange": "You run again after {by}. Not yet: policy of 'Totalview Senders' is not enforced. "
    "Nobody but your store holds a new secret until then.",
    "not_provable": "You decide. Nothing is wrong, and it is not proven: no mailbox lies outside.",
    "failed": "Tenant {host}.onmicrosoft.com: Microsoft Entra refused the sign-in: the client secret has expired "
    "(AADSTS7000222). The automation's owner issues a new one. [request-id {client}]",
    "findings": "Somebody has added a client secret that the store does not know.",
}
WEIGHTS = {
    "complete": 88,
    "waiting_for_consent": 4,
    "waiting_for_exchange": 3,
    "not_provable": 1,
    "failed": 2,
    "findings": 2,
}
FINDINGS = (("foreign-secret", "high"), ("extra-grant", "high"), ("drift", "medium"), ("secret-expires", "low"))


def fleet(size: int, seed: int = 1) -> tuple[list[Json], list[Json]]:
    """Results and details of so many tenants."""
    chance = random.Random(seed)
    made = [_tenant(chance, place) for place in range(size)]
    return [result for result, _details in made], [details for _result, details in made]


def _tenant(chance: random.Random, place: int) -> tuple[Json, Json]:
    now = datetime.now(UTC).replace(microsecond=0)
    host = f"{NAMES[place % len(NAMES)]}-{place:04}"
    id_, client = (str(uuid.UUID(int=chance.getrandbits(128))) for _number in range(2))
    [state] = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    by = (now + timedelta(hours=2)).isoformat()
    result: Json = {
        "tenant": host,
        "state": state,
        "changed": [] if chance.random() < 0.8 else ["mail: proof", "hand-off"],
        "next": NEXT[state].format(id=id_, client=client, host=host, by=by),
    }
    if state == "waiting_for_exchange":
        result["by"] = by
    registrations = [
        {
            "name": name,
            "client_id": str(uuid.UUID(int=chance.getrandbits(128))),
            "restriction": "access_policy" if name == "mail" else "none",
            "secret_key_id": str(uuid.UUID(int=chance.getrandbits(128))),
            "secret_ends": (now + timedelta(days=chance.randint(-3, 364))).isoformat(),
            "proven_at": (now - timedelta(hours=chance.randint(1, 150))).isoformat(),
        }
        for name in ("calendar", "mail")
    ]
    findings = [_finding(now, chance, *kind) for kind in chance.sample(FINDINGS, 2)] if state == "findings" else []
    details = {
        "tenant": host,
        "tenant_id": id_,
        "registrations": [] if state == "failed" else registrations,
        "steps": [{"registration": "mail", "part": "proof", "changes": ["record the proof"]}]
        if result["changed"]
        else [],
        "warnings": ["mail: The application has client secrets of others."] if chance.random() < 0.02 else [],
        "findings": findings,
    }
    return result, details


def _finding(now: datetime, chance: random.Random, id_: str, severity: str) -> Json:
    return {
        "id": f"{id_}:mail:{uuid.UUID(int=chance.getrandbits(128))}",
        "kind": id_,
        "severity": severity,
        "registration": "mail",
        "what": "Something lets somebody in that the inventory and the store do not know.",
        "since": (now - timedelta(days=chance.randint(0, 40))).isoformat(),
        "evidence": [f"key id {uuid.UUID(int=chance.getrandbits(128))}, 'portal secret', expires 2027-08-01"],
        "advice": "Ask who added it. Remove it at the application once nobody uses it.",
        "playbook": "onboard",
    }
