# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.totalview.exchange365.plugins.module_utils._connector import ahead, options
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.model import Wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.options import Options, Registration
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.summary import Standing
from ansible_collections.totalview.exchange365.plugins.module_utils._connector.variables import Variables
from ansible_collections.totalview.exchange365.plugins.module_utils._errors import ConnectorError, InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import (
    Call,
    Operation,
    Outcome,
    failure,
    perform,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.client_secret.run import (
    run as run_secret,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.message import hand_over
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.consent.run import run as run_consent
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.handoff import run as handoff_run
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.permission import (
    declaration as permission_declaration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.proof.run import run as run_proof
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.registration.run import (
    run as run_registration,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._resources.restriction.run import (
    run as run_restriction,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.open import open_store

#: In this order. It is a promise: the door closes before it opens. The restriction of mailboxes comes before consent,
#: so that a registration never reaches the whole tenant, and the connector gets nothing before the proof.
STAGES = ("application", "restriction", "consent", "secret", "proof", "old_restriction")

_LAST = ("proof", "old_restriction")
#: Here what was read ahead for the second registration would be void after the first one's writes.
_WRITING_GRAPH = ("application", "consent", "secret")

#: What later stages and the summary want to know of a module's result.
_NOTED: t.Mapping[str, tuple[str, ...]] = {
    "application": ("registration",),
    "restriction": ("state", "waiting", "hold", "since", "try_again_at", "leftover", "fingerprint"),
    "consent": ("state", "held", "link"),
    "secret": ("secret",),
    "proof": ("state", "checks", "try_again_at"),
}


@dataclass
class Progress:
    """What the stages before have said and done; goes from task to task as JSON, and holds no secret.

    As text, because Ansible looks into whatever is no text, many times.

    `noted`: results by registration and part. `changed`: parts by registration that changed something, or in check mode
    would have. What concerns the tenant as a whole has the name "".
    """

    tenant_id: str
    handed_off: bool
    noted: dict[str, dict[str, dict[str, t.Any]]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, text: str) -> t.Self:
        return cls(**json.loads(text))

    def dump(self) -> str:
        return json.dumps(vars(self))

    def of(self, name: str, part: str) -> dict[str, t.Any]:
        return self.noted.get(name, {}).get(part, {})

    def need(self, name: str, part: str) -> dict[str, t.Any]:
        """As `of`. Raises InputError where its stage has not been done."""
        if part not in self.noted.get(name, {}):
            raise InputError(f"There is no {part} of {name} yet.", next_step="Do the stages in their order.")
        return self.noted[name][part]

    def every(self, part: str) -> list[dict[str, t.Any]]:
        return [parts[part] for parts in self.noted.values() if part in parts]

    def note(self, name: str, part: str, result: t.Mapping[str, t.Any]) -> None:
        kept = {key: result[key] for key in _NOTED.get(part, ()) if key in result}
        self.noted.setdefault(name, {})[part] = kept
        if result.get("changed"):
            self.changed.setdefault(name, []).append(part.replace("_", " "))

    def changed_parts(self) -> list[str]:
        """As in ["calendar: application, consent", "hand-off"]."""
        lists = {name: ", ".join(parts) for name, parts in self.changed.items()}
        return [f"{name}: {parts}" if name else parts for name, parts in sorted(lists.items(), key=_tenant_last)]


def _tenant_last(entry: tuple[str, str]) -> bool:
    return not entry[0]


class Onboarding:
    """The stages of one tenant, each the work of modules for both registrations with one sign-in."""

    def __init__(self, call: Call, host: str, variables: Variables, progress: Progress) -> None:
        self._host = host
        self._variables = variables
        self._connection = options.connection(variables)
        self._call = replace(call, params=self._connection)
        self._call = replace(self._call, signed_in=self._call.tenant())
        self._registrations = options.registrations(variables)
        address = open_store(options.store(variables), call.vault).address
        self._wanted = {entry["name"]: Wanted.from_options(variables, entry, address) for entry in self._registrations}
        self._results: list[dict[str, t.Any]] = []
        self.progress = progress

    def run(self, stage: str) -> Outcome:
        """Both registrations have their turn, whatever becomes of the first."""
        try:
            self._work(stage)
        except ConnectorError as error:
            self._note(stage, "", failure(error, self._call.tenant_name), [])
        return self._outcome(stage)

    def _work(self, stage: str) -> None:
        work: dict[str, t.Callable[[Registration], None]] = {
            "application": self._application,
            "restriction": self._restriction,
            "consent": self._consent,
            "secret": self._secret,
            "proof": self._proof,
            "old_restriction": self._old_restriction,
        }
        if stage not in _WRITING_GRAPH:
            self._read_ahead(stage, *self._wanted)
        for registration in self._registrations:
            if stage in _WRITING_GRAPH:
                self._read_ahead(stage, registration["name"])
            work[stage](registration)
        if stage == "proof" and not self._failed():
            self._hand_off()

    def _read_ahead(self, stage: str, *names: str) -> None:
        known = {name: self.progress.need(name, "application")["registration"] for name in names}
        ahead.read_for(self._call.tenant(), stage, [self._wanted[name] for name in names], known)

    def _application(self, registration: Registration) -> None:
        given = options.application(self._variables, registration)
        result = self._do(registration, "application", run_registration, given)
        # In check mode one that is yet to be made; it declares them from the start.
        if result is not None and result["registration"]["client_id"] is not None:
            self._do(registration, "permissions", permission_declaration.run, options.permissions(registration))

    def _restriction(self, registration: Registration) -> None:
        self._do(registration, "restriction", run_restriction, options.restriction(self._variables, registration))

    def _consent(self, registration: Registration) -> None:
        hold = self.progress.need(registration["name"], "restriction")["hold"]
        result = self._do(registration, "consent", run_consent, options.consent(registration, hold))
        if result:
            hand_over(result["message"])

    def _secret(self, registration: Registration) -> None:
        self._do(registration, "secret", run_secret, options.secret(self._variables, registration))

    def _proof(self, registration: Registration) -> None:
        name, progress = registration["name"], self.progress
        restriction = progress.need(name, "restriction")
        if progress.need(name, "consent")["state"] != "granted" or restriction["state"] == "waiting_for_exchange":
            return
        secretless = not progress.need(name, "secret")["secret"]
        proof = {
            **options.proof(self._variables, registration),
            # Without a secret, in check mode only, whatever was proven was proven with another one.
            "fingerprint": None if secretless else restriction["fingerprint"],
            "since": restriction["since"],
            "pending": self._call.check_mode and name in progress.changed,
        }
        self._do(registration, "proof", run_proof, proof)

    def _old_restriction(self, registration: Registration) -> None:
        name = registration["name"]
        if self.progress.need(name, "restriction")["leftover"] and self._is_proven(name):
            proven = options.restriction(self._variables, registration, proven=True)
            self._do(registration, "old_restriction", run_restriction, proven)

    def _hand_off(self) -> None:
        """Waits for consent and for the proof."""
        proven = all(self._is_proven(entry["name"]) for entry in self._registrations)
        if self._waiting_consents() or not (proven or self._variables["connector_handoff_unproven"]):
            return
        secretless = [
            entry["unique_name"]
            for entry in self._registrations
            if not self.progress.need(entry["name"], "secret")["secret"]
        ]
        handoff = options.handoff(self._variables, self.progress.tenant_id, secretless)
        if self._do({"name": ""}, "hand-off", handoff_run.run, handoff):
            self.progress.handed_off = True

    def _is_proven(self, name: str) -> bool:
        return self.progress.of(name, "proof").get("state") in ("proven", "pending")

    def _do(
        self, registration: Registration, part: str, run: t.Callable[[Call], Outcome], given: Options
    ) -> dict[str, t.Any] | None:
        """The module's result; None where it failed, which the stage's outcome tells."""
        name = registration["name"]
        call = replace(self._call, params={**self._connection, **given})
        result, outcome = perform(Operation(part, {}, run), call)
        self._note(part, name, result, list(outcome.warnings) if outcome else [])
        if outcome is None:
            return None
        self.progress.note(name, part, result)
        return result

    def _note(self, part: str, name: str, result: dict[str, t.Any], warnings: list[str]) -> None:
        self._results.append({"registration": name, "part": part, "warnings": warnings, **result})

    def _failed(self) -> list[dict[str, t.Any]]:
        return [entry for entry in self._results if entry.get("failed")]

    # --- what the task answers ----------------------------------------------------------------------------------------

    def _outcome(self, stage: str) -> Outcome:
        diff = [entry.pop("diff") | _headers(entry) for entry in self._results if entry.get("changed")]
        warnings = tuple(warning for entry in self._results for warning in entry.pop("warnings"))
        results = [{name: value for name, value in entry.items() if name != "diff"} for entry in self._results]
        failed = self._failed()
        values = {
            "changed": any(entry["changed"] for entry in results if not entry.get("failed")),
            "results": results,
            "diff": diff,
            "progress": self.progress.dump(),
            "changed_parts": self.progress.changed_parts(),
            "leftover": any(entry["leftover"] for entry in self.progress.every("restriction")),
        }
        if failed:
            values |= {"failed": True, "msg": " ".join(entry["msg"] for entry in failed)}
            return Outcome(values, warnings=warnings)
        # Only then everybody has had their say.
        facts = {"connector_result": self._standing().result(self._host)} if stage in _LAST else {}
        return Outcome(values, warnings=warnings, facts=facts)

    def _waiting_consents(self) -> list[dict[str, t.Any]]:
        return [entry for entry in self.progress.every("consent") if entry["state"] == "waiting_for_consent"]

    def _standing(self) -> Standing:
        progress = self.progress
        restrictions, proofs = progress.every("restriction"), progress.every("proof")
        waits = [entry["waiting"] for entry in restrictions if entry["waiting"]]
        waits += [held for entry in progress.every("consent") for held in entry["held"]]
        waits += [
            check["detail"]
            for entry in proofs
            if entry["state"] == "waiting_for_exchange"
            for check in entry["checks"]
            if check["result"] == "not_yet"
        ]
        times = [entry["try_again_at"] for entry in (*restrictions, *proofs) if entry["try_again_at"]]
        return Standing(
            changed=progress.changed_parts(),
            links=[entry["link"] for entry in self._waiting_consents()],
            waits=waits,
            try_again_at=max(times, default=None),
            handed_off=progress.handed_off,
            pending=self._call.check_mode and bool(progress.changed),
        )


def _headers(entry: t.Mapping[str, t.Any]) -> dict[str, str]:
    what = f"{entry['registration']}: {entry['part']}" if entry["registration"] else str(entry["part"])
    return {"before_header": what, "after_header": what}
