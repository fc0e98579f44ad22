// What every page of the console needs beside htmx: dialogs, and where problems are said.
"use strict";
(() => {
  const problems = () => document.getElementById("problems");

  const say = (place, text) => {
    const banner = document.createElement("p");
    banner.className = "banner problem";
    banner.textContent = text;
    place.replaceChildren(banner);
    place.scrollIntoView({ block: "nearest" });
  };

  // What a program is told of a login is of no use to a person.
  const codes = JSON.parse(document.body.dataset.codes);
  globalThis.inWords = (told) => (codes[told?.code] ? { detail: codes[told.code] } : told ?? {});

  // A dialog hides the page's own place for problems: what went wrong in it is said in it.
  const placeFor = (element) =>
    element?.closest("dialog")?.querySelector("[data-problems]") ?? problems();

  // What a page asks of itself is no answer to what somebody reads of their own request: that stays where it is said.
  const isAsked = (event) => event.detail.requestConfig?.triggeringEvent?.isTrusted ?? false;
  const remember = (event) => { placeFor(event.detail.elt).dataset.asked = isAsked(event) ? "yes" : "no"; };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const place = placeFor(event.detail.elt);
    if (isAsked(event) || place.dataset.asked !== "yes") place.replaceChildren();
    // What was answered before is no answer to this, least of all when this one fails.
    if (event.detail.target?.hasAttribute?.("data-answers")) event.detail.target.replaceChildren();
  });
  // A button that cannot be pressed while its answer is awaited loses the focus; it has it again afterwards.
  let pressed = null;
  document.addEventListener("htmx:beforeRequest", () => {
    if (document.activeElement !== document.body) pressed = document.activeElement;
  });
  document.addEventListener("htmx:afterRequest", () => {
    if (document.activeElement === document.body && pressed?.isConnected) pressed.focus({ preventScroll: true });
    pressed = null;
  });

  // What is pressed a second time while it goes on, or while its page comes, is not done twice: htmx would queue it.
  const going = new Set();
  const does = (element, verb) => verb !== "get" && element.matches("form, button");
  document.addEventListener("htmx:confirm", (event) => {
    if (does(event.detail.elt, event.detail.verb) && going.has(event.detail.elt)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    const { elt, requestConfig } = event.detail;
    if (does(elt, requestConfig.verb)) going.add(elt);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const leaves = event.detail.successful && event.detail.xhr.getResponseHeader("HX-Redirect")?.startsWith("/");
    if (!leaves || event.detail.xhr.getResponseHeader("HX-Redirect").includes("#")) going.delete(event.detail.elt);
  });
  addEventListener("pageshow", () => going.clear());

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.isError) return;
    event.detail.target = placeFor(event.detail.requestConfig.elt);
    remember(event);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const place = event.detail.target;
    if (place?.id === "problems" || place?.hasAttribute?.("data-problems"))
      if (place.childElementCount) place.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:sendError", (event) => {
    remember(event);
    say(placeFor(event.detail.elt), document.body.dataset.unreachable);
  });

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens)?.showModal();
    const closes = event.target.closest("[data-closes]");
    if (closes) closes.closest("dialog")?.close();
  });

  // Where a picture cannot be made, its place says so without a broken sign.
  const missing = (image) => image.classList.add("missing");
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("img[data-picture]")) { missing(event.target); event.target.removeAttribute("src"); }
  }, true);

  // A small file that is chosen becomes the value of a field: it goes out with its form, and with nothing else.
  document.addEventListener("change", async (event) => {
    const into = event.target.dataset?.readsInto;
    if (!into) return;
    const file = event.target.files?.[0];
    const fits = file && file.size <= Number(event.target.dataset.most);
    document.getElementById(into).value = fits ? await file.text() : "";
  });

  // A long table is narrowed as one types.
  document.addEventListener("input", (event) => {
    const rows = event.target.dataset?.filters;
    if (!rows) return;
    const wanted = event.target.value.toLowerCase();
    for (const row of document.querySelectorAll(`${rows} > tbody > tr`))
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });

  // On a telephone the menu begins folded; without scripts it is open.
  const menu = document.querySelector("nav.menu > details");
  if (menu) {
    const narrow = matchMedia("(max-width: 52rem)");
    const fold = () => { menu.open = !narrow.matches; };
    narrow.addEventListener("change", fold);
    fold();
  }
})();
