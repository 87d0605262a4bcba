# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  store:
    description: Where the values of client secrets are kept. Nothing is ever stored unencrypted.
    type: dict
    required: true
    suboptions:
      type:
        description:
          - V(vault_file) keeps one file per tenant, named by its directory ID, encrypted with Ansible Vault,
            with mode C(0600), replaced atomically. C(ansible-vault view) shows it.
        type: str
        choices: [vault_file]
        default: vault_file
      folder:
        description: Folder of the files. It is made with mode C(0700) where it is missing.
        type: path
        required: true
      vault_id:
        description:
          - The vault id to encrypt with, where the run has several vault passwords. By default the first one.
        type: str
      vault_password_file:
        description:
          - Vault password file or script to use in place of the run's own vault passwords.
          - Where the task is delegated to another machine the file lies there; the run's own passwords are not known
            there, and E(ANSIBLE_VAULT_PASSWORD_FILE) of that machine takes the place of a missing option.
        type: path
"""

    OPTIONAL = r"""
options:
  store:
    description:
      - Where the values of client secrets are kept. Given here, it tells what is ours, namely which application, which
        client secret and which group, and notes what is about to be made, and who else was found to be able to sign in.
    type: dict
    suboptions:
      type:
        description:
          - V(vault_file) keeps one file per tenant, named by its directory ID, encrypted with Ansible Vault,
            with mode C(0600), replaced atomically. C(ansible-vault view) shows it.
        type: str
        choices: [vault_file]
        default: vault_file
      folder:
        description: Folder of the files. It is made with mode C(0700) where it is missing.
        type: path
        required: true
      vault_id:
        description:
          - The vault id to encrypt with, where the run has several vault passwords. By default the first one.
        type: str
      vault_password_file:
        description:
          - Vault password file or script to use in place of the run's own vault passwords.
          - Where the task is delegated to another machine the file lies there; the run's own passwords are not known
            there, and E(ANSIBLE_VAULT_PASSWORD_FILE) of that machine takes the place of a missing option.
        type: path
"""
