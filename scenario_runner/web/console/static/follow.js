// A stream of server-sent events, followed while somebody looks: follow(address, on), address of whether it is brief.
//
// A browser gives a server six connections for all its tabs together, and each stream keeps one: with as many no other
// page would come. So all tabs have a few streams among them, by locks that the tabs of a server share (where the
// address is not secure there are none); whoever gets none is answered briefly, and asks again each second.
"use strict";

// The page, anew; not while somebody is on the way to another one, for that would cut the way off. A download leaves the
// page where it is, so it is made anew after all when a while has passed.
let left = -Infinity;
addEventListener("beforeunload", () => { left = performance.now(); });
const renew = () => {
  const wait = left + 30000 - performance.now();
  if (wait > 0) setTimeout(renew, wait);
  else location.reload();
};

const follow = (address, on) => {
  const STREAMS = 3;
  let source = null, free = null, turn = 0;

  const taken = (name) => new Promise((tell) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) { tell(null); return undefined; }
      return new Promise((done) => tell(done));
    }).catch(() => tell(null));
  });
  const place = async () => {
    for (let number = 0; navigator.locks && number < STREAMS; number += 1) {
      const done = await taken(`stream ${number}`);
      if (done) return done;
    }
    return null;
  };

  const leave = () => {
    turn += 1;
    source?.close();
    source = null;
    free?.();
    free = null;
  };
  const open = () => {
    const brief = !free;
    const opened = source = new EventSource(address(brief));
    for (const [name, told] of Object.entries(on)) opened.addEventListener(name, told);
    opened.addEventListener("ended", () => { leave(); renew(); });
    opened.addEventListener("error", async () => {
      if (opened !== source) return;
      // It was refused and will not be asked for again, such as after a log-out: the page says why.
      if (opened.readyState === EventSource.CLOSED) { leave(); setTimeout(renew, 2000); return; }
      if (!brief) return;
      const mine = turn, got = await place();
      if (!got) return;
      if (mine !== turn) { got(); return; }
      opened.close();
      free = got;
      open();
    });
  };
  const look = async () => {
    leave();
    if (document.visibilityState === "hidden") return;
    const mine = turn, got = await place();
    if (mine !== turn) { got?.(); return; }
    free = got;
    open();
  };
  look();
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });
};
