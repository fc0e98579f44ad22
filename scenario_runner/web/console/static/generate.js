// What will be made is looked at again when the form changes; a file that is dropped becomes the text of the orders.
"use strict";
(() => {
  const form = document.getElementById("making");
  if (!form) return;
  const preview = document.getElementById("preview");
  const orders = document.getElementById("f-orders");
  const seed = form.elements.namedItem("seed");
  const problems = form.querySelector("[data-preview-problems]");
  const picks = document.getElementById("fhir-studies");
  const MOST = 800000;
  let timer = 0;

  const what = () => form.elements.namedItem("what").value;
  const fold = () => {
    for (const one of form.querySelectorAll(".by-form, .by-orders, .by-fhir"))
      one.hidden = !one.classList.contains(`by-${what()}`);
  };
  const isEmpty = () =>
    (what() === "orders" && !orders.value.trim()) ||
    (what() === "fhir" && !form.querySelector("[name=fhir_study]:checked"));
  const tellEmpty = () => {
    for (const one of form.querySelectorAll("[data-nothing]"))
      one.hidden = !(isEmpty() && one.dataset.nothing === what());
  };
  const look = () => {
    clearTimeout(timer);
    tellEmpty();
    if (isEmpty()) { problems.replaceChildren(); preview.replaceChildren(); return; }
    timer = setTimeout(() => preview.dispatchEvent(new Event("look")), 350);
  };
  form.addEventListener("input", (event) => { if (event.target.name !== "save_as") look(); });
  form.addEventListener("change", (event) => {
    if (event.target.name === "what") { fold(); look(); }
    // A pick is of the server that was asked.
    if (event.target.name === "server") { picks.replaceChildren(); look(); }
  });

  // The same people and pictures are sent that were looked at.
  preview.addEventListener("htmx:afterSwap", () => {
    const told = preview.querySelector("[data-seed]");
    if (told) seed.value = told.dataset.seed;
  });
  picks?.addEventListener("htmx:afterSwap", look);
  // What is wrong with the form is said where its result would be; the last result is none any more.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.elt !== preview) return;
    // An answer to what the form said before there was nothing to look at.
    if (isEmpty()) { event.detail.shouldSwap = false; return; }
    if (!event.detail.isError) { problems.replaceChildren(); return; }
    preview.replaceChildren();
    event.detail.target = problems;
  });

  // Without an answer there is nothing that could be sent as it was looked at.
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.elt === preview) preview.replaceChildren();
  });

  for (const kind of ["dragenter", "dragover"])
    orders.addEventListener(kind, (event) => { event.preventDefault(); orders.classList.add("over"); });
  orders.addEventListener("dragleave", () => orders.classList.remove("over"));
  orders.addEventListener("drop", async (event) => {
    event.preventDefault();
    orders.classList.remove("over");
    const file = event.dataTransfer?.files?.[0];
    if (!file || file.size > MOST) return;
    orders.value = (await file.text()).replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    look();
  });
  orders.addEventListener("paste", () => setTimeout(look, 0));
  fold();
})();
