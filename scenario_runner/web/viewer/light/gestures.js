// Mouse, pen, fingers and wheel on a picture, as what they mean: window, zoom, pan, scroll.

const STEP = 12; // pixels of dragging for one image
const NOTCH = 60; // of a wheel that counts in pixels

/**
 * Listen on an element. says: called with what is meant.
 *   tool(): what dragging with the first button or one finger does
 *   window(dx, dy), pan(dx, dy), zoom(factor), scroll(images), hover(x, y), left()
 */
export function listen(element, says) {
  const points = new Map();
  let rest = 0;
  let turned = 0;
  let tool = "";

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    points.set(event.pointerId, { x: event.clientX, y: event.clientY });
    tool = { 1: "pan", 2: "zoom" }[event.button] ?? says.tool();
    rest = 0;
  });
  element.addEventListener("pointermove", (event) => {
    const before = points.get(event.pointerId);
    says.hover(event.clientX, event.clientY);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (points.size === 1) dragged(now.x - before.x, now.y - before.y);
    else pinched(event.pointerId, before, now);
    points.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    element.addEventListener(end, (event) => points.delete(event.pointerId));
  }
  element.addEventListener("pointerleave", () => says.left());
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey) {
        says.zoom(Math.exp(-event.deltaY / 300));
        return;
      }
      turned += event.deltaMode ? event.deltaY * NOTCH : event.deltaY;
      // A notch of a wheel is an image whatever it measures; a touchpad counts in small pieces.
      const whole = Math.abs(turned) >= NOTCH ? Math.sign(turned) * Math.max(1, Math.floor(Math.abs(turned) / 120)) : 0;
      if (whole) {
        turned = 0;
        says.scroll(whole);
      }
    },
    { passive: false },
  );

  function dragged(dx, dy) {
    if (tool === "scroll") {
      rest += dy;
      const images = Math.trunc(rest / STEP);
      rest -= images * STEP;
      if (images) says.scroll(images);
    } else if (tool === "zoom") says.zoom(Math.exp(-dy / 200));
    else says[tool](dx, dy);
  }

  function pinched(moved, before, now) {
    const [other] = [...points].filter(([id]) => id !== moved).map(([, point]) => point);
    const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y);
    if (apart(before) > 0) says.zoom(apart(now) / apart(before));
    says.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }
}
