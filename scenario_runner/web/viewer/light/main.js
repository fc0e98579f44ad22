// The page: whose study it is, its series, one picture or two.

import { day, number, personName, value } from "./dataset.js";
import { Refused, Server } from "./dicomweb.js";
import { button, element } from "./elements.js";
import { Stack } from "./stack.js";
import { Tags } from "./tags.js";
import { texts } from "./texts.js";
import { Tools } from "./tools.js";
import { Viewport } from "./viewport.js";

const at = (id) => document.getElementById(id);

/** What the address asks for; a token is taken out of it, so that nobody copies or reads it there. */
function asked() {
  const address = new URL(location.href);
  const given = (name) => address.searchParams.getAll(name).flatMap((one) => one.split(",")).filter(Boolean);
  const studies = [...given("StudyInstanceUIDs"), ...given("StudyInstanceUID")].filter((uid) => /^[0-9.]{1,64}$/.test(uid));
  const token = given("token")[0] ?? "";
  const kept = `viewer-token ${studies}`;
  if (token) {
    sessionStorage.setItem(kept, token);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
  return { studies, token: token || sessionStorage.getItem(kept), series: given("SeriesInstanceUID")[0], image: given("SOPInstanceUID")[0] };
}

function explain(error) {
  if (!(error instanceof Refused)) return texts.failed(error.message);
  if (error.status === 0) return texts.gone;
  if (error.status === 401) return texts.refused;
  if (error.status === 403) return texts.ended;
  return texts.failed(error.message);
}

class App {
  constructor() {
    this.request = asked();
    this.server = new Server(this.request.token);
    this.viewports = [this.#viewport(), this.#viewport()];
    this.viewports[1].element.hidden = true;
    at("viewports").append(...this.viewports.map((one) => one.element));
    this.active = this.viewports[0];
    this.tags = new Tags(this.server, at("tags"), explain, () => this.toggleTags());
    this.tools = new Tools(at("tools"), this);
    this.entries = new Map();
    at("series").setAttribute("aria-label", texts.seriesList);
    for (const one of document.querySelectorAll("[data-text]")) one.textContent = texts[one.dataset.text];
    document.title = texts.title;
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#label();
    this.#active(this.active);
  }

  get isComparing() {
    return !this.viewports[1].element.hidden;
  }

  async start() {
    if (!this.request.studies.length) return this.say(texts.noStudy);
    this.say(texts.loading);
    const found = [];
    let failed;
    for (const study of this.request.studies) {
      try {
        found.push(...(await this.#study(study)));
      } catch (error) {
        failed ??= error;
      }
    }
    this.say(failed ? explain(failed) : "");
    if (failed?.status === 401) {
      const here = encodeURIComponent(location.pathname + location.search);
      at("status").append(" ", element("a", { href: `/login?next=${here}`, textContent: texts.login }));
    }
    const wanted = found.find((one) => one.uid === this.request.series) ?? found.find((one) => one.isImage) ?? found[0];
    if (!wanted) return undefined;
    if (this.request.studies.length > 1) {
      const other = found.find((one) => one.study !== wanted.study && one.isImage);
      if (other) {
        this.compare();
        this.#open(this.viewports[1], other);
      }
    }
    return this.#open(this.viewports[0], wanted, this.request.image);
  }

  say(text) {
    at("status").textContent = text;
  }

  compare() {
    this.viewports[1].element.hidden = this.isComparing;
    if (!this.isComparing) {
      this.viewports[1].close();
      this.#active(this.viewports[0]);
    }
    this.#label();
    this.tools.tell(this.active);
  }

  toggleTags() {
    this.tags.panel.hidden = this.tags.isOpen;
    if (this.tags.isOpen) this.tags.filter.focus();
    else this.active.element.focus();
    this.#told(this.active);
  }

  help() {
    const dialog = at("help");
    const rows = texts.keys.map(([key, does]) =>
      element("tr", {}, [element("th", { scope: "row" }, [element("kbd", { textContent: key })]), element("td", { textContent: does })]),
    );
    dialog.setAttribute("aria-label", texts.help);
    dialog.replaceChildren(
      element("h2", { textContent: texts.help }),
      element("table", {}, rows),
      button(texts.close, () => dialog.close(), { autofocus: true }),
    );
    dialog.showModal();
  }

  /** The series of a study, in the list. */
  async #study(study) {
    const [data, all] = await Promise.all([this.server.study(study), this.server.series(study)]);
    if (!data) throw new Refused(404, study);
    const name = personName(data, "00100010");
    const facts = [value(data, "00100020"), day(value(data, "00100030")), value(data, "00100040")].filter(Boolean);
    const what = [day(value(data, "00080020")), value(data, "00081030"), value(data, "00080050")].filter(Boolean);
    if (study === this.request.studies[0]) {
      at("patient").textContent = name || value(data, "00100020") || texts.title;
      at("study").textContent = [...facts, ...what].join(" · ");
      document.title = `${at("patient").textContent} · ${texts.title}`;
    }
    const isOneOfMany = this.request.studies.length > 1;
    const whose = (isOneOfMany ? [name, ...what.slice(0, 2)] : what.slice(0, 2)).join(" · ");
    const heading = element("h2", { textContent: whose, dir: "auto" });
    const list = element("ul", { role: "list" });
    at("series").append(heading, list);
    const inOrder = all.sort((a, b) => number(a, "00200011", 0) - number(b, "00200011", 0));
    return inOrder.map((one) => this.#entry(study, one, list, isOneOfMany ? `${whose}\n` : ""));
  }

  /** whose: said on the picture, where there are pictures of several studies. */
  #entry(study, data, list, whose) {
    const modality = value(data, "00080060") ?? "";
    const said = value(data, "0008103E") || texts.seriesNumber(value(data, "00200011"));
    const count = number(data, "00201209", 0);
    const isImage = !["SR", "KO", "PR", "DOC", "ECG", "HD", "EPS", "AU", "PLAN", "RTPLAN", "RTSTRUCT", "REG"].includes(modality);
    const entry = { uid: value(data, "0020000E"), study, modality, isImage, whose, title: [modality, said].filter(Boolean).join(" · ") };
    const small = element("span", { className: "small", textContent: isImage ? "" : modality });
    entry.button = element("button", { type: "button", onclick: () => this.#open(this.active, entry) }, [
      small,
      element("span", { className: "words" }, [
        element("strong", { textContent: entry.title, dir: "auto" }),
        element("span", { textContent: isImage ? texts.images(count) : texts.objects(count) }),
      ]),
    ]);
    list.append(element("li", {}, [entry.button]));
    this.entries.set(entry.uid, entry);
    if (isImage) this.#thumbnail(small, entry);
    return entry;
  }

  async #thumbnail(place, entry) {
    try {
      const url = URL.createObjectURL(await this.server.thumbnail(`studies/${entry.study}/series/${entry.uid}`));
      const image = element("img", { src: url, alt: "", width: 56, height: 56 });
      image.addEventListener("load", () => URL.revokeObjectURL(url));
      place.replaceChildren(image);
    } catch {
      place.textContent = entry.modality;
    }
  }

  async #open(viewport, entry, first) {
    this.#active(viewport);
    viewport.modality = entry.modality;
    viewport.entry = entry;
    this.#mark();
    let instances;
    try {
      instances = await this.server.instances(entry.study, entry.uid);
    } catch (error) {
      return this.say(explain(error));
    }
    if (viewport.entry !== entry) return undefined;
    return viewport.open(new Stack(this.server, entry.study, entry.uid, instances), entry.whose + entry.title, first);
  }

  /** An image that a report refers to, in whichever series it is. */
  async #openImage(viewport, uid) {
    for (const entry of this.entries.values()) {
      if (!entry.isImage || entry.study !== viewport.entry.study) continue;
      const instances = await this.server.instances(entry.study, entry.uid).catch(() => []);
      if (instances.some((one) => value(one, "00080018") === uid)) {
        const beside = this.isComparing ? this.viewports.find((one) => one !== viewport) : viewport;
        await this.#open(beside, entry, uid);
        return;
      }
    }
  }

  #viewport() {
    const made = new Viewport(this.server, {
      tool: () => this.tools.tool,
      changed: (viewport) => this.#told(viewport),
      scrolled: (viewport, images) => this.#together(viewport, images),
      open: (uid) => this.#openImage(made, uid),
      explain,
    });
    for (const kind of ["focusin", "pointerdown"]) made.element.addEventListener(kind, () => this.#active(made));
    return made;
  }

  #told(viewport) {
    if (!this.tools || viewport !== this.active) return;
    this.tools.tell(viewport);
    this.tags.show(viewport.stack?.study, viewport.slice?.uid);
  }

  #active(viewport) {
    this.active = viewport;
    for (const one of this.viewports) one.element.classList.toggle("active", one === viewport && this.isComparing);
    this.#mark();
    this.#told(viewport);
  }

  #mark() {
    for (const entry of this.entries?.values() ?? []) {
      if (entry === this.active.entry) entry.button.setAttribute("aria-current", "true");
      else entry.button.removeAttribute("aria-current");
    }
  }

  #label() {
    const shown = this.isComparing ? 2 : 1;
    this.viewports.forEach((one, index) => one.element.setAttribute("aria-label", texts.viewport(index + 1, shown)));
    at("viewports").classList.toggle("two", this.isComparing);
  }

  /** The other picture to the same place in the body where both say it, else by as many images. */
  #together(viewport, images) {
    if (!this.isComparing || !this.tools.isLinked) return;
    const other = this.viewports.find((one) => one !== viewport);
    const depth = viewport.slice?.depth;
    const slices = other.stack?.slices ?? [];
    if (depth === undefined || other.slice?.depth === undefined || viewport.stack.study !== other.stack.study) {
      other.go(other.index + images);
      return;
    }
    const away = slices.map((one) => Math.abs(one.depth - depth));
    other.go(away.indexOf(Math.min(...away)));
  }

  #key(event) {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || at("help").open) return;
    if (event.key === "Escape" && this.tags.isOpen) return this.toggleTags();
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
    const isPressed = target.tagName === "BUTTON" || target.tagName === "A";
    if (isField || (isPressed && [" ", "Enter"].includes(event.key))) return;
    if (target.closest?.(".scrolls, #series, .report") && event.key.length > 1) return;
    const far = 40;
    const moves = { ArrowUp: [0, -far], ArrowDown: [0, far], ArrowLeft: [-far, 0], ArrowRight: [far, 0] };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.shiftKey && key in moves) this.active.pan(...moves[key]);
    else if (!this.tools.does(key)) return;
    event.preventDefault();
  }
}

new App().start();
