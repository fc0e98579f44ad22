// Structured reports and key object selections as text (PS3.3 C.17.3).

import { day, personName, value, values } from "./dataset.js";
import { element } from "./elements.js";
import { texts } from "./texts.js";

const MEANING = "00080104";
const CONTENT = "0040A730";

export function isReport(data) {
  return CONTENT in data;
}

/** The document. open: called with the SOP Instance UID of an image that somebody wants to see. */
export function report(data, open) {
  const title = value(value(data, "0040A043"), MEANING) || texts.document;
  return element("article", { className: "report", tabIndex: 0, ariaLabel: title }, [
    element("h2", { textContent: title, dir: "auto" }),
    ...contents(data, 3, open),
  ]);
}

function contents(item, level, open) {
  return values(item, CONTENT).map((one) => content(one, level, open));
}

function content(item, level, open) {
  const name = value(value(item, "0040A043"), MEANING) ?? "";
  if (value(item, "0040A040") === "CONTAINER") {
    const heading = name ? [element(`h${Math.min(level, 6)}`, { textContent: name, dir: "auto" })] : [];
    return element("section", {}, [...heading, ...contents(item, level + 1, open)]);
  }
  const referred = value(value(item, "00081199"), "00081155");
  const said = referred
    ? [element("button", { type: "button", textContent: texts.showImage, title: referred, onclick: () => open(referred) })]
    : [element("span", { textContent: words(item), dir: "auto" })];
  const label = name ? [element("strong", { textContent: `${name}: `, dir: "auto" })] : [];
  return element("div", { className: "said" }, [element("p", {}, [...label, ...said]), ...contents(item, level, open)]);
}

function words(item) {
  switch (value(item, "0040A040")) {
    case "CODE":
      return value(value(item, "0040A168"), MEANING) ?? "";
    case "NUM": {
      const measured = value(item, "0040A300");
      const unit = value(value(measured, "004008EA"), "00080100") ?? "";
      return `${value(measured, "0040A30A") ?? ""} ${unit === "1" ? "" : unit}`.trim();
    }
    case "PNAME":
      return personName(item, "0040A123");
    case "DATE":
      return day(value(item, "0040A121"));
    default:
      return ["0040A160", "0040A124", "0040A122", "0040A120"].map((tag) => value(item, tag)).find(Boolean) ?? "";
  }
}
