// The upload page: files are chosen, looked at, and sent when somebody says so.
"use strict";
(() => {
  const root = document.getElementById("upload");
  if (!root) return;
  const texts = JSON.parse(root.dataset.texts), limits = JSON.parse(root.dataset.limits);
  const part = (name) => root.querySelector(`[data-${name}]`);
  const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  const LOOK = 1 << 16, MOST_LOOK = 1 << 20, AT_ONCE = 3;
  let chosen = [], request = null, looking = 0, sending = false;

  const make = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const files = (count) => filled(count === 1 ? texts.files_one : texts.files, { count });
  const amount = (bytes) => {
    const units = ["bytes", "KiB", "MiB", "GiB"];
    let unit = 0;
    for (; bytes >= 1023.5 && unit < 3; unit++) bytes /= 1024;
    const whole = !unit || bytes >= 99.5 || Number.isInteger(bytes);
    return `${whole ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
  };
  const isZip = (file) => /\.zip$/i.test(file.name);
  const KIND = { success: "passed", duplicate: "skipped", skipped: "skipped", failed: "failed", stopped: "interrupted" };

  // What is dropped may have folders in it; what is chosen says its path.
  const under = async (entry, above) => {
    if (entry.isFile) {
      const file = await new Promise((good, bad) => entry.file(good, bad));
      return [[file, above + file.name]];
    }
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((good, bad) => reader.readEntries(good, bad));
      if (!some.length) break;
      for (const one of some) found.push(...(await under(one, `${above}${entry.name}/`)));
    }
    return found;
  };

  const state = (one, status, words = "") => {
    one.status = status;
    const shown = make("span", { className: `status ${KIND[status] ?? ""}`, textContent: texts[status] });
    one.cell.replaceChildren(shown);
    if (words) one.cell.append(make("br"), make("span", { className: "hint", textContent: words }));
    if (status === "sending") {
      one.bar = make("progress", { max: 1, value: 0, ariaLabel: one.path });
      one.cell.append(one.bar);
    }
  };

  const add = (found) => {
    if (sending) return;
    part("result").replaceChildren();
    let left = false;
    for (const [file, path] of found) {
      if (chosen.some((one) => one.path === path && one.file.size === file.size)) continue;
      if (chosen.length >= limits.files) { left = true; break; }
      const one = { file, path, facts: null };
      const cells = [make("th", { scope: "row" }, make("bdi", { textContent: path })), make("td", { className: "number", textContent: amount(file.size) }), make("td"), make("td", { className: "actions" })];
      cells[0].setAttribute("role", "rowheader");
      for (const cell of cells.slice(1)) cell.setAttribute("role", "cell");
      one.cell = cells[2];
      one.row = make("tr", {}, ...cells);
      one.row.setAttribute("role", "row");
      if (!isZip(file)) {
        const tags = make("button", { type: "button", className: "plain", textContent: texts.tags, ariaLabel: `${texts.tags}: ${path}` });
        tags.addEventListener("click", () => preview(one));
        cells[3].append(tags);
        one.tags = tags;
      }
      one.remove = make("button", { type: "button", className: "plain", textContent: texts.remove, ariaLabel: `${texts.remove}: ${path}` });
      one.remove.addEventListener("click", () => { drop(one); });
      cells[3].append(one.remove);
      chosen.push(one);
      part("rows").append(one.row);
      const limit = isZip(file) ? limits.upload : limits.file;
      if (file.size > limit) state(one, "failed", filled(texts.too_large, { limit: amount(limit) }));
      else if (isZip(file)) state(one, "ready", texts.zip);
      else state(one, "waiting");
    }
    if (left) part("result").textContent = filled(texts.too_many, { limit: limits.files });
    show();
    pump();
  };

  const drop = (one) => {
    one.row.remove();
    chosen = chosen.filter((other) => other !== one);
    show();
    part("send").focus();
  };

  const ask = async (one, size, more = "") => {
    const head = one.file.slice(0, size);
    const query = new URLSearchParams({ name: one.path, whole: size >= one.file.size });
    return fetch(`/uploads/look?${query}${more}`, { method: "POST", headers, body: head });
  };

  const pump = () => {
    while (looking < AT_ONCE) {
      const one = chosen.find((each) => each.status === "waiting");
      if (!one) break;
      looking++;
      state(one, "looking");
      look(one).catch(() => state(one, "ready")).finally(() => { looking--; show(); pump(); });
    }
  };

  const look = async (one) => {
    for (let size = LOOK; ; size *= 4) {
      const answer = await ask(one, size);
      if (!answer.ok) break;
      const told = await answer.json();
      if (told.is === "more" && size < MOST_LOOK) continue;
      if (told.is === "dicom") one.facts = told;
      if (told.is !== "dicom") one.tags?.remove(); // it has no attributes
      if (told.is === "other") { state(one, "failed", told.error); return; }
      if (told.is === "skipped") { state(one, "skipped", told.error); return; }
      break;
    }
    state(one, "ready");
  };

  const preview = async (one) => {
    const dialog = document.getElementById("file-tags"), place = dialog.querySelector("[data-tags]");
    const answer = await ask(one, Math.min(one.file.size, MOST_LOOK), "&tags=true");
    if (!answer.ok) { part("result").textContent = texts.not_looked; return; }
    // The server has escaped every value.
    place.innerHTML = await answer.text();
    dialog.querySelector("h2").textContent = one.path;
    dialog.showModal();
  };

  const matches = new Map();
  const match = (facts) => {
    const uid = facts.study_instance_uid;
    if (!matches.has(uid)) {
      const { name, is, error, sop_class, ...known } = facts;
      const asked = { method: "POST", headers, body: new URLSearchParams(known) };
      matches.set(uid, fetch("/uploads/match", asked).then((answer) => (answer.ok ? answer.json() : null), () => null));
    }
    return matches.get(uid);
  };

  const show = () => {
    part("chosen").hidden = !chosen.length;
    const ready = chosen.filter((one) => one.status === "ready");
    const busy = chosen.some((one) => one.status === "waiting" || one.status === "looking");
    part("send").disabled = !ready.length || busy || sending;
    part("total").textContent = `${files(ready.length)}, ${amount(ready.reduce((sum, one) => sum + one.file.size, 0))}`;
    part("clear").disabled = sending;
    part("stop").hidden = !sending;
    part("again").hidden = sending || !chosen.some((one) => one.retry);
    const studies = new Map();
    for (const one of chosen) {
      if (!one.facts) continue;
      const uid = one.facts.study_instance_uid;
      studies.set(uid, [...(studies.get(uid) ?? []), one]);
    }
    const cards = [...studies.values()].map((ones) => {
      const facts = ones[0].facts, kinds = [...new Set(ones.map((one) => one.facts.modality).filter(Boolean))];
      const date = facts.study_date.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
      const line = [facts.patient_id, date, facts.accession_number, facts.description].filter(Boolean).join(" · ");
      const said = make("p", { className: "hint" });
      match(facts).then((found) => {
        if (!found) return;
        said.textContent = found.patient ? filled(texts.matched, found) : `${texts.not_matched}: ${found.reasons.join("; ")}`;
      });
      const name = (facts.patient_name || texts.unknown_patient).split("=")[0].split("^").filter(Boolean).join(", ");
      return make("article", { className: "box" },
        make("p", { className: "title" }, make("bdi", { textContent: name })),
        make("p", {}, make("bdi", { textContent: line })),
        make("p", { textContent: `${kinds.join(" ")} · ${files(ones.length)}` }), said);
    });
    part("studies").replaceChildren(...cards);
  };

  const send = (ones, path, query = "") => new Promise((done) => {
    const body = new FormData();
    for (const one of ones) { body.append("files", one.file, one.path); state(one, "sending"); }
    request = new XMLHttpRequest();
    request.open("POST", `/api/v1/dicom/${path}${query}`);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      let left = event.loaded;
      for (const one of ones) {
        one.bar.value = one.file.size ? Math.min(1, left / one.file.size) : 1;
        left = Math.max(0, left - one.file.size);
      }
    });
    const broken = (words, status) => {
      for (const one of ones) { state(one, status, words); one.retry = true; }
      done(null);
    };
    request.addEventListener("load", () => {
      const told = request.response;
      if (request.status !== 201 || !told?.files) { broken(inWords(told).detail ?? texts.broken, "failed"); return; }
      settle(ones, told);
      done(told);
    });
    request.addEventListener("error", () => broken(texts.broken, "failed"));
    request.addEventListener("abort", () => broken("", "stopped"));
    request.send(body);
  });

  const settle = (ones, told) => {
    const isArchive = ones.length === 1 && isZip(ones[0].file);
    if (isArchive) {
      const failed = told.files.filter((one) => one.status === "failed");
      state(ones[0], told.status === "success" ? "success" : "failed", failed.length ? failed.slice(0, 3).map((one) => `${one.name}: ${one.error}`).join("; ") : files(told.files.length));
      ones[0].retry = false;
      return;
    }
    ones.forEach((one, number) => {
      const file = told.files[number];
      state(one, file.status, file.error ?? "");
      one.retry = file.status === "failed";
    });
  };

  const start = async (wanted) => {
    sending = true;
    for (const one of chosen) one.remove.disabled = true;
    show();
    const plain = wanted.filter((one) => !isZip(one.file)), ids = [];
    const told = [];
    if (plain.length) told.push(await send(plain, "upload-multiple"));
    for (const one of wanted.filter((each) => isZip(each.file)))
      if (one.status !== "stopped") told.push(await send([one], "upload-zip"));
    for (const one of told) if (one) ids.push(one.upload_id);
    sending = false;
    for (const one of chosen) {
      one.remove.disabled = false;
      // To take it out of this list would look as if it were not kept.
      if (one.status === "success" || one.status === "duplicate") one.remove.hidden = true;
    }
    const kept = told.filter((one) => one && one.status !== "failed").length;
    const whole = told.every((one) => one?.status === "success");
    const done = chosen.every((one) => one.status !== "failed") ? texts.done : texts.done_but;
    part("result").replaceChildren(make("strong", { textContent: whole ? done : kept ? texts.partial : texts.none_kept }), " ",
      ...ids.flatMap((id) => [make("a", { href: `/uploads/${encodeURIComponent(id)}`, textContent: texts.see }), " "]));
    show();
    if (ids.length) document.body.dispatchEvent(new Event("uploaded"));
  };

  part("send").addEventListener("click", () => start(chosen.filter((one) => one.status === "ready")));
  part("again").addEventListener("click", () => start(chosen.filter((one) => one.retry)));
  part("stop").addEventListener("click", () => request?.abort());
  part("clear").addEventListener("click", () => { chosen = []; part("rows").replaceChildren(); part("result").replaceChildren(); show(); });
  for (const input of root.querySelectorAll("[data-files]"))
    input.addEventListener("change", () => {
      add([...input.files].map((file) => [file, file.webkitRelativePath || file.name]));
      input.value = "";
    });

  const zone = part("drop");
  for (const kind of ["dragenter", "dragover"])
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) { add([...event.dataTransfer.files].map((file) => [file, file.name])); return; }
    const found = [];
    for (const entry of entries) found.push(...(await under(entry, "")));
    add(found);
  });
  addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
})();
