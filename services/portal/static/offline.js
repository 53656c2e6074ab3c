// The page for when there is no line: in the language and the theme that were chosen, with what this device keeps.
"use strict";

(() => {
  const START = "motcua.draft.";
  const SAVED = "motcua.saved";
  const main = document.querySelector("[data-offline]");
  const cookie = (name) => (document.cookie.match("(?:^|; )" + name + "=(\\w+)") || [])[1];
  const language = cookie("lang") === "en" ? "en" : "vi";
  const theme = cookie("theme");
  document.documentElement.lang = language;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  for (const part of document.querySelectorAll("[data-language]")) if (part.dataset.language !== language) part.remove();

  const again = () => location.reload();
  const isHere = location.pathname === main.dataset.offline;
  // A device says that it is on line before anybody can be reached: so somebody is asked first.
  const LOOK = 5000;
  const PATIENCE = 15000;
  const look = async () => {
    if (isHere || !navigator.onLine) return;
    try { await fetch(main.dataset.offline, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout?.(PATIENCE) }); } catch { return; }
    again();
  };
  window.addEventListener("online", look);
  setInterval(look, LOOK);
  for (const button of document.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => { if (isHere) location.assign("/"); else again(); });
  }

  const read = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  const tell = (time, at) => {
    time.dateTime = at;
    time.textContent = new Date(at).toLocaleString(language === "en" ? "en-GB" : "vi-VN", { timeZone: "Asia/Ho_Chi_Minh" });
  };
  const isOurs = (address) => String(address).startsWith("/") && !String(address).startsWith("//");
  const lineIn = (section, kept) => {
    const line = section.querySelector("template").content.firstElementChild.cloneNode(true);
    line.querySelector("[data-name]").textContent = kept.name;
    tell(line.querySelector("time"), kept.at);
    line.querySelector("[data-open]").href = isOurs(kept.address) ? kept.address : "/";
    section.querySelector("ul").append(line);
    return line;
  };

  const typed = document.querySelector("[data-drafts]");
  const show = () => {
    typed.hidden = !typed.querySelector("ul").children.length;
    document.querySelector("[data-none]").hidden = !typed.hidden;
  };
  let names = [];
  try { names = Object.keys(localStorage).filter((name) => name.startsWith(START)); } catch { /* nothing is kept */ }
  for (const name of names) {
    const kept = read(name);
    if (!kept || !Array.isArray(kept.fields)) continue;
    const line = lineIn(typed, kept);
    line.querySelector("[data-count]").textContent = kept.fields.filter(([, value]) => String(value).trim()).length;
    const answers = (Array.isArray(kept.read) ? kept.read : kept.fields).filter(([, said]) => String(said).trim());
    for (const [tag, text] of answers.flatMap(([asked, said]) => [["dt", asked], ["dd", said]])) {
      line.querySelector("dl").append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    line.querySelector("[data-drop]").addEventListener("click", () => { localStorage.removeItem(name); line.remove(); show(); });
  }
  show();

  const saved = document.querySelector("[data-saved]");
  const list = read(SAVED);
  if (list && Array.isArray(list.drafts) && list.drafts.length) {
    tell(saved.querySelector("time"), list.at);
    for (const kept of list.drafts) lineIn(saved, kept);
    saved.querySelector("[data-drop]").addEventListener("click", () => { localStorage.removeItem(SAVED); saved.hidden = true; });
    saved.hidden = false;
  }
})();
