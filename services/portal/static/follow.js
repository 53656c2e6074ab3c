// A dossier or a payment shows what changed without a reload: its fragment is asked for again, ever less often while
// nothing happens, not at all while nobody looks, and never once it is final. When the session has ended it says so. Without
// scripts there is a link to reload.
"use strict";

const STILL = 20000; // for an answer: a line on which nothing moves is as good as none
const FIRST = 2000, LONGEST = 60000, GROWTH = 1.5, PATIENCE = 15 * 60 * 1000, SELDOM = 5 * 60 * 1000;
const live = document.querySelector("[data-poll]");
const said = document.querySelector("[data-poll-said]");
let wait = FIRST, timer = null, changedAt = Date.now();
let hasEnded = false, isPressed = false, released = () => {};

async function look() {
  timer = null;
  try {
    const answer = await fetch(live.dataset.poll, {
      cache: "no-store", credentials: "same-origin", redirect: "manual", headers: { "If-None-Match": live.dataset.mark },
      signal: AbortSignal.timeout?.(STILL),
    });
    if (answer.status === 200) {
      const text = await answer.text();
      await letGo();
      show(text, answer.headers);
    }
    else if (answer.type === "opaqueredirect" || answer.status === 404) { end(); return; } // signed out, or gone
  } catch {
    // The line broke: asked again later.
  }
  plan();
}

function show(text, headers) {
  if (headers.has("X-Onward")) { location.assign(headers.get("X-Onward")); return; }
  const opened = [...live.querySelectorAll("details")].map((one) => one.open);
  const hadFocus = live.contains(document.activeElement);
  live.dataset.mark = headers.get("ETag");
  live.innerHTML = text;
  live.querySelectorAll("details").forEach((one, at) => { one.open = Boolean(opened[at]); });
  if (hadFocus) { live.tabIndex = -1; live.focus(); }
  if (headers.has("X-Final")) live.dataset.final = "";
  if (said) said.textContent = live.dataset.changed;
  wait = FIRST;
  changedAt = Date.now();
}

// What somebody is pressing must not be taken from under his finger: half a press on each of two buttons is no click.
function letGo() {
  return isPressed ? new Promise((go) => { released = go; }) : Promise.resolve();
}

function plan() {
  if ("final" in live.dataset || hasEnded || document.hidden || timer) return;
  timer = setTimeout(look, wait);
  wait = Date.now() - changedAt > PATIENCE ? SELDOM : Math.min(wait * GROWTH, LONGEST);
}

function end() {
  hasEnded = true;
  if (!said) return;
  said.className = "notice warn no-print";
  said.textContent = said.dataset.ended;
}

if (live) {
  plan();
  live.addEventListener("pointerdown", () => { isPressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      isPressed = false;
      setTimeout(released); // after the click that this ends in
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    clearTimeout(timer); // it may be minutes long
    timer = null;
    wait = FIRST;
    changedAt = Date.now();
    plan();
  });
}
