# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many simple requests the emulator answers: one small object, read again and again."""

from __future__ import annotations

import argparse

import requests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "ca_file", "token"):
        parser.add_argument(name)
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    with requests.Session() as session:
        session.trust_env = False
        session.verify = options.ca_file
        session.headers["Authorization"] = f"Bearer {options.token}"
        for _number in range(options.count):
            session.get(f"{options.url}/v1.0/organization?$select=id", timeout=60).raise_for_status()


if __name__ == "__main__":
    main()
