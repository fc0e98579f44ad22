// A place on the page that shows one series: its images, a report, a document, or why nothing.

import { rate, value } from "./dataset.js";
import { shownDocument } from "./documents.js";
import { element } from "./elements.js";
import { listen } from "./gestures.js";
import { Look, Picture } from "./picture.js";
import { texts } from "./texts.js";

export class Viewport {
  #server;
  #hooks;
  #asked = 0;
  #painting = false;
  #timer = 0;

  /** hooks: tool(), changed(viewport), scrolled(viewport, images), open(uid), explain(error) */
  constructor(server, hooks) {
    this.#server = server;
    this.#hooks = hooks;
    this.look = new Look();
    this.stack = null;
    this.index = 0;
    this.title = "";
    this.rate = 10;
    this.canvas = element("canvas", { role: "img", ariaLabel: texts.emptyViewport });
    this.picture = new Picture(this.canvas);
    this.corners = Object.fromEntries(
      ["who", "what", "place", "window"].map((name) => [name, element("p", { className: `corner ${name}`, dir: "auto" })]),
    );
    this.message = element("div", { className: "message", textContent: texts.emptyViewport });
    this.slider = element("input", { type: "range", min: 1, max: 1, value: 1, ariaLabel: texts.imageSlider, hidden: true });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value) - 1));
    this.element = element("section", { className: "viewport", tabIndex: 0 }, [
      this.canvas, ...Object.values(this.corners), this.message, this.slider,
    ]);
    this.element.setAttribute("role", "group");
    listen(this.canvas, {
      tool: () => hooks.tool(),
      window: (dx, dy) => this.dragWindow(dx, dy),
      zoom: (factor) => this.zoom(factor),
      pan: (dx, dy) => this.pan(dx, dy),
      scroll: (images) => this.scroll(images),
      hover: (x, y) => this.#hover(x, y),
      left: () => this.#describe(),
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Look at a series from an image on; first: its SOP Instance UID. */
  async open(stack, title, first) {
    this.close();
    const asked = ++this.#asked;
    this.stack = stack;
    this.title = title;
    this.index = Math.max(0, first ? stack.slices.findIndex((one) => one.uid === first) : 0);
    this.look = new Look();
    this.#say(texts.loading);
    try {
      if (!stack.length) throw new Error(texts.noPicture);
      const data = await stack.data(stack.slices[this.index]);
      if (asked !== this.#asked) return;
      this.rate = rate(data);
      if (!value(data, "00280010")) {
        const shown = await shownDocument(this.#server, data, (uid) => this.#hooks.open(uid));
        if (asked === this.#asked) this.#put(shown);
        return;
      }
      await this.#show(asked);
      const shown = stack.slices[this.index];
      if (stack.length > 1 && (await stack.complete()) && asked === this.#asked) {
        this.index = stack.slices.indexOf(shown);
        await this.#show(asked);
      }
    } catch (error) {
      if (asked === this.#asked) this.#fail(error);
    }
  }

  close() {
    this.stop();
    this.#asked++;
    this.stack?.close();
    this.stack = null;
    this.picture.clear();
    this.#slides(false);
    for (const one of Object.values(this.corners)) one.textContent = "";
    this.#say(texts.emptyViewport);
  }

  get slice() {
    return this.stack?.slices[this.index];
  }

  get hasImage() {
    return this.picture.frame !== null;
  }

  async go(index) {
    if (!this.stack || !this.hasImage) return;
    const wanted = Math.min(this.stack.length - 1, Math.max(0, index));
    if (wanted === this.index) return;
    this.index = wanted;
    await this.#show(++this.#asked).catch((error) => this.#fail(error));
  }

  scroll(images) {
    const before = this.index;
    this.go(this.index + images);
    if (this.index !== before) this.#hooks.scrolled(this, this.index - before);
  }

  zoom(factor) {
    this.look.zoom = Math.min(40, Math.max(0.1, this.look.zoom * factor));
    this.draw();
  }

  pan(dx, dy) {
    const [x, y] = this.picture.parts(this.look, dx, dy);
    this.look.x += x;
    this.look.y += y;
    this.draw();
  }

  /** To the right wider, down darker, as far as the window is wide. */
  dragWindow(dx, dy) {
    const window = this.picture.windowOf(this.look);
    if (!window) return;
    const step = Math.max(0.01, window.width / 300);
    this.setWindow(window.center + dy * step, window.width + dx * step);
  }

  setWindow(center, width) {
    if (!Number.isFinite(center) || !Number.isFinite(width)) return;
    this.look.window = { center, width: Math.max(1e-6, width) };
    this.draw();
  }

  reset() {
    this.look = new Look();
    this.draw();
  }

  get isPlaying() {
    return this.#timer !== 0;
  }

  /** Show one image after the other, each when it is there. */
  play() {
    if (this.isPlaying || !this.stack || this.stack.length < 2) return;
    let due = performance.now();
    const next = async (now) => {
      if (now >= due) {
        due = Math.max(now, due + 1000 / this.rate);
        await this.go((this.index + 1) % this.stack.length);
      }
      if (this.isPlaying) this.#timer = requestAnimationFrame(next);
    };
    this.#timer = requestAnimationFrame(next);
    this.#hooks.changed(this);
  }

  stop() {
    cancelAnimationFrame(this.#timer);
    this.#timer = 0;
    this.#hooks.changed(this);
  }

  draw() {
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      this.picture.draw(this.look);
      this.canvas.dataset.image = this.hasImage ? this.index + 1 : "";
      this.#describe();
      this.#hooks.changed(this);
    });
  }

  async #show(asked) {
    const ready = this.stack.ready(this.index);
    const frame = ready ?? (await this.stack.frame(this.index));
    if (ready) this.stack.frame(this.index); // so that what comes next is fetched
    if (asked !== this.#asked) return;
    this.picture.show(frame);
    this.message.hidden = true;
    this.#slides(this.stack.length > 1);
    this.slider.max = this.stack.length;
    this.slider.value = this.index + 1;
    this.draw();
  }

  #slides(has) {
    this.slider.hidden = !has;
    this.element.classList.toggle("many", has);
  }

  #describe() {
    const { frame } = this.picture;
    if (!frame || !this.stack) return;
    const place = texts.imageOf(this.index + 1, this.stack.length);
    const window = this.picture.windowOf(this.look);
    const round = (one) => (Math.abs(one) < 10 ? Math.round(one * 100) / 100 : Math.round(one));
    this.corners.what.textContent = this.title;
    this.corners.place.textContent = `${place}\n${texts.zoomed(this.picture.percent(this.look))}`;
    this.corners.window.textContent = window
      ? texts.windowed(round(window.center), round(window.width))
      : frame.bitmap ? texts.rendered : "";
    this.canvas.ariaLabel = texts.imageLabel(this.title, this.index + 1, this.stack.length);
    this.slider.setAttribute("aria-valuetext", place);
  }

  #hover(x, y) {
    const found = this.picture.under(this.look, x, y);
    if (!found) return;
    const told = found.value === undefined ? "" : ` = ${Math.round(found.value * 100) / 100}`;
    this.corners.who.textContent = `${found.column}, ${found.row}${told}`;
  }

  #put(content) {
    this.message.replaceChildren(content);
    this.message.hidden = false;
    this.canvas.ariaLabel = this.title;
    this.#hooks.changed(this);
  }

  #say(text) {
    this.#put(element("p", { textContent: text }));
  }

  #fail(error) {
    if (error.name === "AbortError") return;
    this.picture.clear();
    this.#say(this.#hooks.explain(error));
  }
}
