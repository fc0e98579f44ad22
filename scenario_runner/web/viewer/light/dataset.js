// Values of a data set in the DICOM JSON Model (PS3.18 F.2).

const SHARED = "52009229";
const PER_FRAME = "52009230";
const SLOPES = "00289145";
const WINDOWS = "00289132";
const POSITIONS = "00209113";
const ORIENTATIONS = "00209116";
const MEASURES = "00289110";

export function values(data, tag) {
  return data?.[tag]?.Value ?? [];
}

export function value(data, tag) {
  return values(data, tag)[0];
}

export function number(data, tag, otherwise) {
  const found = Number(value(data, tag) ?? NaN);
  return Number.isFinite(found) ? found : otherwise;
}

function numbers(data, tag) {
  return values(data, tag).map(Number).filter(Number.isFinite);
}

/** A name for people: its first group that is there, components with spaces, the family before a comma. */
export function personName(data, tag) {
  const name = value(data, tag) ?? {};
  return ["Alphabetic", "Ideographic", "Phonetic"]
    .map((group) => name[group])
    .filter(Boolean)
    .map((text) => {
      const [family = "", ...others] = text.split("^");
      const given = others.filter(Boolean).join(" ");
      return given ? `${family}, ${given}` : family;
    })
    .join(" ");
}

/** YYYYMMDD as YYYY-MM-DD. */
export function day(text) {
  return /^\d{8}$/.test(text ?? "") ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : (text ?? "");
}

/** What is said of a frame, from 1: in its own functional groups, in those of all, or in the data set (PS3.3 C.7.6.16). */
function group(data, frame, macro) {
  const own = values(data, PER_FRAME)[frame - 1];
  return value(own, macro) ?? value(value(data, SHARED), macro) ?? data;
}

/** How the samples of a frame are to be read and shown (PS3.3 C.7.6.3, C.11.1, C.11.2). */
export function described(data, frame) {
  const slopes = group(data, frame, SLOPES);
  const windows = group(data, frame, WINDOWS);
  const stored = number(data, "00280101", 8);
  const widths = numbers(windows, "00281051");
  const names = values(windows, "00281055");
  const spacing = [
    numbers(group(data, frame, MEASURES), "00280030"),
    numbers(data, "00181164"),
    numbers(data, "00280034"),
  ].find((pair) => pair.length === 2 && pair[0] > 0 && pair[1] > 0);
  return {
    rows: number(data, "00280010", 0),
    columns: number(data, "00280011", 0),
    samples: number(data, "00280002", 1),
    allocated: number(data, "00280100", 0),
    stored,
    high: number(data, "00280102", stored - 1),
    signed: number(data, "00280103", 0) === 1,
    photometric: value(data, "00280004") ?? "",
    planar: number(data, "00280006", 0) === 1,
    isPixels: "7FE00010" in data,
    hasTable: "00283000" in data,
    isInverse: value(data, "20500020") === "INVERSE",
    slope: number(slopes, "00281053", 1) || 1,
    intercept: number(slopes, "00281052", 0),
    windows: numbers(windows, "00281050")
      .map((center, index) => ({ center, width: widths[index], name: names[index] ?? "" }))
      .filter((each) => each.width > 0),
    curve: value(windows, "00281056") ?? "LINEAR",
    aspect: spacing ? spacing[0] / spacing[1] : 1,
  };
}

/** Where a frame lies along the normal of its plane, in mm; undefined where it does not say (PS3.3 C.7.6.2). */
export function depth(data, frame) {
  const at = numbers(group(data, frame, POSITIONS), "00200032");
  const along = numbers(group(data, frame, ORIENTATIONS), "00200037");
  if (at.length !== 3 || along.length !== 6) return undefined;
  const [a, b, c, d, e, f] = along;
  return (b * f - c * e) * at[0] + (c * d - a * f) * at[1] + (a * e - b * d) * at[2];
}

/** Images per second that the maker or the sender wants, else ten. */
export function rate(data) {
  const time = number(data, "00181063", 0);
  return number(data, "00082144", 0) || number(data, "00180040", 0) || (time > 0 ? 1000 / time : 10);
}
