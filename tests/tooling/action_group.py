# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action group holds exactly the modules that sign in to a tenant.

A module that is missing there would not get the connection options that the role sets once, in module_defaults.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import yaml

from tooling.install_collection import ROOT

GROUP = "connector"
FRAGMENT = "totalview.exchange365.tenant"
SIGN_IN = f"{FRAGMENT}.sign_in"


def fragments(module: Path) -> list[str]:
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="DOCUMENTATION")], value=ast.Constant(value=str() as text)):
                named = yaml.safe_load(text).get("extends_documentation_fragment", [])
                return [named] if isinstance(named, str) else named
    raise SystemExit(f"{module} has no DOCUMENTATION.")


def main() -> str | None:
    modules = [file for file in (ROOT / "plugins" / "modules").glob("*.py") if file.name != "__init__.py"]
    documented = {module.stem: set(fragments(module)) & {FRAGMENT, SIGN_IN} for module in modules}
    if halves := sorted(name for name, found in documented.items() if len(found) == 1):
        return f"Of the fragments {FRAGMENT} and {SIGN_IN} only one is in: {', '.join(halves)}."
    signing_in = {name for name, found in documented.items() if found}
    listed = set(yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"][GROUP])
    wrong = [f"{name} has the fragment {FRAGMENT}, but is not listed" for name in signing_in - listed]
    wrong += [f"{name} is listed, but is no module with the fragment {FRAGMENT}" for name in listed - signing_in]
    return "\n".join(f"Action group {GROUP} in meta/runtime.yml: {line}." for line in sorted(wrong)) or None


if __name__ == "__main__":
    sys.exit(main())
