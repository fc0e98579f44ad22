// One image on a canvas: its window, its place and size.

import { greys, negate, paint, range, valueAt } from "./pixels.js";
import { ink } from "./overlays.js";

const SMOOTH_UP_TO = 3; // screen pixels for each of the image; beyond, somebody wants to see the pixels themselves

/** How a frame is looked at; kept while the frames change. */
export class Look {
  window = null; // null: as the frame itself wants
  inverted = false;
  overlays = true;
  zoom = 1; // 1: as large as fits
  x = 0; // in parts of the image's size
  y = 0;
}

export class Picture {
  #canvas;
  #context;
  #own = document.createElement("canvas");
  #frame = null;
  #drawn = "";
  #table = null;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  }

  get frame() {
    return this.#frame;
  }

  show(frame) {
    this.#frame = frame;
    this.#drawn = "";
  }

  clear() {
    this.#frame = null;
    this.#fit();
  }

  /** The window that a frame is shown in. */
  windowOf(look) {
    const frame = this.#frame;
    if (!frame?.samples || frame.image.samples > 1) return null;
    return look.window ?? frame.image.windows[0] ?? this.fullRange();
  }

  fullRange() {
    const frame = this.#frame;
    if (!frame?.samples || frame.image.samples > 1) return null;
    frame.range ??= range(frame.samples, frame.image);
    return frame.range;
  }

  draw(look) {
    const { width, height } = this.#fit();
    if (!this.#frame) return;
    this.#render(look);
    const context = this.#context;
    const scale = this.#scale(look);
    const { left, top } = this.#corner(look, width, height, scale);
    context.imageSmoothingEnabled = scale.x < SMOOTH_UP_TO * devicePixelRatio;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#own, left, top, this.#own.width * scale.x, this.#own.height * scale.y);
  }

  /** The column, row and value under a point of the screen; undefined beside the image. */
  under(look, clientX, clientY) {
    const frame = this.#frame;
    if (!frame) return undefined;
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#scale(look);
    const { left, top } = this.#corner(look, this.#canvas.width, this.#canvas.height, scale);
    const column = Math.floor(((clientX - box.left) * devicePixelRatio - left) / scale.x);
    const row = Math.floor(((clientY - box.top) * devicePixelRatio - top) / scale.y);
    if (column < 0 || row < 0 || column >= this.#own.width || row >= this.#own.height) return undefined;
    const isGrey = frame.samples && frame.image.samples === 1;
    return { column, row, value: isGrey ? valueAt(frame.samples, frame.image, column, row) : undefined };
  }

  /** How far a movement on the screen is, in parts of the image. */
  parts(look, dx, dy) {
    const scale = this.#scale(look);
    const pixel = devicePixelRatio;
    return [(dx * pixel) / (this.#own.width * scale.x), (dy * pixel) / (this.#own.height * scale.y)];
  }

  /** Screen pixels of the device for each pixel of the image. */
  #scale(look) {
    const aspect = this.#frame?.image.aspect ?? 1;
    const fits = Math.min(this.#canvas.width / this.#own.width, this.#canvas.height / (this.#own.height * aspect));
    return { x: fits * look.zoom, y: fits * look.zoom * aspect };
  }

  /** Percent of one pixel of the screen for one of the image. */
  percent(look) {
    return Math.round((100 * this.#scale(look).x) / devicePixelRatio);
  }

  #corner(look, width, height, scale) {
    const [wide, high] = [this.#own.width * scale.x, this.#own.height * scale.y];
    return { left: (width - wide) / 2 + look.x * wide, top: (height - high) / 2 + look.y * high };
  }

  #fit() {
    const canvas = this.#canvas;
    const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, width, height);
    return { width, height };
  }

  /** The table for a window, made anew when something that it depends on has changed: not for each slice. */
  #greys(image, window, inverted) {
    const { allocated, stored, high, signed, photometric, isInverse, slope, intercept, curve } = image;
    const key = JSON.stringify([window, inverted, allocated, stored, high, signed, photometric, isInverse, slope, intercept, curve]);
    if (this.#table?.key !== key) this.#table = { key, greys: greys(image, window, inverted) };
    return this.#table.greys;
  }

  /** The frame in its own size, when it or its window has changed. */
  #render(look) {
    const { samples, bitmap, image, overlays } = this.#frame;
    const window = this.windowOf(look);
    const wanted = JSON.stringify([window, look.inverted, look.overlays]);
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const width = bitmap?.width ?? image.columns;
    const height = bitmap?.height ?? image.rows;
    const own = this.#own;
    if (own.width !== width || own.height !== height) [own.width, own.height] = [width, height];
    const context = own.getContext("2d", { alpha: false, willReadFrequently: true });
    if (bitmap) context.drawImage(bitmap, 0, 0);
    const data = bitmap ? context.getImageData(0, 0, width, height) : context.createImageData(width, height);
    const pixels = new Uint32Array(data.data.buffer);
    if (samples) paint(pixels, samples, image, image.samples === 1 ? this.#greys(image, window, look.inverted) : null);
    if (look.inverted && (bitmap || image.samples > 1)) negate(pixels);
    if (look.overlays) for (const plane of overlays) ink(pixels, width, height, plane);
    context.putImageData(data, 0, 0);
  }
}
