# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-navigator.yml lets into the container whatever a sign-in or a store is read from in the environment."""

from __future__ import annotations

import re
from pathlib import Path

import msal.managed_identity
import yaml

from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.vault_server import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[3]
AUTH = ROOT / "plugins" / "module_utils" / "_microsoft" / "auth"
#: As they stand in the sources, also of msal, which asks the platform for managed identities.
_OURS = re.compile(r'"((?:AZURE|AZURESUBSCRIPTION|ARM|ACTIONS|SYSTEM)_[A-Z_]+)"')
_MSALS = re.compile(r'"((?:IDENTITY|IMDS|MSI|AZURE_POD)_[A-Z_]+)"')


def test_every_name_is_passed_and_no_other() -> None:
    settings = yaml.safe_load((ROOT / "ansible-navigator.yml").read_text())["ansible-navigator"]
    passed = settings["execution-environment"]["environment-variables"]["pass"]

    wanted = {name for path in AUTH.glob("*.py") for name in _OURS.findall(path.read_text())}
    wanted |= set(_MSALS.findall(Path(msal.managed_identity.__file__).read_text()))
    wanted |= {name for names in ENVIRONMENT.values() for name in names}

    assert {"AZURE_CLIENT_SECRET", "ARM_USE_OIDC", "IDENTITY_ENDPOINT", "VAULT_TOKEN"} <= wanted
    assert sorted(passed) == sorted(wanted)
