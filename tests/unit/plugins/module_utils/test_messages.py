# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, strict
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import InputError
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.letter import address, letter
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.run import run
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.tenant import wanted
from ansible_collections.totalview.exchange365.plugins.module_utils._messages.texts import Texts
from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call

LINK = "https://login.microsoftonline.com/9c1f1a52-3c8e-4b55-a1d9-6d8b1f6f7a21/adminconsent?client_id=4b2e9258"
ASK: dict[str, Any] = {
    "registration": "mail",
    "display_name": "Totalview E-Mail Sending",
    "client_id": "4b2e9258-0374-b3da-5517-79e6f661cfdf",
    "permissions": ["Mail.Send (application)"],
    "link": LINK,
    "since": "2026-11-20T08:00:00+00:00",
}
KEY = {"registration": "mail", "key_id": "5f0c", "before": "2026-12-20T08:00:00+00:00", "late": False}
#: Nothing is encrypted.
NO_VAULT: Any = None
FROM = "Drift på Øst <operations@example.com>"


def told(**fields: Any) -> dict[str, Any]:
    messages = {
        "language": "en",
        "consent_to": ["Ann Hansen <ann@contoso.example>"],
        "delivery_to": ["desk@example.com"],
        "within": "14d",
        "handoff": "/srv/secrets/handoff/contoso.yml",
        "store": "vault_file",
        "consent": [ASK],
        "delivery": [],
    }
    return {"tenant": "contoso", "tenant_id": "9c1f1a52", "messages": {**messages, **fields}}


def result(state: str = "waiting_for_consent", tenant: str = "contoso") -> dict[str, Any]:
    return {"tenant": tenant, "state": state, "changed": [], "next": "-"}


def leave(folder: Path, details: Any, state: str = "waiting_for_consent", **options: Any) -> dict[str, Any]:
    check_mode = options.pop("check_mode", False)
    params = {
        "results": [result(state)],
        "details": [details] if details else [],
        "folder": str(folder),
        "sender": FROM,
        "templates": None,
        **options,
    }
    return dict(run(Call(params, check_mode, NO_VAULT)).values)


def parsed(path: Path) -> EmailMessage:
    """Read as strictly as the library can."""
    mail = message_from_bytes(path.read_bytes(), policy=SMTP + strict)
    assert isinstance(mail, EmailMessage)
    return mail


# --- what is wanted


def test_a_tenant_that_waits_is_told_what_is_asked_for_and_by_when() -> None:
    found = wanted(result(), told())

    assert found["consent"]
    assert (found["consent"]["since"], found["consent"]["by"]) == ("2026-11-20", "2026-12-04")
    assert found["consent"]["asks"] == [ASK]
    assert found["delivery"] is None


@pytest.mark.parametrize(("state", "details"), [("failed", told()), ("waiting_for_consent", {"tenant": "contoso"})])
def test_what_a_run_does_not_know_stays_as_it_is(state: str, details: dict[str, Any]) -> None:
    assert wanted(result(state), details) == {}


def test_a_run_that_looks_at_secrets_only_says_nothing_of_consent() -> None:
    assert wanted(result("complete"), told(consent=None)) == {"delivery": None}


@pytest.mark.parametrize("state", ["disabled", "offboarding", "offboarded"])
def test_of_a_closed_tenant_nobody_is_asked_for_anything(state: str) -> None:
    assert wanted(result(state), {"tenant": "contoso"}) == {"consent": None, "delivery": None}


@pytest.mark.parametrize(
    ("keys", "by", "late"),
    [
        ([KEY, {**KEY, "registration": "calendar", "before": "2026-12-18T08:00:00+00:00"}], "2026-12-18", False),
        ([{**KEY, "before": None, "late": True}, KEY], None, True),
        ([{**KEY, "before": None}], None, False),
    ],
    ids=["the first", "now", "for the first time"],
)
def test_what_is_typed_in_by_when(keys: list[dict[str, Any]], by: str | None, late: bool) -> None:
    found = wanted(result("complete"), told(consent=[], delivery=keys))["delivery"]

    assert found
    assert (found["by"], found["late"]) == (by, late)


# --- texts


@pytest.mark.parametrize("language", ["en", "da", "de"])
def test_the_text_of_a_consent_tells_everything(tmp_path: Path, language: str) -> None:
    leave(tmp_path, told(language=language))

    text = (tmp_path / "contoso.consent.txt").read_text()
    for part in ("contoso", "9c1f1a52", "2026-12-04", "AADSTS500113", *ASK["permissions"], LINK, ASK["client_id"]):
        assert part in text, part


@pytest.mark.parametrize("language", ["en", "da", "de"])
@pytest.mark.parametrize("key", [KEY, {**KEY, "before": None, "late": True}, {**KEY, "before": None}])
def test_the_text_of_a_delivery_tells_everything_but_the_secret(
    tmp_path: Path, language: str, key: dict[str, Any]
) -> None:
    leave(tmp_path, told(language=language, consent=[], delivery=[key]), "complete")

    text = (tmp_path / "contoso.delivery.txt").read_text()
    parts = ("contoso", "/srv/secrets/handoff/contoso.yml", "mail_client_secret: ", "5f0c", "sender_from_address")
    for part in (*parts, "totalview.exchange365.delivered", "connector_delivered=5f0c"):
        assert part in text, part
    assert ("2026-12-20" in text) == bool(key["before"])


def test_every_language_has_every_text() -> None:
    kinds = {path.name.partition(".")[0] for path in (Path(_templates())).iterdir()}
    assert {path.name for path in Path(_templates()).iterdir()} == {
        f"{kind}.{language}.txt.j2" for kind in kinds for language in ("en", "da", "de")
    }


def _templates() -> str:
    return str(Path(str(run.__code__.co_filename)).parent / "templates")


def test_the_operators_text_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "consent.en.txt.j2").write_text("Subject: Please,  {{ tenant }}\n\nUntil {{ by }}\n")

    left = leave(tmp_path, told(delivery=[KEY]), templates=str(tmp_path / "own"))

    assert (tmp_path / "contoso.consent.txt").read_text() == "Until 2026-12-04\n"
    assert left["messages"][0]["subject"] == "Please, contoso"
    assert "mail_client_secret" in (tmp_path / "contoso.delivery.txt").read_text()


@pytest.mark.parametrize(
    ("text", "why"),
    [("Hello", "first line"), ("Subject: {{ nobody }}\n", "nobody"), ("Subject: {% if %}\n", "Expected")],
)
def test_a_text_that_cannot_be_used_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "consent.en.txt.j2").write_text(text)

    with pytest.raises(InputError, match=f"consent.en.txt.j2 cannot be used: .*{why}"):
        Texts(tmp_path).render("consent", "en", {})


@pytest.mark.parametrize(
    "name", ["Evil\r\nBcc: all@example.com", "Evil\nX: y", "Evil\u202e", "Evil\u2028Bcc: a@b", "E\x1b"]
)
def test_a_name_from_a_tenant_begins_no_line_of_its_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "consent.en.txt.j2").write_text(
        "Subject: {{ asks[0].display_name }}\n\n{{ asks[0].display_name }}\n"
    )

    leave(tmp_path, told(consent=[{**ASK, "display_name": name}]), templates=str(tmp_path / "own"))

    mail = parsed(tmp_path / "contoso.consent.eml")
    assert sorted(map(str.lower, mail.keys())) == sorted(
        [
            *("from", "to", "subject", "date", "message-id", "x-unsent", "mime-version"),
            *("content-type", "content-transfer-encoding"),
        ]
    )
    assert str(mail["Subject"]).isprintable()
    assert len((tmp_path / "contoso.consent.txt").read_text().splitlines()) == 1


# --- letters


def test_a_letter_is_a_valid_draft_in_ascii_with_every_letter_of_the_alphabet(tmp_path: Path) -> None:
    leave(tmp_path, told(language="da", consent_to=["Bjørn Ærø <bjorn@contoso.example>", "it@contoso.example"]))

    mail = parsed(tmp_path / "contoso.consent.eml")
    content = (tmp_path / "contoso.consent.eml").read_bytes()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert str(mail["From"]) == FROM
    assert [str(entry) for entry in mail["To"].addresses] == [
        "Bjørn Ærø <bjorn@contoso.example>",
        "it@contoso.example",
    ]
    assert mail["Subject"] == "Totalview beder om administratorsamtykke i contoso, senest 2026-12-04"
    assert mail["X-Unsent"] == "1"
    assert mail["Date"].datetime.tzinfo is not None
    assert not [defect for header in mail.values() for defect in getattr(header, "defects", ())]
    assert mail.get_content().replace("\r\n", "\n") == (tmp_path / "contoso.consent.txt").read_text()
    assert LINK in mail.get_content()


def test_without_an_address_whoever_sends_it_fills_it_in(tmp_path: Path) -> None:
    leave(tmp_path, told(consent_to=[]))

    assert "To" not in parsed(tmp_path / "contoso.consent.eml")


@pytest.mark.parametrize("subject", ["ä" * 300, "a" * 500, "Grüße " * 40])
def test_a_long_subject_stays_whole(subject: str) -> None:
    content = letter(subject, "x\n", address("a@example.com", "o"), (), datetime(2026, 1, 1, tzinfo=UTC))

    mail = message_from_bytes(content, policy=SMTP)
    assert " ".join(str(mail["Subject"]).split()) == subject.strip()


def test_the_same_content_has_the_same_id() -> None:
    sender, now = address("a@example.com", "o"), datetime(2026, 1, 1, tzinfo=UTC)
    ids = [
        message_from_bytes(letter(subject, text, sender, to, now))["Message-ID"]
        for subject, text, to in [("s", "t", ()), ("s", "t", ()), ("x", "t", ()), ("s", "x", ()), ("s", "t", (sender,))]
    ]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    "text",
    [
        *("", "nobody", "a@", "@example.com", "a b@example.com", "a@example.com, b@example.com", "ø@example.com"),
        *("a@exämple.com", "a@example.com\nBcc: b@example.com", "Evil\r\nBcc: b@example.com <a@example.com>"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no address of e-mail"):
        address(text, "connector_messages_from")


# --- files


def test_files_are_the_owners_and_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    first = leave(folder, told())
    files = sorted(folder.iterdir())
    before = [(file.stat().st_ino, file.read_bytes()) for file in files]

    again = leave(folder, told())

    assert [file.name for file in files] == ["contoso.consent.eml", "contoso.consent.txt"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (first["changed"], again["changed"]) == (True, False)
    assert [entry["new"] for entry in (*first["messages"], *again["messages"])] == [True, False]
    assert [(file.stat().st_ino, file.read_bytes()) for file in files] == before


@pytest.mark.parametrize(
    "fields",
    [{"consent": [{**ASK, "permissions": ["Mail.Read (application)"]}]}, {"consent_to": []}, {"language": "de"}],
)
def test_what_is_asked_for_in_another_form_is_new(tmp_path: Path, fields: dict[str, Any]) -> None:
    leave(tmp_path, told())

    assert leave(tmp_path, told(**fields))["messages"][0]["new"]


def test_what_is_no_longer_asked_for_goes_and_nothing_else(tmp_path: Path) -> None:
    leave(tmp_path, told(delivery=[KEY]))
    (tmp_path / "contoso.notes.txt").write_text("mine")

    left = leave(tmp_path, told(consent=[], delivery=[KEY]), "complete")

    assert left["removed"] == [str(tmp_path / "contoso.consent.txt"), str(tmp_path / "contoso.consent.eml")]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("contoso.delivery.eml", "contoso.delivery.txt"),
        "contoso.notes.txt",
    ]


@pytest.mark.parametrize(
    ("state", "details"), [("failed", None), ("failed", told()), ("complete", {"tenant": "contoso"})]
)
def test_of_a_tenant_that_failed_they_stay(tmp_path: Path, state: str, details: Any) -> None:
    leave(tmp_path, told())

    assert not leave(tmp_path, details, state)["changed"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_check_tells_and_writes_nothing(tmp_path: Path) -> None:
    left = leave(tmp_path / "messages", told(), check_mode=True)

    assert left["changed"]
    assert not (tmp_path / "messages").exists()


def test_a_host_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    leave(tmp_path, {**told(), "tenant": "../../x"}, results=[result(tenant="../../x")])

    assert sorted(file.name for file in tmp_path.iterdir()) == ["..%2F..%2Fx.consent.eml", "..%2F..%2Fx.consent.txt"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="The messages cannot be written"):
        leave(tmp_path / "file", told())


@pytest.mark.parametrize(("name", "told"), [("consent.fr.txt.j2", "consent.fr.txt.j2"), ("signature.j2", None)])
def test_a_text_that_nobody_would_be_sent_is_told(tmp_path: Path, name: str, told: str | None) -> None:
    (tmp_path / name).write_text("Subject: x\n\ny\n")

    if told is None:
        Texts(tmp_path)
    else:
        with pytest.raises(InputError, match=rf"no text of the name {told}"):
            Texts(tmp_path)


def test_a_folder_of_texts_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        Texts(tmp_path / "mistyped")
