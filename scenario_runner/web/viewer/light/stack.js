// The images of a series in their order, and their samples: fetched ahead, kept within bounds.

import { depth, described, number, value } from "./dataset.js";
import { isDrawnHere, samplesOf } from "./pixels.js";
import { planes } from "./overlays.js";

const AT_ONCE = 4; // of the six connections that a browser opens, so that one is free for what is wanted now
const KEPT = (navigator.deviceMemory ?? 4) * (64 << 20);

/** Frames by their address, the one used last at the end. Shared by all stacks of a page. */
class Kept {
  #frames = new Map();
  #bytes = 0;

  get(key) {
    const found = this.#frames.get(key);
    if (found) {
      this.#frames.delete(key);
      this.#frames.set(key, found);
    }
    return found;
  }

  has(key) {
    return this.#frames.has(key);
  }

  put(key, frame) {
    this.#frames.set(key, frame);
    this.#bytes += frame.bytes;
    for (const [oldest, one] of this.#frames) {
      if (this.#bytes <= KEPT || oldest === key) break;
      this.#frames.delete(oldest);
      this.#bytes -= one.bytes;
      one.bitmap?.close();
    }
  }
}

const kept = new Kept();

/** A series that is looked at. */
export class Stack {
  #server;
  #metadata = new Map();
  #underWay = new Map();
  #current = 0;
  #forward = true;
  #isClosed = false;

  constructor(server, study, series, instances) {
    this.#server = server;
    this.path = `studies/${study}/series/${series}`;
    this.study = study;
    this.series = series;
    const inOrder = [...instances].sort((a, b) => number(a, "00200013", 0) - number(b, "00200013", 0));
    this.slices = inOrder.flatMap((data) => {
      const uid = value(data, "00080018");
      const count = Math.max(1, number(data, "00280008", 1));
      const path = `${this.path}/instances/${uid}`;
      return Array.from({ length: count }, (_, index) => ({ uid, path, frame: index + 1 }));
    });
  }

  get length() {
    return this.slices.length;
  }

  close() {
    this.#isClosed = true;
  }

  /** The data set that a slice is of, fetched alone unless it is here already. */
  data(slice) {
    if (!this.#metadata.has(slice.uid)) {
      const asked = this.#server.metadata(slice.path).then(([data]) => data);
      this.#metadata.set(slice.uid, asked);
      asked.catch(() => this.#metadata.delete(slice.uid));
    }
    return this.#metadata.get(slice.uid);
  }

  /** All data sets, and with them the order in space. Resolves to whether that has changed anything. */
  async complete() {
    for (const data of await this.#server.metadata(this.path)) {
      this.#metadata.set(value(data, "00080018"), Promise.resolve(data));
    }
    const depths = new Map();
    for (const slice of this.slices) depths.set(slice, depth(await this.data(slice), slice.frame));
    if ([...depths.values()].some((one) => one === undefined)) return false;
    const before = this.slices;
    this.slices = [...before].sort((a, b) => depths.get(a) - depths.get(b));
    // As they were numbered, where that is the other way round: heads first or feet first is the sender's choice.
    if (before.indexOf(this.slices[0]) > before.indexOf(this.slices.at(-1))) this.slices.reverse();
    for (const slice of this.slices) slice.depth = depths.get(slice);
    return this.slices.some((slice, index) => slice !== before[index]);
  }

  /** A frame that is here already, or undefined. */
  ready(index) {
    return kept.get(this.#key(this.slices[index]));
  }

  /** A frame with what is known of it; its neighbours are fetched after it. */
  async frame(index) {
    this.#forward = index >= this.#current;
    this.#current = index;
    const slice = this.slices[index];
    const found = kept.get(this.#key(slice)) ?? (await this.#fetched(slice));
    this.#fetchAhead();
    return found;
  }

  #key(slice) {
    return `${slice.path}/${slice.frame}`;
  }

  #fetched(slice) {
    const key = this.#key(slice);
    if (!this.#underWay.has(key)) {
      const asked = this.#made(slice)
        .then((frame) => {
          kept.put(key, frame);
          return frame;
        })
        .finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, asked);
    }
    return this.#underWay.get(key);
  }

  async #made(slice) {
    const data = await this.data(slice);
    const image = described(data, slice.frame);
    const overlays = await planes(this.#server, data);
    const size = image.rows * image.columns;
    if (isDrawnHere(image)) {
      const buffer = await this.#server.frame(slice.path, slice.frame);
      // Native 4:2:2 has two samples a pixel and not three: the server knows how.
      if (buffer.byteLength >= (size * image.samples * image.allocated) / 8) {
        return { data, image, overlays, samples: samplesOf(buffer, image), bytes: buffer.byteLength };
      }
    }
    const bitmap = await this.#server.picture(slice.path, slice.frame);
    return { data, image, overlays, bitmap, bytes: 4 * bitmap.width * bitmap.height };
  }

  /** What is likely to be wanted next: on in the same direction, then back, as far as there is room. */
  #fetchAhead() {
    if (this.#isClosed || this.#underWay.size >= AT_ONCE) return;
    const step = this.#forward ? 1 : -1;
    const size = kept.get(this.#key(this.slices[this.#current]))?.bytes ?? 1;
    const most = Math.min(this.length, Math.floor(KEPT / 2 / size));
    for (let away = 1; away < most; away++) {
      for (const index of [this.#current + step * away, this.#current - step * Math.ceil(away / 4)]) {
        const slice = this.slices[index];
        const key = slice && this.#key(slice);
        if (!slice || kept.has(key) || this.#underWay.has(key)) continue;
        this.#fetched(slice).then(
          () => this.#fetchAhead(),
          () => {}, // told when it is looked at
        );
        if (this.#underWay.size >= AT_ONCE) return;
      }
    }
  }
}
