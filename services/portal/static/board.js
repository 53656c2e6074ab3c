// The board renews itself, unless it is paused, hidden, or somebody is in the middle of it.
"use strict";

const board = document.querySelector("[data-refresh]");
let paused = sessionStorage.getItem("board-paused") === "yes";

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
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh]");
  const here = document.querySelector("[data-refresh]");
  if (!fresh || here.contains(document.activeElement)) return;
  here.replaceWith(fresh);
  shown();
};

if (board) {
  shown();
  setInterval(renew, Number(board.dataset.refresh) * 1000);
}
