# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
import time
import typing as t
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import StoreError
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.documents import (
    Document,
    Revision,
    checked_name,
    unknown_content,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._secret_store.key_vault_client import (
    KeyVault,
    KeyVaultConflict,
    KeyVaultOptions,
    LostAnswer,
    signed_in,
)
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tries

#: Times that is looked anew because somebody else writes as well.
_TURNS = 30
#: Seconds at most between two looks: who writes at the same time has done a bit more by then.
_PAUSE = 0.5
#: Key Vault's limit for a value (learn.microsoft.com/azure/key-vault/secrets/about-secrets: 25k bytes), and for a name.
_MOST_BYTES = 25_000
_LONGEST_NAME = 127
#: So long a name may be on its way to or from the deleted ones; Microsoft says "some seconds".
_SETTLES = timedelta(minutes=2)
#: Times that a request is sent again whose answer was lost, with longer and longer pauses.
_LOST = 4
_ON_ITS_WAY = frozenset({"ObjectIsBeingDeleted", "ObjectIsBeingRecovered"})
_SOFT_DELETED = "ObjectIsDeletedButRecoverable"
_CONTENT_TYPE = "application/json"
#: Tags of a version. `after`: the versions that its writer knew, by which it is seen who did not know of whom; `write`:
#: which write made it, known even if the answer to it was lost; `removed`: the document is gone, and we did it.
_AFTER, _WRITE, _REMOVED, _DOCUMENT = "after", "write", "removed", "document"
#: Of 32 characters each; a tag's value has 256 at most.
_MOST_AFTER = 7
_PLAIN = re.compile(r"[0-9a-z]([0-9a-z-]*[0-9a-z])?")
#: Any name does: rights on a vault are for all secrets of it.
_SOME_NAME = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class _Version:
    """One version of a secret, without its value."""

    id: str
    created: int
    enabled: bool
    tags: t.Mapping[str, str]

    @classmethod
    def of(cls, item: t.Mapping[str, t.Any]) -> t.Self:
        attributes, tags = item.get("attributes") or {}, item.get("tags") or {}
        return cls(str(item["id"]).rsplit("/", 1)[-1], int(attributes["created"]), bool(attributes["enabled"]), tags)

    def follows(self, other: _Version) -> bool:
        """Whether its writer knew the other. A person who sets a secret by hand replaces whatever there is."""
        if _WRITE in self.tags:
            return other.id in self.tags.get(_AFTER, "").split()
        if other.created == self.created:  # in whole seconds: only what one of us wrote says more
            return _WRITE in other.tags and not other.follows(self)
        return other.created < self.created


@dataclass(frozen=True)
class _State:
    """`heads`: the content of each version that no other one follows; several where two wrote without knowing it."""

    versions: t.Sequence[_Version]
    heads: t.Mapping[str, Document | None]

    @property
    def agree(self) -> bool:
        documents = list(self.heads.values())
        return all(document == documents[0] for document in documents)

    def head_of(self, write: str) -> str | None:
        return next((row.id for row in self.versions if row.id in self.heads and row.tags.get(_WRITE) == write), None)

    def has(self, write: str) -> bool:
        return any(row.tags.get(_WRITE) == write for row in self.versions)

    def holds(self, version: str, others: t.Iterable[str]) -> bool:
        """Whether what these versions say went into that one, be it by way of others."""
        rows, behind, found = {row.id: row for row in self.versions}, [version], set[str]()
        while behind:
            later = rows[behind.pop()]
            if later.id not in found:
                found.add(later.id)
                behind += [row.id for row in self.versions if later.follows(row)]
        return found.issuperset(others)


class _SoftDeleted(Exception):
    """There is a deleted secret of this name. `ours`: this collection has removed it."""

    def __init__(self, ours: bool) -> None:
        super().__init__()
        self.ours = ours


class KeyVaultDocuments:
    """Documents in Azure Key Vault, each one secret, whose value is the document as JSON.

    Key Vault cannot make a write depend on what was read. But it keeps every version, and a version tells which ones
    its writer knew. So each writer looks at the versions after its write: where there is one that it did not know of,
    and that did not know of it, it makes its revision of that one too. Of two who write at the same time the later one
    sees the other for certain. Only who has nothing to lose by it joins: what its own version was made of is in the
    other one as well. The one who read first always may; the other waits for that.

    `below`: of these documents in the names. `derived`: they can be written anew from others, so that one which was
    deleted counts as absent.
    """

    has_locks = False

    def __init__(self, options: KeyVaultOptions, below: str, *, derived: bool = False) -> None:
        self._options, self._below, self._derived = options, below, derived

    @property
    def address(self) -> str:
        return f"azure_key_vault:{self._options.url}:{self._options.path}"

    def where(self, name: str) -> str:
        return f"{self._options.url}/secrets/{self._name(name)}"

    def check(self) -> None:
        """A vault does not say beforehand whether we may write; the announcement, which is written before there is
        anything to lose, does."""
        self._state(_SOME_NAME)

    def read(self, name: str) -> Document | None:
        for _turn in range(_TURNS):
            try:
                state = self._state(name)
            except _SoftDeleted as deleted:
                if deleted.ours or self._derived:
                    return None
                raise self._deleted(name) from deleted
            if state.agree:
                return next(iter(state.heads.values()), None)
            _pause()
        raise self._unjoined(name)

    def rehearse(self, name: str, revision: Revision) -> None:
        _checked_text(revision(self.read(name)), self.where(name))
        self.check()

    def revise(self, name: str, revision: Revision) -> None:
        write, waited = "", False
        made_of: set[str] = set()
        for _turn in range(_TURNS):
            state = self._state_recovered(name)
            ours = state.head_of(write)
            if ours is None and state.has(write):
                return  # somebody was given what we made
            others = [version for version in state.heads if version != ours]
            if ours:
                joined = [version for version in others if state.holds(version, made_of)][:1]
            else:
                joined = others if state.agree else []
            if others and not (joined and (waited or not ours)):
                waited = True
                _pause()
                continue
            base = state.heads[joined[0]] if joined else state.heads.get(ours or "")
            wanted = json.loads(json.dumps(revision(None if base is None else dict(base))))  # as it will be read
            if ours and not others and state.heads[ours] != wanted:
                raise self._unreliable(name)
            if state.heads and all(document == wanted for document in state.heads.values()):
                return
            write, waited = uuid.uuid4().hex, False
            made_of |= set(joined)
            self._put(name, wanted, write, after=[ours, *joined] if ours else joined)
        raise self._unjoined(name)

    def forget(self, name: str, which: t.Callable[[Document], bool]) -> None:
        """A vault cannot destroy a single version: it is disabled, and no longer answered to anybody."""
        _memory(self._options).clear()  # others may have disabled some since
        try:
            state = self._state(name)
        except _SoftDeleted:
            return
        for version in state.versions:
            if version.enabled and version.id not in state.heads and _WRITE in version.tags:
                document = self._content(name, version.id)
                if document is not None and which(document):
                    path = f"secrets/{self._name(name)}/{version.id}"
                    action = f"disable version {version.id} of {self.where(name)}"
                    self._told("PATCH", path, {"attributes": {"enabled": False}}, action)

    def remove(self, name: str) -> None:
        """Its newest version says that it was us, for as long as the vault keeps what was deleted."""
        try:
            state = self._state(name)
            if not state.heads:
                return
            self._put(name, None, uuid.uuid4().hex, after=list(state.heads))
            self._told("DELETE", f"secrets/{self._name(name)}", None, f"delete {self.where(name)}")
        except _SoftDeleted:
            pass
        self._purge(name)

    def _purge(self, name: str) -> None:
        """Unless the vault keeps everything for its time (purge protection): then it is gone after that."""
        for _turn in tries(f"the deletion of {self.where(name)}", _SETTLES):
            deleted = self._vault.get(f"deletedsecrets/{self._name(name)}", absent=True)
            if deleted is None:
                continue
            if "Purgeable" in str(deleted["attributes"].get("recoveryLevel")):
                action = f"purge {self.where(name)}, which it has deleted,"
                self._told("DELETE", f"deletedsecrets/{self._name(name)}", None, action)
            return

    def _state_recovered(self, name: str) -> _State:
        """Of a name that was deleted, after it was brought back."""
        try:
            return self._state(name)
        except _SoftDeleted:
            self._recover(name)
        for _turn in tries(f"the recovery of {self.where(name)}", _SETTLES):
            try:
                state = self._state(name)
            except _SoftDeleted:
                continue
            if state.heads:
                return state
        raise StoreError(
            f"{self.where(name)} was deleted, and does not come back.",
            next_step="Recover it (az keyvault secret recover), or purge it where what it held is lost for good.",
            code="KeyVaultSecretDeleted",
        )

    def _recover(self, name: str) -> None:
        action = f"recover {self.where(name)}, which was deleted,"
        self._told("POST", f"deletedsecrets/{self._name(name)}/recover", None, action)

    def _state(self, name: str) -> _State:
        """Raises _SoftDeleted. The newest version is asked for by itself: a list may be a bit behind."""
        path = f"secrets/{self._name(name)}"
        newest = self._vault.get(path, absent=True)
        if newest is None:
            deleted = self._vault.get(f"deleted{path}", absent=True)
            if deleted is not None:
                raise _SoftDeleted(_REMOVED in (deleted.get("tags") or {}))
            return _State((), {})
        known, memory = _Version.of(newest), _memory(self._options)
        if list(memory.get(path, _State((), {})).heads) == [known.id]:
            return memory[path]  # a version that crosses it would be the newest itself
        for _turn in tries(f"the versions of {self.where(name)}", _SETTLES):
            versions = list(self._versions(path))
            if any(row.id == known.id for row in versions):
                break
        else:
            raise self._unreliable(name)
        heads = [row for row in versions if row.enabled and not any(other.follows(row) for other in versions)]
        contents = {known.id: self._parsed(name, newest)}
        found = {row.id: contents[row.id] if row.id in contents else self._content(name, row.id) for row in heads}
        memory[path] = _State(versions, found)
        return memory[path]

    def _versions(self, path: str) -> t.Iterator[_Version]:
        query: dict[str, str] | None = {}
        while query is not None:
            page = self._vault.get(f"{path}/versions", query) or {}
            yield from map(_Version.of, page.get("value") or ())
            query = _next_page(page.get("nextLink"))

    def _content(self, name: str, version: str) -> Document | None:
        found = self._vault.get(f"secrets/{self._name(name)}/{version}")
        return self._parsed(name, found or {})

    def _parsed(self, name: str, bundle: t.Mapping[str, t.Any]) -> Document | None:
        """None for a document that we have removed."""
        try:
            document = json.loads(bundle["value"])
        except (ValueError, KeyError, TypeError) as exc:
            raise unknown_content(self.where(name)) from exc
        if document is not None and not isinstance(document, dict):
            raise unknown_content(self.where(name))
        return document

    def _put(self, name: str, document: Document | None, write: str, *, after: t.Sequence[str]) -> None:
        """Where the name has been deleted in between, the next look shows it."""
        tags = {_AFTER: " ".join(after[:_MOST_AFTER]), _WRITE: write, _DOCUMENT: name}
        if document is None:
            tags[_REMOVED] = "true"
        body = {"value": _checked_text(document, self.where(name)), "contentType": _CONTENT_TYPE, "tags": tags}
        with contextlib.suppress(_SoftDeleted):
            self._told("PUT", f"secrets/{self._name(name)}", body, f"write {self.where(name)}")

    def _told(self, method: str, path: str, body: t.Any, action: str) -> None:
        """A name that is on its way is waited for. Raises _SoftDeleted where it is deleted.

        Where an answer is lost it is sent again: each of these requests may be done twice.
        """
        errors: list[StoreError] = []
        lost = 0
        for _turn in tries(f"Azure Key Vault to {action}", _SETTLES):
            try:
                self._vault.change(method, path, body, action)
                return
            except KeyVaultConflict as exc:
                if _SOFT_DELETED in exc.codes and method == "PUT":
                    raise _SoftDeleted(False) from exc
                if not exc.codes & _ON_ITS_WAY:
                    raise exc.error from exc
                errors.append(exc.error)
            except LostAnswer as exc:
                if lost == _LOST:
                    raise exc.error from exc
                errors.append(exc.error)
                lost += 1
        raise errors[-1]

    @property
    def _vault(self) -> KeyVault:
        return signed_in(self._options)

    def _name(self, name: str) -> str:
        """What a vault's names cannot have is left out, and a digest tells those apart that are alike then."""
        checked = checked_name(name, self._options.url)
        if not _PLAIN.fullmatch(checked):
            digest = hashlib.sha256(checked.encode()).hexdigest()[:12]
            checked = f"{re.sub('[^0-9a-z]+', '-', checked.lower()).strip('-')}-{digest}"
        full = f"{self._options.path}-{self._below}-{checked}"
        if len(full) > _LONGEST_NAME:
            raise StoreError(
                f"'{full}' is too long for a name in {self._options.url}: {_LONGEST_NAME} characters at most.",
                next_step="Give the store a shorter path, or the hand-off a shorter name.",
                code="InvalidName",
            )
        return full

    def _deleted(self, name: str) -> StoreError:
        return StoreError(
            f"{self.where(name)} was deleted. What it held is unknown, which is not the same as nothing.",
            next_step=f"Recover it (az keyvault secret recover --id "
            f"{self._options.url}/deletedsecrets/{self._name(name)}). Where it is lost for good, purge it; then it "
            "counts as a store that was lost.",
            code="KeyVaultSecretDeleted",
        )

    def _unjoined(self, name: str) -> StoreError:
        return StoreError(
            f"Two runs have written {self.where(name)} at the same time, and neither has joined it with the other's.",
            next_step="Wait until no run works on this tenant. Should it stay so, one of them was killed: compare the "
            "newest versions (az keyvault secret list-versions), and set the content that is right anew.",
            code="KeyVaultWritesCrossed",
        )

    def _unreliable(self, name: str) -> StoreError:
        return StoreError(
            f"The secret store does not give back what was just written to {self.where(name)}.",
            next_step="Ask whoever runs it.",
            code="KeyVaultUnreliable",
        )


@lru_cache(maxsize=2)
def _memory(_options: KeyVaultOptions) -> dict[str, _State]:
    """What this task has found in a vault, by path: the versions of what is as it was are not listed again."""
    return {}


def _checked_text(document: Document | None, where: str) -> str:
    """Raises StoreError before a vault would."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    if len(text.encode()) > _MOST_BYTES:
        raise StoreError(
            f"What {where} would hold is larger than Azure Key Vault takes: {len(text.encode())} bytes, and a secret "
            f"has {_MOST_BYTES} at most.",
            next_step="Move the fleet to another store (playbook totalview.exchange365.store); nothing was issued.",
            code="KeyVaultTooLarge",
        )
    return text


def _next_page(link: t.Any) -> dict[str, str] | None:
    """Only its query: the token goes to the vault, whoever else the link names."""
    if not link:
        return None
    found = parse_qs(urlsplit(str(link)).query)
    return {name: values[0] for name, values in found.items() if name != "api-version"}


def _pause() -> None:
    """By chance, so that two who wait for each other do not wait alike."""
    time.sleep(random.uniform(0, _PAUSE))
