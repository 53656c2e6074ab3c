// What this device keeps: the portal's files (see sw.js), what was typed as long as it is not saved (see form.js), and which
// drafts are saved with us, so that they are found without a line (see offline.js).
//
// Kept are `motcua.draft.<id>`: {whose, at, …}, and `motcua.saved`: {whose, at, drafts: [{id, name, address, at}, …]}. Both
// are their owner's: they go when somebody else signs in, when he signs out, in whatever window, and a week after they were
// last written.
"use strict";

(() => {
  const START = "motcua.draft.";
  const SAVED = "motcua.saved";
  const MOST = 50; // as many drafts as one person may have
  const WEEK = 7 * 24 * 3600 * 1000;
  const page = document.documentElement.dataset;

  const kept = (wanted) => {
    try {
      return Object.keys(localStorage).filter(wanted).map((name) => {
        try { return [name, JSON.parse(localStorage.getItem(name)) || {}]; } catch { return [name, {}]; }
      });
    } catch { return []; }
  };
  const drafts = () => kept((name) => name.startsWith(START));
  const everything = () => kept((name) => name.startsWith(START) || name === SAVED);

  const forget = () => { for (const [name] of everything()) localStorage.removeItem(name); };
  const leaving = "BroadcastChannel" in window ? new BroadcastChannel("motcua.left") : null;
  // Other windows still show what he typed: they are nobody's from now on, and keep nothing more of it.
  if (leaving) leaving.onmessage = () => { delete page.whose; forget(); };
  if ("left" in page) { forget(); leaving?.postMessage(""); }
  for (const [name, one] of everything()) {
    const isOver = !(Date.now() - Date.parse(one.at) < WEEK);
    if (isOver || (page.whose && one.whose !== page.whose)) localStorage.removeItem(name);
  }

  // What is saved with us: told whole by the page of all drafts, and one by one by the form of each.
  const saved = () => kept((name) => name === SAVED).flatMap(([, list]) => (Array.isArray(list.drafts) ? list.drafts : []));
  const note = (list) => {
    if (!page.whose) return;
    const told = { whose: page.whose, at: new Date().toISOString(), drafts: list.slice(0, MOST) };
    try { localStorage.setItem(SAVED, JSON.stringify(told)); } catch { /* then it is not listed without a line */ }
  };
  const all = document.querySelector("[data-all-drafts]");
  if (all) note([...all.querySelectorAll("[data-draft]")].map((line) => {
    const { draft: id, at } = line.dataset;
    const link = line.querySelector("a");
    return { id, at, name: link.textContent, address: link.pathname };
  }));
  document.addEventListener("motcua:saved", ({ detail }) => note([detail, ...saved().filter((one) => one.id !== detail.id)]));
  document.addEventListener("submit", ({ target }) => {
    if (target.dataset.discards) note(saved().filter((one) => one.id !== target.dataset.discards));
  });

  // The step after the form: what was sent has arrived.
  const next = document.querySelector("[data-draft-saved]");
  if (next) {
    const sent = drafts().find(([name]) => name === START + next.dataset.draftSaved);
    if (sent && sent[1].sent && Number(sent[1].version) < Number(next.dataset.version)) localStorage.removeItem(sent[0]);
  }
  // Who signs out takes what is not saved with him: he is asked first.
  document.addEventListener("submit", (event) => {
    const sure = event.target.dataset.leaves;
    if (!sure || !drafts().length || window.confirm(sure)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  if ("serviceWorker" in navigator && window.isSecureContext) {
    window.addEventListener("load", () => { navigator.serviceWorker.register("/sw.js").catch(() => { /* then without */ }); });
  }
})();
