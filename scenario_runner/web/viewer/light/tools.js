// The toolbar, and what each key does: the same things.

import { button, element } from "./elements.js";
import { texts } from "./texts.js";

/** center and width by name, for CT alone: other modalities have no unit in common. */
const PRESETS = {
  soft: { center: 40, width: 400 },
  lung: { center: -600, width: 1500 },
  bone: { center: 480, width: 2500 },
  brain: { center: 40, width: 80 },
  liver: { center: 60, width: 160 },
};

export class Tools {
  #app;
  #offered = [];

  /** app: active, compare(), toggleTags(), help(), each(function) */
  constructor(bar, app) {
    this.#app = app;
    this.tool = "window";
    // The tools and the part of the page that they are.
    for (const one of [bar, bar.parentElement]) one.setAttribute("aria-label", texts.toolbar);
    this.dragging = ["window", "zoom", "pan", "scroll"].map((name) => button(texts[name], () => this.#use(name)));
    this.preset = element("select", { ariaLabel: texts.preset });
    this.preset.addEventListener("change", () => this.#choose(this.#offered[this.preset.selectedIndex]));
    this.center = this.#number((one, window) => [one, window.width]);
    this.width = this.#number((one, window) => [window.center, one]);
    this.rate = element("input", { type: "number", min: 1, max: 60, step: 1 });
    this.rate.addEventListener("change", () => {
      app.active.rate = Math.min(60, Math.max(1, Number(this.rate.value) || 10));
    });
    this.invert = button(texts.invert, () => this.does("i"));
    this.overlays = button(texts.overlays, () => this.does("o"));
    this.playing = button(texts.play, () => this.does(" "));
    this.compare = button(texts.compare, () => this.does("c"));
    this.link = button(texts.link, () => this.#link());
    this.tags = button(texts.tags, () => this.does("t"));
    this.isLinked = true;
    const label = (text, field) => element("label", {}, [`${text} `, field]);
    const group = (name, ...parts) => {
      const made = element("div", { className: "group", ariaLabel: name }, parts);
      made.setAttribute("role", "group");
      return made;
    };
    bar.append(
      (this.tools = group(texts.dragging, ...this.dragging)),
      (this.windowing = group(texts.window, this.preset, label(texts.center, this.center), label(texts.width, this.width))),
      (this.shades = group(texts.shades, this.invert, this.overlays)),
      (this.cine = group(texts.play, this.playing, label(texts.rate, this.rate))),
      group(texts.compare, this.compare, this.link),
      group(texts.help, button(texts.reset, () => this.does("r")), this.tags, button(texts.help, () => this.does("?"))),
    );
    this.#use("window");
    this.#pressed(this.link, this.isLinked);
  }

  /** Say what is so of the picture that is worked with. */
  tell(viewport) {
    const window = viewport.hasImage ? viewport.picture.windowOf(viewport.look) : null;
    this.#offer(viewport);
    this.windowing.hidden = !window;
    for (const one of [this.center, this.width]) {
      if (document.activeElement !== one) one.value = window ? Math.round(window[one === this.center ? "center" : "width"] * 100) / 100 : "";
    }
    this.preset.selectedIndex = this.#offered.findIndex(
      (one) => window && one.center === window.center && one.width === window.width,
    );
    if (window && this.preset.selectedIndex < 0) this.preset.selectedIndex = this.#offered.length - 1;
    const many = (viewport.stack?.length ?? 0) > 1 && viewport.hasImage;
    this.cine.hidden = !many;
    this.playing.textContent = viewport.isPlaying ? texts.stop : texts.play;
    if (document.activeElement !== this.rate) this.rate.value = Math.round(viewport.rate);
    for (const one of [this.tools, this.shades]) one.hidden = !viewport.hasImage;
    this.overlays.hidden = !viewport.picture.frame?.overlays.length;
    this.#pressed(this.invert, viewport.look.inverted);
    this.#pressed(this.overlays, viewport.look.overlays);
    this.#pressed(this.compare, this.#app.isComparing);
    this.#pressed(this.tags, this.#app.tags.isOpen);
    this.link.hidden = !this.#app.isComparing;
  }

  /** What a key stands for; whether it stands for anything. */
  does(key) {
    const { active } = this.#app;
    const window = active.hasImage && active.picture.windowOf(active.look);
    const keys = {
      i: () => this.#look(active, "inverted"),
      o: () => this.#look(active, "overlays"),
      r: () => active.reset(),
      " ": () => (active.isPlaying ? active.stop() : active.play()),
      c: () => this.#app.compare(),
      t: () => this.#app.toggleTags(),
      "?": () => this.#app.help(),
      ArrowUp: () => active.scroll(-1),
      ArrowDown: () => active.scroll(1),
      PageUp: () => active.scroll(-10),
      PageDown: () => active.scroll(10),
      Home: () => active.scroll(-active.index),
      End: () => active.scroll((active.stack?.length ?? 1) - 1 - active.index),
      "+": () => active.zoom(1.25),
      "=": () => active.zoom(1.25),
      "-": () => active.zoom(0.8),
      "[": () => window && active.setWindow(window.center, window.width * 0.9),
      "]": () => window && active.setWindow(window.center, window.width / 0.9),
      ";": () => window && active.setWindow(window.center - window.width / 20, window.width),
      "'": () => window && active.setWindow(window.center + window.width / 20, window.width),
    };
    if (/^[1-9]$/.test(key)) this.#choose(this.#offered[Number(key) - 1]);
    else if (key in keys) keys[key]();
    else return false;
    return true;
  }

  #look(viewport, name) {
    viewport.look[name] = !viewport.look[name];
    viewport.draw();
  }

  #use(name) {
    this.tool = name;
    for (const one of this.dragging) this.#pressed(one, one.textContent === texts[name]);
  }

  #link() {
    this.isLinked = !this.isLinked;
    this.#pressed(this.link, this.isLinked);
  }

  #pressed(one, is) {
    one.setAttribute("aria-pressed", String(is));
  }

  #choose(preset) {
    const { active } = this.#app;
    const chosen = preset?.isFull ? active.picture.fullRange() : preset;
    if (chosen?.width) active.setWindow(chosen.center, chosen.width);
  }

  #offer(viewport) {
    const { frame } = viewport.picture;
    const isGrey = viewport.hasImage && viewport.picture.windowOf(viewport.look) !== null;
    const own = (frame?.image.windows ?? []).map((one, index) => ({ ...one, name: texts.ownWindow(index, one.name) }));
    const usual = viewport.modality === "CT" ? Object.entries(PRESETS) : [];
    // The range of a frame is looked for when somebody wants it, not for each frame that passes.
    const offered = isGrey
      ? [...own, ...usual.map(([key, one]) => ({ ...one, name: texts.presets[key] })), { isFull: true, name: texts.fullRange }, { name: texts.custom }]
      : [];
    if (JSON.stringify(offered) === JSON.stringify(this.#offered)) return;
    this.#offered = offered;
    this.preset.replaceChildren(...offered.map((one) => element("option", { textContent: one.name })));
  }

  #number(both) {
    const made = element("input", { type: "number", step: "any" });
    made.addEventListener("change", () => {
      const window = this.#app.active.picture.windowOf(this.#app.active.look);
      if (window) this.#app.active.setWindow(...both(Number(made.value), window));
    });
    return made;
  }
}
