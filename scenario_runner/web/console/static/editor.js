// A scenario as text: what is wrong with it as it is typed, what it would make, and saving without losing anybody's work.
"use strict";
(() => {
  const root = document.querySelector("[data-editor]");
  if (!root) return;
  const texts = JSON.parse(root.dataset.texts);
  const at = (name) => root.querySelector(`[data-${name}]`);
  const edits = root.dataset.edits === "yes";
  let version = root.dataset.version;
  let kept = root.querySelector("textarea").value;
  // What was typed and not saved is there again after a run was looked at.
  const drafts = `scenario:${location.pathname}`;
  let leaving = false;
  const draft = sessionStorage.getItem(drafts);
  // Where the site file lacks the PACS that a scenario was written for, a person may choose the embedded one.
  const other = document.querySelector("[data-embedded]");
  const site = () => {
    const chosen = other?.checked ? root.dataset.otherSite : root.dataset.site;
    return chosen ? { site: chosen } : {};
  };
  let asked = 0, timer = 0, controller = null;

  const made = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const headers = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  const ask = (address, method, body, more = {}, signal = undefined) =>
    fetch(address, {
      method, signal, credentials: "same-origin",
      headers: { ...headers(), "Content-Type": "application/json", ...more },
      body: JSON.stringify(body),
    });
  const problem = async (response, place) => {
    let told = {};
    try { told = inWords(await response.json()); } catch { /* no problem document */ }
    const banner = made("div", "banner problem");
    const words = made("div");
    words.append(made("p", "", told.detail || `HTTP ${response.status}`));
    if (told.hint) words.append(made("p", "", told.hint));
    banner.append(words);
    const there = place || document.getElementById("problems");
    there.replaceChildren(banner);
    there.scrollIntoView({ block: "nearest" });
  };
  const unreachable = (place) => {
    const there = place || document.getElementById("problems");
    there.replaceChildren(made("p", "banner problem", document.body.dataset.unreachable));
  };

  // --- the editor ----------------------------------------------------------------------------------------------

  const place = at("place");
  const cursor = async (what, text, offset) => {
    if (!edits) return null;
    try {
      const answer = await ask(`/api/v1/scenarios/${what}`, "POST", { text, offset });
      return answer.ok ? await answer.json() : null;
    } catch { return null; }
  };
  place.querySelector("textarea").remove();
  const editor = globalThis.scenarioEditor(place, {
    text: edits && draft !== null ? draft : kept,
    label: root.dataset.label, describedBy: "keys verdict", readOnly: !edits, nonce: root.dataset.nonce,
    complete: (text, offset) => cursor("complete", text, offset),
    hover: (text, offset) => cursor("hover", text, offset),
    changed: () => {
      changed();
      clearTimeout(timer);
      timer = setTimeout(look, 400);
    },
  });

  // The editor holds the lines that are looked at; paper has all of them.
  window.addEventListener("beforeprint", () => { at("paper").textContent = editor.text(); });
  window.addEventListener("afterprint", () => { at("paper").replaceChildren(); });

  // --- what is wrong, and the plan -----------------------------------------------------------------------------

  const showFindings = (found) => {
    editor.mark(found.slice(0, 1000));
    const list = at("findings");
    list.replaceChildren();
    for (const one of found.slice(0, 100)) {
      const item = made("li", one.severity);
      const go = made("button", "plain", `${texts.line} ${one.line}`);
      go.type = "button";
      go.addEventListener("click", () => editor.select(one));
      const words = made("div");
      words.append(made("p", "", one.message));
      if (one.hint) words.append(made("p", "hint", one.hint));
      item.append(go, words, made("span", "uid", one.code));
      list.append(item);
    }
    const errors = found.filter((one) => one.severity === "error").length;
    const verdict = at("verdict");
    const icon = root.querySelector(`template[data-status="${errors ? "error" : "passed"}"]`).content.cloneNode(true);
    const words = errors === 0 ? texts.sound : errors === 1 ? texts.error : `${errors} ${texts.errors}`;
    verdict.className = `verdict status ${errors ? "error" : "passed"}`;
    verdict.replaceChildren(icon, words);
    return errors;
  };
  const cell = (row, text, className, label) => {
    const made_ = made("td", className || "", text);
    made_.setAttribute("role", "cell");
    if (label) made_.dataset.label = label;
    row.append(made_);
  };
  const person = (name) => name.split("=")[0].split("^").slice(0, 2).filter(Boolean).join(", ");
  const showPlan = (plan) => {
    const place = at("plan");
    place.replaceChildren();
    for (const one of plan.cases.slice(0, 20)) {
      if (plan.cases.length > 1) place.append(made("h3", "", `${texts.case} ${one.id}`));
      const table = made("table");
      table.setAttribute("role", "table");
      const head = made("thead"), line = made("tr");
      for (const [label, kind] of [[texts.patient, ""], [texts.study, ""], [texts.series, ""], [texts.images, "number"]]) {
        const column = made("th", kind, label);
        column.scope = "col";
        line.append(column);
      }
      head.append(line);
      const body = made("tbody");
      let rows = 0;
      for (const patient of one.patients)
        for (const study of patient.studies)
          for (const series of study.series) {
            rows += 1;
            if (rows > 50) continue;
            const row = made("tr");
            row.setAttribute("role", "row");
            cell(row, `${person(patient.name)}\n${patient.id}`, "two");
            cell(row, `${study.description}\n${study.accession}  ${study.date}`, "two");
            cell(row, `${series.modality}  ${series.description}`);
            cell(row, String(series.images.length), "number", texts.images);
            body.append(row);
          }
      table.append(head, body);
      place.append(table);
      if (rows > 50) place.append(made("p", "hint", texts.more));
    }
    if (plan.cases.length > 20) place.append(made("p", "hint", texts.more));
  };

  const look = async () => {
    const mine = ++asked;
    controller?.abort();
    controller = new AbortController();
    const body = { text: editor.text(), ...site() };
    try {
      const judged = await ask("/api/v1/scenarios/validate", "POST", body, {}, controller.signal);
      if (mine !== asked) return;
      if (!judged.ok) { await problem(judged); return; }
      const errors = showFindings((await judged.json()).diagnostics);
      if (errors) {
        at("plan").replaceChildren(made("p", "hint", texts.no_plan));
        return;
      }
      const planned = await ask("/api/v1/scenarios/plan", "POST", body, {}, controller.signal);
      if (mine !== asked) return;
      if (planned.ok) showPlan(await planned.json());
      else await problem(planned, at("plan"));
    } catch (error) {
      if (error.name !== "AbortError") unreachable();
    }
  };
  const changed = () => {
    at("saved").textContent = editor.text() === kept ? "" : texts.unsaved;
    if (editor.text() === kept) sessionStorage.removeItem(drafts);
    else sessionStorage.setItem(drafts, editor.text());
  };
  place.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s" && root.dataset.source === "own") {
      event.preventDefault();
      save();
    }
  });
  addEventListener("beforeunload", (event) => {
    if (edits && !leaving && editor.text() !== kept) event.preventDefault();
  });

  // --- saving and running ---------------------------------------------------------------------------------------

  const save = async () => {
    try {
      const answer = await ask(`/api/v1/scenarios/${encodeURIComponent(root.dataset.name)}`, "PUT",
        { text: editor.text() }, { "If-Match": `"${version}"` });
      if (!answer.ok) { await problem(answer); return; }
      const now = await answer.json();
      version = now.version;
      kept = now.text;
      changed();
      document.getElementById("problems").replaceChildren();
      at("saved").textContent = texts.saved;
    } catch { unreachable(); }
  };
  document.querySelector("[data-save]")?.addEventListener("click", save);
  document.querySelector("[data-save-as]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get("name");
    const place = event.target.closest("dialog").querySelector("[data-problems]");
    try {
      const answer = await ask(`/api/v1/scenarios/${encodeURIComponent(name)}`, "PUT",
        { text: editor.text() }, { "If-None-Match": "*" });
      if (!answer.ok) { await problem(answer, place); return; }
      leaving = true;
      sessionStorage.removeItem(drafts);
      location.assign(`/scenarios/${encodeURIComponent(name)}`);
    } catch { unreachable(place); }
  });
  let starting = false;
  addEventListener("pageshow", () => { starting = leaving = false; });
  document.querySelector("[data-run-it]")?.addEventListener("click", async () => {
    if (starting) return; // pressed twice, it is still one run
    starting = true;
    const asIs = editor.text() === kept && root.dataset.source !== "new";
    const production = document.querySelector("[data-production]")?.checked ? { allow_production: true } : {};
    const body = { ...site(), ...production, ...(asIs ? { scenario: root.dataset.name } : { text: editor.text() }) };
    try {
      const answer = await ask("/api/v1/runs", "POST", body);
      if (!answer.ok) { await problem(answer); return; }
      const run = await answer.json();
      leaving = true;
      location.assign(`/runs/${encodeURIComponent(run.id)}`);
    } catch { unreachable(); } finally { starting = leaving; }
  });
  other?.addEventListener("change", () => {
    const scheduled = document.querySelector("[data-site-of-schedule]");
    if (scheduled) scheduled.value = site().site ?? "";
    look();
  });
  const zone = document.querySelector("[data-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  changed();
  if (edits) look();
})();
