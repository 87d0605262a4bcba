# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of applications that arrive through Graph: the key goes into the store, never into an answer."""

from __future__ import annotations

import base64
from uuid import uuid4

from cryptography import x509

from emulator.graph.store.conflicts import Conflict, Reason
from emulator.graph.store.directory import Directory
from emulator.graph.store.records import Body


def take_keys(directory: Directory, current: Body, changes: Body) -> Body:
    """The whole list is replaced; an entry without a key must name one that is already there."""
    if "keyCredentials" not in changes:
        return changes
    kept = {credential["keyId"]: credential for credential in current["keyCredentials"]}
    credentials = [_take(directory, credential, kept) for credential in changes["keyCredentials"]]
    return {**changes, "keyCredentials": credentials}


def _take(directory: Directory, credential: Body, kept: dict[str, Body]) -> Body:
    key_id = credential.get("keyId") or str(uuid4())
    blank = dict.fromkeys(("customKeyIdentifier", "displayName", "endDateTime"))
    base = kept.get(key_id, {**blank, "key": None, "keyId": key_id, "startDateTime": None, "type": None, "usage": None})
    if credential.get("key"):
        directory.certificates[key_id] = _certificate(credential["key"])
    return {**base, **credential, "key": None, "keyId": key_id}


def _certificate(text: str) -> bytes:
    try:
        der = base64.b64decode(text, validate=True)
        x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Conflict(Reason.BAD_CERTIFICATE) from error
    return der
