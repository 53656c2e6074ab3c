// The board renews its figures by itself, unless it is paused or hidden; where it cannot, it says so. What somebody had
// opened, moved aside or come to with the keyboard is so afterwards too.
"use strict";

const board = document.querySelector("[data-refresh]");
let paused = sessionStorage.getItem("board-paused") === "yes";

const AT = "a[href], button, summary, [tabindex]";
const PATIENCE = 30000; // for a page: a line on which nothing moves is as good as none
let timer = null;

const tell = (what) => {
  const line = document.querySelector("[data-stale]");
  line.textContent = line.dataset[what];
  line.hidden = false;
};

const shown = () => {
  const button = document.querySelector("[data-pause]");
  if (!button) return;
  button.disabled = false;
  button.textContent = paused ? button.dataset.off : button.dataset.on;
  button.onclick = () => {
    paused = !paused;
    sessionStorage.setItem("board-paused", paused ? "yes" : "no");
    shown();
  };
};

const renew = async () => {
  if (paused || document.hidden) return;
  const answer = await fetch(location.href, {
    cache: "no-store", redirect: "manual", headers: { Accept: "text/html", "X-Again": "yes" },
    signal: AbortSignal.timeout?.(PATIENCE),
  }).catch(() => null);
  if (answer && (answer.type === "opaqueredirect" || answer.status === 404)) { // signed out, or somebody else signed in
    clearInterval(timer);
    tell("ended");
    return;
  }
  const text = answer && answer.ok ? await answer.text().catch(() => "") : "";
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-refresh]");
  const here = document.querySelector("[data-refresh]");
  if (!fresh) { tell("away"); return; }
  const all = (root, which) => [...root.querySelectorAll(which)];
  const opened = all(here, "details").map((one) => one.open);
  const aside = all(here, ".scroll").map((one) => one.scrollLeft);
  const at = all(here, AT).indexOf(document.activeElement);
  all(fresh, "details").forEach((one, place) => { one.open = Boolean(opened[place]); });
  here.replaceWith(fresh);
  all(fresh, ".scroll").forEach((one, place) => { one.scrollLeft = aside[place] ?? 0; });
  if (at >= 0) all(fresh, AT)[at]?.focus({ preventScroll: true });
};

if (board) {
  shown();
  timer = setInterval(renew, Number(board.dataset.refresh) * 1000);
}
