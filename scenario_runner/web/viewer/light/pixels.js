// From samples to the grey or colour of a screen.

/** Whether a frame can be drawn from its samples here; all others the server draws. */
export function isDrawnHere(image) {
  if (!image.isPixels || image.hasTable) return false;
  if (image.samples === 1) return /^MONOCHROME[12]$/.test(image.photometric) && [8, 16].includes(image.allocated);
  return image.samples === 3 && image.allocated === 8 && /^(RGB|YBR_(FULL|FULL_422|RCT|ICT))$/.test(image.photometric);
}

/** The samples as numbers without sign. Raises RangeError for fewer than the image has. */
export function samplesOf(buffer, image) {
  const count = image.rows * image.columns * image.samples;
  const wide = image.allocated === 16;
  if (buffer.byteLength < count * (wide ? 2 : 1)) throw new RangeError("too few samples");
  return wide ? new Uint16Array(buffer, 0, count) : new Uint8Array(buffer, 0, count);
}

/** The number that a stored sample stands for: its bits cut out, its sign, slope and intercept. */
function meaning(image) {
  const left = 31 - image.high;
  const right = 32 - image.stored;
  return image.signed
    ? (sample) => ((sample << left) >> right) * image.slope + image.intercept
    : (sample) => ((sample << left) >>> right) * image.slope + image.intercept;
}

/** The least and the greatest value of a frame. */
export function range(samples, image) {
  const mean = meaning(image);
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = 0; i < samples.length; i++) {
    const one = mean(samples[i]);
    if (one < least) least = one;
    if (one > greatest) greatest = one;
  }
  return { center: (least + greatest) / 2 + 0.5, width: Math.max(1, greatest - least + 1) };
}

/** The value at a pixel. */
export function valueAt(samples, image, column, row) {
  return meaning(image)(samples[row * image.columns + column]);
}

/** From 0 to 1 what a window makes of a value (PS3.3 C.11.2.1.2, C.11.2.1.3). */
function through({ center, width }, curve) {
  switch (curve) {
    case "SIGMOID":
      return (one) => 1 / (1 + Math.exp((-4 * (one - center)) / width));
    case "LINEAR_EXACT":
      return (one) => (one - center) / width + 0.5;
    default:
      return width > 1 ? (one) => (one - (center - 0.5)) / (width - 1) + 0.5 : (one) => (one > center - 0.5 ? 1 : 0);
  }
}

/** A grey for each sample there can be, as RGBA in one number. */
export function greys(image, window, inverted) {
  const table = new Uint32Array(1 << image.allocated);
  const mean = meaning(image);
  const shade = through(window, image.curve);
  const flips = (image.photometric === "MONOCHROME1" || image.isInverse) !== inverted;
  for (let sample = 0; sample < table.length; sample++) {
    const light = Math.min(1, Math.max(0, shade(mean(sample))));
    table[sample] = 0xff000000 | (Math.round(255 * (flips ? 1 - light : light)) * 0x010101);
  }
  return table;
}

/** Draw samples into the 32-bit pixels of a picture of the same size. */
export function paint(pixels, samples, image, table) {
  if (image.samples === 1) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[samples[i]];
    return;
  }
  const [step, next] = image.planar ? [1, pixels.length] : [3, 1];
  const isYbr = /^YBR_FULL/.test(image.photometric);
  for (let i = 0, at = 0; i < pixels.length; i++, at += step) {
    let [red, green, blue] = [samples[at], samples[at + next], samples[at + 2 * next]];
    if (isYbr) [red, green, blue] = rgb(red, green - 128, blue - 128);
    pixels[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
}

/** PS3.3 C.7.6.3.1.2. */
function rgb(y, cb, cr) {
  const within = (one) => Math.min(255, Math.max(0, Math.round(one)));
  return [within(y + 1.402 * cr), within(y - 0.344136 * cb - 0.714136 * cr), within(y + 1.772 * cb)];
}

/** Turn a colour picture into its negative. */
export function negate(pixels) {
  for (let i = 0; i < pixels.length; i++) pixels[i] ^= 0x00ffffff;
}
