// The panel with the attributes of what is shown.

import { button, element } from "./elements.js";
import { texts } from "./texts.js";

export class Tags {
  #server;
  #explain;
  #shown = "";
  #rows = [];

  constructor(server, panel, explain, close) {
    this.#server = server;
    this.#explain = explain;
    this.panel = panel;
    panel.setAttribute("aria-label", texts.tags);
    this.filter = element("input", { type: "search", placeholder: texts.filter, ariaLabel: texts.filter });
    this.filter.addEventListener("input", () => this.#filtered());
    this.body = element("tbody");
    const heads = ["tag", "name", "value"].map((key) => element("th", { scope: "col", textContent: texts[key] }));
    this.said = element("p");
    panel.append(
      element("div", { className: "row" }, [this.filter, button(texts.close, close)]),
      this.said,
      element("div", { className: "scrolls", tabIndex: 0, ariaLabel: texts.tags, role: "region" }, [
        element("table", {}, [element("thead", {}, [element("tr", {}, heads)]), this.body]),
      ]),
    );
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Show those of an instance, if the panel is open and has not them already. */
  async show(study, instance) {
    if (!this.isOpen || !instance || this.#shown === instance) return;
    this.#shown = instance;
    let found;
    try {
      found = await this.#server.tags(study, instance);
    } catch (error) {
      if (this.#shown === instance) this.#put([], this.#explain(error));
      return;
    }
    if (this.#shown === instance) this.#put(found.tags.flatMap((one) => rows(one, 0)), "");
  }

  #put(made, words) {
    this.#rows = made;
    this.said.textContent = words;
    this.body.replaceChildren(...made.map((one) => one.row));
    this.#filtered();
  }

  #filtered() {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const { row, text } of this.#rows) row.hidden = !text.includes(wanted);
  }
}

function rows(tag, level) {
  const { items } = tag;
  const said = items ? texts.objects(items.length) : tag.value.join("\\") || (tag.length ? texts.bytes(tag.length) : "");
  const row = element("tr", {}, [
    element("td", { className: "tag", textContent: `${"› ".repeat(level)}${tag.tag} ${tag.vr}` }),
    element("td", { textContent: tag.name ?? tag.keyword ?? "" }),
    element("td", { textContent: said, dir: "auto" }),
  ]);
  const own = { row, text: `${tag.tag} ${tag.keyword ?? ""} ${tag.name ?? ""} ${said}`.toLowerCase() };
  return [own, ...(items ?? []).flatMap((item) => item.flatMap((one) => rows(one, level + 1)))];
}
