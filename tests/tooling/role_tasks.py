# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the role's tasks say, inside this process. Templates, conditions and loops are Ansible's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).parents[2] / "roles" / "connector"
OURS = "totalview.exchange365."
_ACTION_GROUP = f"group/{OURS}connector"

Json = dict[str, Any]
#: Runs a module by its name with the options of a task, in check mode or not, and answers with its result.
Perform = Callable[[str, Json, bool], Json]

_LOADER = DataLoader()


@cache
def load(path: str) -> Any:
    """A file of the role, whose texts Ansible takes for templates. Nobody changes what is in it."""
    return _LOADER.load_from_file(str(ROLE / path), trusted_as_template=True)


def tasks(name: str = "main") -> Iterator[Json]:
    """In their order, those of blocks with their blocks' module_defaults and conditions."""
    yield from _flat(load(f"tasks/{name}.yml"), {}, [])


def _flat(listed: list[Json], defaults: Json, conditions: list[str]) -> Iterator[Json]:
    for task in listed:
        when = task.get("when", [])
        held = [*conditions, *(when if isinstance(when, list) else [when])]
        given = {**defaults, **task.get("module_defaults", {})}
        if "block" in task:
            yield from _flat(task["block"], given, held)
        else:
            yield {**task, "module_defaults": given, "when": held}


def module_of(task: Json) -> str:
    """The task's module; for Ansible's own the full name."""
    name = next(key for key in task if "." in key)
    return name.removeprefix(OURS)


class RoleTasks:
    """One run over one host. `variables`: of the inventory. `tags`: as given to ansible-playbook. `name`: of a file."""

    def __init__(
        self,
        variables: Json,
        perform: Perform,
        *,
        check_mode: bool = False,
        tags: frozenset[str] = frozenset(),
        name: str = "main",
    ) -> None:
        self._perform = perform
        self._check_mode = check_mode
        self._name = name
        self.tags = tags
        self.variables: Json = {
            **load("defaults/main.yml"),
            **load("vars/main.yml"),
            **variables,
            "ansible_check_mode": check_mode,
            "groups": {},
            "ansible_play_batch": [variables["inventory_hostname"]],
        }
        self.results: list[tuple[str, Json]] = []

    def run(self) -> Json:
        """The last task's result, or that of the first that failed."""
        result: Json = {}
        for task in tasks(self._name):
            if self.tags and task["tags"] != "always" and self.tags.isdisjoint(task["tags"]):
                continue
            self.variables.update(task.get("vars", {}))
            if module_of(task) == "ansible.builtin.meta":
                if self._holds(task):
                    return result
                continue
            result = self._looped(task)
            self.variables.update(result.get("ansible_facts", {}))
            if "register" in task:
                self.variables[task["register"]] = result
            self.results.append((task["name"], result))
            if result.get("failed"):
                break
        return result

    def _looped(self, task: Json) -> Json:
        if "loop" not in task:
            return self._once(task)
        control = task["loop_control"]
        results = []
        for index, item in enumerate(self._template(task["loop"])):
            self.variables |= {control["loop_var"]: item, control.get("index_var", "__index"): index}
            results.append({**self._once(task), control["loop_var"]: item})
        failed = [result for result in results if result.get("failed")]
        changed = any(result.get("changed") for result in results)
        message = {"failed": True, "msg": " ".join(result["msg"] for result in failed)} if failed else {}
        return {"results": results, "changed": changed, **message}

    def _once(self, task: Json) -> Json:
        if not self._holds(task):
            return {"skipped": True, "changed": False}
        module = module_of(task)
        if module == "ansible.builtin.set_fact":
            return {"ansible_facts": self._template(task[module]), "changed": False}
        defaults = {} if module == "connector_plan" else task["module_defaults"].get(_ACTION_GROUP, {})
        options = {**self._template(defaults), **self._template(task[f"{OURS}{module}"])}
        return self._perform(module, options, self._check_mode)

    def _holds(self, task: Json) -> bool:
        return all(self._templar().evaluate_conditional(condition) for condition in task["when"])

    def _template(self, value: Any) -> Any:
        return self._templar().template(value)

    def _templar(self) -> Templar:
        return Templar(loader=_LOADER, variables=self.variables)
