// The board renews itself, unless it is paused, hidden, or somebody is in the middle of it; where it cannot, it says so.
"use strict";

const board = document.querySelector("[data-refresh]");
let paused = sessionStorage.getItem("board-paused") === "yes";

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
  }).catch(() => null);
  if (answer && (answer.type === "opaqueredirect" || answer.status === 404)) { // signed out, or somebody else signed in
    clearInterval(timer);
    tell("ended");
    return;
  }
  if (!answer || !answer.ok) { tell("away"); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh]");
  const here = document.querySelector("[data-refresh]");
  if (!fresh || here.contains(document.activeElement)) return;
  const opened = [...here.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, at) => { one.open = Boolean(opened[at]); });
  here.replaceWith(fresh);
  shown();
};

if (board) {
  shown();
  timer = setInterval(renew, Number(board.dataset.refresh) * 1000);
}
