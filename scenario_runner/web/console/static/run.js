// A run as it goes on: its events, as the run wrote them, become lines of a table. Everything is put in as text.
"use strict";
(() => {
  const root = document.querySelector("[data-run]");
  if (!root) return;
  const texts = JSON.parse(root.dataset.texts);
  const cases = new Map();
  const number = new Intl.NumberFormat("en");
  const at = (name) => root.querySelector(`[data-${name}]`);
  const MOST = 30; // cases that are shown step by step; of more, those that go on or did not pass
  let steps = 0, done = 0, sent = 0, images = 0, failures = 0, passed = 0;
  let recent = [];

  const made = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const status = (outcome) => {
    const found = root.querySelector(`template[data-status="${CSS.escape(outcome)}"]`);
    return found ? found.content.cloneNode(true) : made("span", "status", outcome);
  };
  const seconds = (value) => (value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`);

  const caseOf = (event) => {
    const section = made("section", "case");
    const head = made("h2", "", event.name || event.case);
    const outcome = made("span", "case-outcome");
    head.append(" ", outcome);
    const table = made("table");
    table.setAttribute("role", "table");
    const body = made("tbody");
    table.append(body);
    section.append(head, table);
    const rows = new Map();
    for (const step of event.steps || []) {
      const row = made("tr");
      row.setAttribute("role", "row");
      const state = made("td", "short", texts.planned);
      const what = made("td");
      const title = made("span", "", step.title || step.id);
      const message = made("span", "message");
      what.append(title, message);
      if (step.section === "finally") what.append(" ", made("span", "tag", texts.finally));
      const took = made("td", "number", "");
      for (const cell of [state, what, took]) cell.setAttribute("role", "cell");
      row.append(state, what, took);
      row.classList.add("planned");
      body.append(row);
      rows.set(step.id, { row, state, message, took });
    }
    images += (event.counts || {}).images || 0;
    steps += rows.size;
    const made_ = { section, outcome, rows };
    cases.set(event.case, made_);
    at("cases").append(section);
    return made_;
  };

  const row = (event) => cases.get(event.case)?.rows.get(event.id);
  const on = {
    case_started: caseOf,
    step_started: (event) => {
      const it = row(event);
      if (!it) return;
      it.row.classList.replace("planned", "under-way");
      const mark = made("span", "status going");
      mark.append(made("span", "dot"), document.querySelector("#state .status")?.textContent.trim() || "…");
      it.state.replaceChildren(mark);
    },
    progress: (event) => {
      const it = row(event);
      if (!it) return;
      const words = event.total
        ? `${number.format(event.done)} ${texts.of} ${number.format(event.total)} ${event.unit}`
        : `${number.format(event.done)} ${event.unit}`;
      const bar = made("progress");
      if (event.total) { bar.max = event.total; bar.value = event.done; }
      bar.setAttribute("aria-label", words);
      it.message.replaceChildren(bar, made("span", "", words));
    },
    logged: (event) => {
      const it = row(event);
      if (it) it.message.textContent = event.message;
    },
    instance_sent: (event) => {
      if (!event.stored) return;
      sent += 1;
      recent.push(Date.parse(event.time));
    },
    step_finished: (event) => {
      const it = row(event);
      done += 1;
      if (event.outcome === "failed" || event.outcome === "error") failures += 1;
      if (!it) return;
      it.row.classList.remove("planned", "under-way");
      it.state.replaceChildren(status(event.outcome));
      it.message.textContent = event.message;
      it.took.textContent = event.outcome === "skipped" ? "" : seconds(event.duration_s);
    },
    case_finished: (event) => {
      const it = cases.get(event.case);
      if (!it) return;
      it.outcome.replaceChildren(status(event.outcome));
      if (event.outcome !== "passed" || cases.size <= MOST) return;
      passed += 1;
      it.section.remove();
      it.rows.clear();
    },
  };

  const show = () => {
    at("steps").textContent = `${number.format(done)} ${texts.of} ${number.format(steps)}`;
    const latest = recent[recent.length - 1] || 0;
    recent = recent.filter((moment) => moment > latest - 5000);
    const span = recent.length > 1 ? (latest - recent[0]) / 1000 : 0;
    const rate = span > 0.5 ? `, ${number.format(Math.round(recent.length / span))} ${texts.rate}` : "";
    at("sent").textContent = `${number.format(sent)} ${texts.of} ${number.format(images)}${rate}`;
    at("failures").textContent = number.format(failures);
    at("failures").classList.toggle("bad", failures > 0);
    if (passed) at("waiting").textContent = `${number.format(passed)} ${texts.passed_cases}`;
    at("waiting").hidden = cases.size > 0 && !passed;
  };

  // Whoever looks away lets go, and goes on from where it was when it looks again.
  let frame = 0, reached = 0, told = 0;
  const address = `/api/v1/runs/${encodeURIComponent(root.dataset.run)}/events`;
  follow((brief) => `${address}?offset=${reached}&brief=${brief}`, {
    message: (message) => {
      reached = Number(message.lastEventId);
      const event = JSON.parse(message.data);
      if (event.seq <= told) return; // told before the connection broke
      told = event.seq;
      on[event.event]?.(event);
      frame ||= requestAnimationFrame(() => { frame = 0; show(); });
    },
    state: (message) => {
      const run = JSON.parse(message.data);
      // From the queue to running, or asked to stop: the page says it anew.
      const stopping = run.stopped_by ? "yes" : "no";
      if (run.state !== root.dataset.state || stopping !== root.dataset.stopping) renew();
    },
  });

  const began = Date.parse(at("elapsed").dataset.elapsed);
  const tick = () => {
    if (began) at("elapsed").textContent = seconds(Math.max(0, (Date.now() - began) / 1000));
  };
  tick();
  setInterval(tick, 1000);
})();
