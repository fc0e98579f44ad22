// Overlay planes: drawings of one bit a pixel beside the image (PS3.3 C.9.2).

import { number, values } from "./dataset.js";

const INK = 0xff4fd8ff; // RGBA backwards: a yellow that no grey is

/** The planes of an instance, each with its bits. */
export async function planes(server, data) {
  const found = [];
  for (let group = 0x6000; group <= 0x601e; group += 2) {
    const name = group.toString(16).toUpperCase();
    const bits = data[`${name}3000`];
    const rows = number(data, `${name}0010`, 0);
    const columns = number(data, `${name}0011`, 0);
    if (!bits || !rows || !columns) continue;
    const [top = 1, left = 1] = values(data, `${name}0050`).map(Number);
    found.push({ rows, columns, top: top - 1, left: left - 1, bits: await server.bulk(bits) });
  }
  return found;
}

/** Draw a plane into the 32-bit pixels of a picture. */
export function ink(pixels, width, height, plane) {
  for (let row = 0; row < plane.rows; row++) {
    const y = row + plane.top;
    if (y < 0 || y >= height) continue;
    for (let column = 0; column < plane.columns; column++) {
      const bit = row * plane.columns + column;
      const x = column + plane.left;
      if (x >= 0 && x < width && (plane.bits[bit >> 3] >> (bit & 7)) & 1) pixels[y * width + x] = INK;
    }
  }
}
