"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const at = (id) => document.getElementById(id);
  const PAGE = 100;
  const FEW = 6;
  const RANK = Object.keys(report.states);
  const SEVERITIES = ["high", "medium", "low"];
  const number = new Intl.NumberFormat("en");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Everything from a tenant becomes text here and nothing else: no markup is ever made of it.
  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const label = (state) => state.replaceAll("_", " ");
  const tone = (state) => document.querySelector(`[data-state="${CSS.escape(state)}"] .dot`)?.classList[1] || "tone-grey";
  const moment = (iso) => (iso ? iso.slice(0, 16).replace("T", " ") : "");
  const day = (iso) => (iso ? iso.slice(0, 10) : "");
  const open = (row) => row.findings.filter((finding) => !finding.accepted_until);
  const expiries = (row) => row.registrations.map((entry) => entry.secret_ends).filter(Boolean).sort();

  const rows = report.tenants.map((row) => ({
    row,
    open: open(row),
    expiry: expiries(row)[0] || "",
    months: new Set(expiries(row).map((end) => (end < report.created.slice(0, 7) ? "past" : end.slice(0, 7)))),
    text: [
      row.tenant, row.tenant_id, label(row.state), row.next, row.who, ...row.warnings,
      ...row.registrations.map((entry) => `${entry.name} ${entry.client_id || ""} ${entry.secret_key_id || ""}`),
      ...row.findings.map((finding) => `${finding.id} ${finding.severity} ${finding.what || ""}`),
    ].join("\n").toLowerCase(),
  }));
  // Worked out once: to compare names in each sorting of 5,000 is what a filter would take longest for.
  const byName = [...rows].sort((a, b) => collator.compare(a.row.tenant, b.row.tenant));
  byName.forEach((entry, place) => {
    entry.place = place;
    entry.weight = entry.open.reduce((sum, finding) => sum + [1e6, 1e3, 1][SEVERITIES.indexOf(finding.severity)], 0);
  });
  const last = (text) => text || "~";
  const ORDERS = {
    tenant: (a, b) => a.place - b.place,
    state: (a, b) => RANK.indexOf(a.row.state) - RANK.indexOf(b.row.state),
    findings: (a, b) => b.weight - a.weight,
    expiry: (a, b) => (last(a.expiry) < last(b.expiry) ? -1 : last(a.expiry) > last(b.expiry) ? 1 : 0),
    by: (a, b) => (last(a.row.by) < last(b.row.by) ? -1 : last(a.row.by) > last(b.row.by) ? 1 : 0),
  };
  const wanted = { search: "", state: "", month: "", finding: "", sort: "state", descending: false, limit: PAGE };
  let found = [];

  // --- the table ---------------------------------------------------------------------------------------------------

  const matches = ({ row, text, months, open: findings }) =>
    (!wanted.state || row.state === wanted.state) &&
    (!wanted.month || months.has(wanted.month)) &&
    (!wanted.finding || findings.some((finding) => finding.kind === wanted.finding)) &&
    wanted.search.split(/\s+/).every((word) => text.includes(word));

  const update = () => {
    const order = ORDERS[wanted.sort];
    const direction = wanted.descending ? -1 : 1;
    found = rows.filter(matches).sort((a, b) => direction * order(a, b) || ORDERS.tenant(a, b));
    at("rows").replaceChildren(...found.slice(0, wanted.limit).map(line));
    if (!found.length) {
      const cell = make("td", "", rows.length ? "No tenant is like that." : "This report has no tenant.");
      cell.colSpan = 6;
      at("rows").append(make("tr", "empty", cell));
    }
    const all = found.length === rows.length;
    const total = `${number.format(rows.length)} ${rows.length === 1 ? "tenant" : "tenants"}`;
    at("shown").textContent = all ? total : `${number.format(found.length)} of ${total}`;
    at("more").hidden = found.length <= wanted.limit;
    at("more").textContent = `Show more (${number.format(found.length - wanted.limit)} left)`;
    at("clear").hidden = !(wanted.search || wanted.state || wanted.month || wanted.finding);
    at("state").value = wanted.state;
    for (const [name, attribute] of [["state", "data-state"], ["month", "data-month"], ["finding", "data-finding"]]) {
      for (const button of document.querySelectorAll(`button[${attribute}]`)) {
        button.setAttribute("aria-pressed", String(button.getAttribute(attribute) === wanted[name]));
      }
    }
    for (const heading of document.querySelectorAll("th[data-sort]")) {
      const is = heading.dataset.sort === wanted.sort;
      heading.setAttribute("aria-sort", is ? (wanted.descending ? "descending" : "ascending") : "none");
    }
  };
  const change = (values) => {
    Object.assign(wanted, { limit: PAGE }, values);
    update();
  };

  const state = (name) => make("span", "", make("span", `dot ${tone(name)}`), label(name));
  const line = (entry) => {
    const { row } = entry;
    const button = make("button", "", make("span", "", row.tenant));
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    const badges = SEVERITIES.flatMap((severity) => {
      const count = entry.open.filter((finding) => finding.severity === severity).length;
      return count ? [make("span", `badge tone-${severity}`, `${count} ${severity}`)] : [];
    });
    const made = make(
      "tr", "",
      make("td", "name", button),
      make("td", "state", state(row.state)),
      make("td", "", ...badges),
      make("td", "date", day(entry.expiry)),
      make("td", "date", day(row.by)),
      make("td", "next", make("div", "text", row.next)),
    );
    button.addEventListener("click", () => {
      const opened = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!opened));
      made.classList.toggle("open", !opened);
      if (opened) made.nextElementSibling.remove();
      else made.after(detail(entry));
    });
    return made;
  };

  // --- one tenant --------------------------------------------------------------------------------------------------

  const list = (pairs) => {
    const made = make("dl", "");
    for (const [name, value] of pairs) if (value) made.append(make("dt", "", name), make("dd", "", value));
    return made;
  };
  const section = (title, ...children) => make("div", "", make("h3", "", title), ...children);
  const bullets = (texts) => make("ul", "", ...texts.map((text) => make("li", "text", text)));

  const findingOf = (finding) => make(
    "div", `finding tone-${finding.severity}`,
    make("span", `badge tone-${finding.severity}`, finding.severity), " ",
    make("strong", "", [finding.registration, label(finding.kind)].filter(Boolean).join(": ")),
    finding.what ? make("p", "text", finding.what) : null,
    finding.advice ? make("p", "text", `What to do: ${finding.advice}`) : null,
    list([
      ["Id", make("code", "", finding.id)],
      ["Seen", (finding.evidence || []).join("; ")],
      ["Since", moment(finding.since)],
      ["Mended by", finding.playbook && `totalview.exchange365.${finding.playbook}`],
      ["Accepted until", finding.accepted_until],
      ["Because", finding.reason],
    ]),
  );
  const timeline = (row) => {
    const dates = row.registrations.flatMap((entry) => [
      [entry.proven_at, `${entry.name}: proven`],
      [entry.delivered_at, `${entry.name}: secret typed in at the connector`],
      [entry.secret_ends, `${entry.name}: secret expires`],
    ]);
    dates.push([row.at, `looked at by ${row.playbook}${row.check_mode ? " (check mode)" : ""}`], [row.by, "by then, or not before: see what must happen"]);
    dates.push(...row.findings.map((finding) => [finding.since, `finding ${finding.kind}`]));
    return list(dates.filter(([date]) => date).sort().map(([date, text]) => [moment(date), text]));
  };
  const detail = ({ row }) => {
    const registrations = row.registrations.map((entry) =>
      section(`Registration for ${entry.name === "mail" ? "e-mail" : "calendars"}`, list([
        ["Client ID", entry.client_id],
        ["Restriction", entry.restriction && label(entry.restriction)],
        ["Proven", entry.proven_at ? moment(entry.proven_at) : "not yet"],
        ["Secret", entry.secret_key_id],
        ["Expires", day(entry.secret_ends)],
      ])));
    const parts = row.steps.map((step) => {
      const what = [step.registration, step.part].filter(Boolean).join(": ");
      return step.changes.length ? `${what}: ${step.changes.join("; ")}` : what;
    });
    const verb = row.check_mode || row.state === "changes_pending" ? "What would change" : "What was changed";
    const cell = make(
      "td", "",
      ...(row.findings.length ? [section("Findings", ...row.findings.map(findingOf))] : []),
      ...(row.warnings.length ? [section("Warnings", bullets(row.warnings))] : []),
      make(
        "div", "grid",
        ...registrations,
        section("Timeline", timeline(row)),
        ...(row.tenant_id ? [section("Tenant", list([["Directory ID", row.tenant_id]]))] : []),
      ),
      ...(parts.length ? [section(verb, bullets(parts))] : []),
    );
    cell.colSpan = 6;
    return make("tr", "detail", cell);
  };

  // --- who must do what, and what has changed ----------------------------------------------------------------------

  const todo = rows.filter(({ row }) => row.who).sort((a, b) => ORDERS.by(a, b) || ORDERS.state(a, b) || ORDERS.tenant(a, b));
  const people = [...new Set(todo.map(({ row }) => row.who))].sort();
  const asText = () => people.map((who) => {
    const lines = todo.filter(({ row }) => row.who === who).map(({ row }) => `- ${row.tenant} (${label(row.state)})${row.by ? ` [${moment(row.by)} UTC]` : ""}: ${row.next}`);
    return [`${who}:`, ...lines].join("\n");
  }).join("\n\n");

  const few = (parent, className, items) => {
    const made = make("ul", className, ...items.slice(0, FEW).map((item) => item()));
    parent.append(made);
    if (items.length <= FEW) return;
    const button = make("button", "all", `Show all ${number.format(items.length)}`);
    button.type = "button";
    button.addEventListener("click", () => {
      made.append(...items.slice(FEW).map((item) => item()));
      button.remove();
    });
    parent.append(button);
  };
  const showTodo = () => {
    at("copy").hidden = !todo.length;
    if (!todo.length) return;
    at("todo-list").replaceChildren();
    for (const who of people) {
      const theirs = todo.filter(({ row }) => row.who === who);
      at("todo-list").append(make("h3", "", `${who[0].toUpperCase()}${who.slice(1)} (${number.format(theirs.length)})`));
      few(at("todo-list"), "todo", theirs.map(({ row }) => () => make(
        "li", "",
        make("span", "name", row.tenant, row.by ? make("span", "by", moment(row.by)) : null),
        make("span", "text", row.next || label(row.state)),
      )));
    }
  };
  const showDifferences = () => {
    if (!report.differences.length) return;
    at("differences").replaceChildren();
    few(at("differences"), "moved", report.differences.map((entry) => () => {
      const told = entry.before === entry.after ? [state(entry.after)]
        : entry.before === null ? ["new: ", state(entry.after)]
          : entry.after === null ? ["no longer in the inventory"]
            : [state(entry.before), " → ", state(entry.after)];
      const kinds = [...entry.new.map((id) => `new finding ${id}`), ...entry.gone.map((id) => `gone: ${id}`)];
      return make("li", "", make("span", "name", entry.tenant), make("span", "", ...told, kinds.length ? make("span", "text", `\n${kinds.join("\n")}`) : null));
    }));
  };
  const copy = async () => {
    const text = asText();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", "unseen", text);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    at("copied").textContent = "Copied.";
    at("copy").textContent = "Copied";
  };

  // --- what people do ----------------------------------------------------------------------------------------------

  at("search").addEventListener("input", (event) => change({ search: event.target.value.trim().toLowerCase() }));
  at("state").addEventListener("change", (event) => change({ state: event.target.value }));
  at("clear").addEventListener("click", () => {
    at("search").value = "";
    change({ search: "", state: "", month: "", finding: "" });
    at("search").focus();
  });
  at("more").addEventListener("click", () => {
    wanted.limit += PAGE;
    update();
  });
  at("copy").addEventListener("click", copy);
  for (const [name, attribute] of [["state", "data-state"], ["month", "data-month"], ["finding", "data-finding"]]) {
    for (const button of document.querySelectorAll(`button[${attribute}]`)) {
      button.addEventListener("click", () => {
        const value = button.getAttribute(attribute);
        change({ [name]: wanted[name] === value ? "" : value });
      });
    }
  }
  for (const heading of document.querySelectorAll("th[data-sort]")) {
    heading.firstElementChild.addEventListener("click", () => {
      const same = wanted.sort === heading.dataset.sort;
      change({ sort: heading.dataset.sort, descending: same && !wanted.descending });
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      at("search").focus();
    } else if (event.key === "Escape" && event.target === at("search")) {
      at("search").value = "";
      change({ search: "" });
    }
  });
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("button.all").forEach((button) => button.click());
    wanted.limit = Infinity;
    update();
  });
  window.addEventListener("afterprint", () => change({}));
  showTodo();
  showDifferences();
  update();
})();
