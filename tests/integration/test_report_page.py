# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html in a real browser: it finds, sorts and tells, asks nobody for anything, and obeys no tenant."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.totalview.exchange365.plugins.module_utils._operation import Call
from ansible_collections.totalview.exchange365.plugins.module_utils._report.run import run
from integration.chromium import BINARY, Page, chromium
from integration.fleet_report import fleet

Json = dict[str, Any]
AXE = Path(__file__).parents[2] / ".nox" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = (
    "<script>document.title = 'taken'</script>",
    "</script><script>document.title = 'taken'</script>",
    "<img src=https://example.com/x onerror=\"document.title='taken'\">",
    "<!--<script>",
    "\u202egnp.exe & 'quotes\" {{ 7 * 7 }} ${7 * 7}",
    "javascript:document.title='taken'",
)

pytestmark = [
    pytest.mark.skipif(BINARY is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
    with profile, chromium(Path(profile.name)) as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """At the end of the test nothing was asked for but the page, and nothing was refused or went wrong in it."""
    browser.requests.clear()
    browser.errors.clear()
    browser.show()
    yield browser
    assert all(address.startswith("file://") and address.endswith("/report.html") for address in browser.requests)
    assert browser.errors == []


def _make(folder: Path, results: list[Json], details: list[Json]) -> Path:
    params: Json = {"results": results, "details": details, "folder": str(folder), "playbook": "audit", "hosts": None}
    params |= {"anonymous": False, "planned_only": False, "merge": []}
    outcome = run(Call(params, check_mode=False, vault=lambda *_: None))  # type: ignore[arg-type]
    return Path(outcome.values["files"]["report.html"])


def _names(page: Page) -> list[str]:
    return list(page.run("[...document.querySelectorAll('#rows td.name')].map(cell => cell.innerText)"))


def _shown(page: Page) -> str:
    return str(page.run("document.getElementById('shown').innerText"))


def _search(page: Page, text: str) -> None:
    box = "document.getElementById('search')"
    page.run(f"{box}.value = {json.dumps(text)}; {box}.dispatchEvent(new Event('input'))")


def _click(page: Page, selector: str) -> None:
    page.run(f"document.querySelector({json.dumps(selector)}).click()")


@pytest.mark.parametrize("size", [5, 500, 5000])
def test_it_finds_and_filters_in_fleets_of_any_size(page: Page, tmp_path: Path, size: int) -> None:
    results, details = fleet(size)
    page.open(_make(tmp_path, results, details))

    assert _shown(page) == f"{size:,} tenants"
    assert len(_names(page)) == min(size, 100), "more would be slow to open"

    wanted = results[size // 2]["tenant"]
    _search(page, wanted.upper())
    assert _names(page) == [wanted]
    _search(page, str(details[0]["tenant_id"]))
    assert _names(page) == [results[0]["tenant"]]
    _search(page, "nobody is called that")
    assert (_names(page), _shown(page)) == ([], f"0 of {size:,} tenants")
    _click(page, "#clear")
    assert _shown(page) == f"{size:,} tenants"

    for state in {result["state"] for result in results}:
        count = sum(result["state"] == state for result in results)
        _click(page, f"[data-state={state}]")
        told = page.run("[...document.querySelectorAll('#rows td.state')].map(cell => cell.innerText)")
        assert set(told) == {state.replace("_", " ")}
        assert _shown(page).startswith(f"{size:,} tenants" if count == size else f"{count:,} of ")
        _click(page, f"[data-state={state}]")


def test_it_sorts_by_each_heading_and_back(page: Page, tmp_path: Path) -> None:
    results, details = fleet(60)
    page.open(_make(tmp_path, results, details))
    ends = {
        entry["tenant"]: min([each["secret_ends"] for each in entry["registrations"]], default="~") for entry in details
    }
    names = sorted(result["tenant"] for result in results)

    _click(page, "[data-sort=tenant] button")
    assert _names(page) == names
    _click(page, "[data-sort=tenant] button")
    assert _names(page) == names[::-1]
    assert page.run("document.querySelector('[data-sort=tenant]').ariaSort") == "descending"
    _click(page, "[data-sort=expiry] button")
    assert _names(page) == sorted(names, key=lambda name: (ends[name], name))


def test_months_and_findings_filter(page: Page, tmp_path: Path) -> None:
    results, details = fleet(300)
    page.open(_make(tmp_path, results, details))

    for finding in {finding["kind"] for entry in details for finding in entry["findings"]}:
        _click(page, f"[data-finding={finding}]")
        having = {entry["tenant"] for entry in details if finding in {each["kind"] for each in entry["findings"]}}
        assert set(_names(page)) == having
        _click(page, f"[data-finding={finding}]")

    month = page.run("[...document.querySelectorAll('[data-month]:enabled')].at(-1).dataset.month")
    _click(page, f"[data-month='{month}']")
    ending = {
        entry["tenant"] for entry in details if any(each["secret_ends"][:7] == month for each in entry["registrations"])
    }
    assert set(_names(page)) == ending


def test_details_come_by_the_keyboard_alone(page: Page, tmp_path: Path) -> None:
    results, details = fleet(80)
    page.open(_make(tmp_path, results, details))
    tenant, entry = next((one["tenant"], one) for one in details if one["findings"])

    page.press("/", "/")
    page.type(tenant)
    assert _names(page) == [tenant]
    for _turn in range(40):
        page.press("Tab")
        if page.run("document.activeElement.ariaExpanded") == "false":
            break
    page.press("Enter", "\r")

    told = page.run("document.querySelector('.detail').innerText")
    for text in (entry["tenant_id"], *(each["client_id"] for each in entry["registrations"])):
        assert text in told
    for finding in entry["findings"]:
        assert finding["id"] in told
        assert finding["evidence"][0] in told
    page.press("Enter", "\r")
    assert page.run("document.querySelector('.detail')") is None


def test_who_must_do_what_can_be_copied(page: Page, tmp_path: Path) -> None:
    results, details = fleet(200)
    page.open(_make(tmp_path, results, details))
    page.run("navigator.clipboard.writeText = async text => { globalThis.copied = text; }")

    _click(page, "#copy")

    copied = page.run("globalThis.copied")
    waiting = [result for result in results if result["next"] != "-"]
    assert waiting
    assert all(result["tenant"] in copied and result["next"] in copied for result in waiting)
    assert len(copied.splitlines()) == len(waiting) + len({"you", "administrator of the tenant"}) + 1


@pytest.mark.parametrize("text", ["(", "[a-", "\\", ".*", "^con", "$", "a|b", "+?{2}", "*", '"', "<script>"])
def test_what_is_searched_is_text_and_no_pattern(page: Page, tmp_path: Path, text: str) -> None:
    results, details = fleet(20)
    details[7]["warnings"] = [f"before {text}after"]
    page.open(_make(tmp_path, results, details))

    _search(page, text)

    assert _names(page) == [results[7]["tenant"]]


def test_a_report_without_a_tenant_says_so(page: Page, tmp_path: Path) -> None:
    page.open(_make(tmp_path, [], []))

    assert _shown(page) == "0 tenants"
    assert page.run("document.getElementById('rows').innerText") == "This report has no tenant."
    assert "Nobody has anything to do." in page.run("document.body.innerText")
    page.press("/", "/")
    page.type("x")
    assert page.run("document.getElementById('rows').innerText") == "This report has no tenant."


def test_on_paper_each_tenant_that_was_found_has_a_line(page: Page, tmp_path: Path) -> None:
    results, details = fleet(250)
    page.open(_make(tmp_path, results, details))
    assert len(_names(page)) == 100

    page.run("window.dispatchEvent(new Event('beforeprint'))")
    on_paper = _names(page)
    page.run("window.dispatchEvent(new Event('afterprint'))")

    assert sorted(on_paper) == sorted(result["tenant"] for result in results)
    assert len(_names(page)) == 100


def test_what_has_changed_is_told(page: Page, tmp_path: Path) -> None:
    results, details = fleet(30)
    _make(tmp_path, results, details)
    results[3] |= {"state": "failed", "next": "You look into it."}

    page.open(_make(tmp_path, results, details))

    told = page.run("document.getElementById('since').innerText")
    assert results[3]["tenant"] in told
    assert "failed" in told


@pytest.mark.parametrize("place", ["tenant", "next", "state", "warnings", "finding", "changes", "client_id"])
def test_whatever_a_tenant_calls_itself_is_text(page: Page, tmp_path: Path, place: str) -> None:
    results, details = fleet(len(HOSTILE))
    for result, entry, text in zip(results, details, HOSTILE, strict=True):
        entry["registrations"] = [{"name": "mail", "client_id": text if place == "client_id" else None}]
        entry["warnings"] = [text] if place == "warnings" else []
        kinds = {
            "id": text,
            "kind": text,
            "severity": "high",
            "what": text,
            "evidence": [text],
            "advice": text,
            "since": None,
        }
        entry["findings"] = [kinds] if place == "finding" else []
        entry["steps"] = [{"registration": "mail", "part": "proof", "changes": [text]}] if place == "changes" else []
        result.update({place: text} if place in result else {})
        entry["tenant"] = result["tenant"]
    path = _make(tmp_path, results, details)

    page.open(path)
    page.run("document.querySelectorAll('td.name button').forEach(button => button.click())")

    assert page.run("document.title").startswith("Connector report")
    assert page.run("document.querySelectorAll('script, img').length") == 2, "its data and its own script"
    told = page.run("document.body.textContent")
    assert all(text.replace("\u202e", "\\u202e") in told for text in HOSTILE)


def test_its_policy_lets_nothing_else_run_or_load(page: Page, tmp_path: Path) -> None:
    page.open(_make(tmp_path, *fleet(2)))

    page.run("document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.com/x.png\">')")
    page.run("globalThis.made = document.createElement('script'); made.textContent = 'document.title = 1'")
    page.run("document.body.append(made)")

    assert page.run("fetch('https://example.com/').then(() => 'sent', () => 'refused')") == "refused"
    assert page.run("document.title").startswith("Connector report")
    assert any("Content Security Policy" in error for error in page.errors)
    page.errors.clear()
    page.requests[:] = [address for address in page.requests if not address.startswith("https://example.com/")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(page: Page, tmp_path: Path, scheme: str) -> None:
    """At least 4.5 to 1 (WCAG 2.2, 1.4.3), of each element that has text of its own, against what lies behind it."""
    page.show(scheme=scheme)
    page.open(_make(tmp_path, *fleet(100)))
    page.run("document.querySelectorAll('td.name button').forEach(button => button.click())")

    assert page.run(CONTRAST) == []


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm, and `nox --session environments`)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, tmp_path: Path, scheme: str) -> None:
    """Rules of WCAG 2.2 A and AA and best practices, closed and with every tenant's detail open."""
    page.show(scheme=scheme)
    page.open(_make(tmp_path, *fleet(30)))
    page.run(f"{AXE.read_text()}; true")

    assert _violations(page) == []
    page.run("document.querySelectorAll('td.name button').forEach(button => button.click())")
    assert page.run("document.querySelectorAll('.detail').length") > 0
    assert _violations(page) == []
    page.run("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert _violations(page) == ["button-name"], "a page with a fault is told apart"


def _violations(page: Page) -> list[str]:
    """Rules that are broken seriously, each with what breaks it where it is one of the page's own."""
    found = page.run("axe.run().then(found => found.violations.filter(v => /serious|critical/.test(v.impact)))")
    return [violation["id"] for violation in found]


CONTRAST = """(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  const shown = element => !/SCRIPT|NOSCRIPT|OPTION/.test(element.tagName);
  return [...document.body.querySelectorAll('*')].filter(own).filter(shown).filter(e => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map(e => `${e.className} ${e.textContent.slice(0, 40)}`);
})()"""
