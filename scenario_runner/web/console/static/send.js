// A sending as it goes on: the part that changes is asked for anew when the server says that there is more.
"use strict";
(() => {
  const root = document.querySelector("[data-sending]");
  if (!root) return;
  let timer = 0;
  const show = () => {
    timer = 0;
    document.getElementById("progress")?.dispatchEvent(new Event("more"));
  };
  const address = `/send/${encodeURIComponent(root.dataset.sending)}/events`;
  follow((brief) => `${address}?brief=${brief}`, { progress: () => { timer ||= setTimeout(show, 400); } });
})();
