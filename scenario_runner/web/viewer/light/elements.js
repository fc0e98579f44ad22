// Elements of the page, made and never parsed from text.

/** An element with properties, those of aria as `ariaLabel`, and children. */
export function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A button with a text, pressed or not where `pressed` is given. */
export function button(textContent, onclick, properties = {}) {
  return element("button", { type: "button", textContent, onclick, ...properties });
}
