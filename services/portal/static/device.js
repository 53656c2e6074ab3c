// What this device keeps: the portal's files (see sw.js), and what was typed as long as it is not saved (see form.js).
//
// Kept is `motcua.draft.<id>`: {whose, at, …}. It is its owner's: it goes when somebody else signs in, when he signs out,
// and a week after it was typed.
"use strict";

(() => {
  const START = "motcua.draft.";
  const WEEK = 7 * 24 * 3600 * 1000;
  const page = document.documentElement.dataset;

  const drafts = () => {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(START)).map((name) => {
        try { return [name, JSON.parse(localStorage.getItem(name)) || {}]; } catch { return [name, {}]; }
      });
    } catch { return []; }
  };

  if ("left" in page) for (const [name] of drafts()) localStorage.removeItem(name);
  for (const [name, kept] of drafts()) {
    const isOver = !(Date.now() - Date.parse(kept.at) < WEEK);
    if (isOver || (page.whose && kept.whose !== page.whose)) localStorage.removeItem(name);
  }
  // The step after the form: what was sent has arrived.
  const saved = document.querySelector("[data-draft-saved]");
  if (saved) {
    const kept = drafts().find(([name]) => name === START + saved.dataset.draftSaved);
    if (kept && kept[1].sent && Number(kept[1].version) < Number(saved.dataset.version)) localStorage.removeItem(kept[0]);
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
