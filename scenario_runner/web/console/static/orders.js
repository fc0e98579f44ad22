// A file that is dropped on a field becomes its text.
"use strict";
(() => {
  for (const field of document.querySelectorAll("[data-takes-a-file]")) {
    for (const kind of ["dragenter", "dragover"])
      field.addEventListener(kind, (event) => { event.preventDefault(); field.classList.add("over"); });
    field.addEventListener("dragleave", () => field.classList.remove("over"));
    field.addEventListener("drop", async (event) => {
      event.preventDefault();
      field.classList.remove("over");
      const file = event.dataTransfer?.files?.[0];
      if (!file || file.size > Number(field.dataset.takesAFile)) return;
      field.value = (await file.text()).replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    });
  }
})();
