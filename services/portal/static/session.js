// Says in time that the session is about to end, and lets it go on; without scripts the foot of the page says when.
//
// Other pages of the same browser keep it going as well: so the portal is asked before anything is said.
"use strict";

(() => {
  const part = document.querySelector("[data-session]");
  const foot = document.querySelector("[data-session-end]");
  if (!part || !foot) return;
  const said = part.querySelector("[role=status]");
  const form = part.querySelector("form");
  const warn = Number(part.dataset.warn);
  const MINUTE = 60;
  const PATIENCE = 20000; // for an answer: a line on which nothing moves is as good as none
  let next = 0;
  let isAsking = false;

  const after = (seconds) => { next = Date.now() + seconds * 1000; };
  const show = (text, canStay = false) => {
    if (said.textContent !== text) said.textContent = text;
    part.classList.toggle("is-shown", text !== "");
    form.hidden = !canStay;
  };
  const heed = (told) => {
    foot.textContent = told.foot;
    if (told.seconds > warn) { show(""); after(told.seconds - warn); return; }
    show(told.say, !told.is_last);
    after(Math.min(MINUTE, told.seconds + 1));
  };
  const ask = async (options) => {
    if (isAsking) return;
    isAsking = true;
    after(MINUTE / 2); // where there is no line: what there is to say waits for it
    try {
      const answer = await fetch(form.action, { signal: AbortSignal.timeout?.(PATIENCE), ...options });
      if (answer.ok) heed(await answer.json());
      else if (answer.status < 500) { show(part.dataset.ended); foot.textContent = part.dataset.ended; after(MINUTE); }
    } catch { /* then later */ }
    isAsking = false;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const hadFocus = form.contains(document.activeElement);
    await ask({ method: "POST", body: new FormData(form) });
    delete form.dataset.sent;
    if (part.classList.contains("is-shown")) return;
    show(part.dataset.stayed);
    setTimeout(() => { if (said.textContent === part.dataset.stayed) show(""); }, 10_000);
    if (hadFocus) document.getElementById("main").focus({ preventScroll: true });
  });

  const look = () => { if (Date.now() >= next) ask({}); };
  after(Number(part.dataset.seconds) - warn);
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask({}); });
})();
