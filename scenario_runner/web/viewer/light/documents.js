// What a series shows that has no pixels: text, a PDF, or words about why there is no picture.

import { value } from "./dataset.js";
import { element } from "./elements.js";
import { isReport, report } from "./report.js";
import { texts } from "./texts.js";

const ENCAPSULATED = "00420011";
const WAVEFORMS = "54000100";

/** An element that shows a data set. open: called with the SOP Instance UID of an image that a report refers to. */
export async function shownDocument(server, data, open) {
  if (isReport(data)) return report(data, open);
  if (ENCAPSULATED in data) return encapsulated(server, data);
  if (WAVEFORMS in data) return element("p", { textContent: texts.waveform });
  const isState = value(data, "00080060") === "PR";
  return element("p", { textContent: isState ? texts.presentation : texts.noPicture });
}

async function encapsulated(server, data) {
  const kind = value(data, "00420012") ?? "";
  const bytes = await server.bulk(data[ENCAPSULATED]);
  const isPdf = String.fromCharCode(...bytes.slice(0, 5)) === "%PDF-";
  if (kind !== "application/pdf" || !isPdf) {
    return element("p", { textContent: texts.notADocument(kind || "?") });
  }
  // A type of its own choosing would let a document of a stranger be a page of ours.
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  const title = value(data, "00420010") || texts.document;
  return element("div", { className: "document" }, [
    element("iframe", { src: url, title }),
    element("a", { href: url, target: "_blank", rel: "noopener", textContent: texts.openDocument }),
  ]);
}
