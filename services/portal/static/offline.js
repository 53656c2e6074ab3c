// The page for when there is no line: in the language and the theme that were chosen, with what this device keeps.
"use strict";

(() => {
  const START = "motcua.draft.";
  const main = document.querySelector("[data-offline]");
  const cookie = (name) => (document.cookie.match("(?:^|; )" + name + "=(\\w+)") || [])[1];
  const language = cookie("lang") === "en" ? "en" : "vi";
  const theme = cookie("theme");
  document.documentElement.lang = language;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  for (const part of document.querySelectorAll("[data-language]")) if (part.dataset.language !== language) part.remove();

  const again = () => location.reload();
  const isHere = location.pathname === main.dataset.offline;
  window.addEventListener("online", () => { if (!isHere) again(); });
  for (const button of document.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => { if (isHere) location.assign("/"); else again(); });
  }

  const section = document.querySelector("[data-drafts]");
  const list = section.querySelector("ul");
  const show = () => { section.hidden = !list.children.length; document.querySelector("[data-none]").hidden = !section.hidden; };
  const read = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
  let names = [];
  try { names = Object.keys(localStorage).filter((name) => name.startsWith(START)); } catch { /* nothing is kept */ }
  for (const name of names) {
    const kept = read(name);
    if (!kept || !Array.isArray(kept.fields)) continue;
    const line = section.querySelector("template").content.firstElementChild.cloneNode(true);
    const at = new Date(kept.at);
    line.querySelector("[data-name]").textContent = kept.name;
    line.querySelector("time").dateTime = kept.at;
    line.querySelector("time").textContent = at.toLocaleString(language === "en" ? "en-GB" : "vi-VN", { timeZone: "Asia/Ho_Chi_Minh" });
    line.querySelector("[data-count]").textContent = kept.fields.filter(([, value]) => String(value).trim()).length;
    line.querySelector("[data-open]").href = String(kept.address).startsWith("/") && !String(kept.address).startsWith("//") ? kept.address : "/";
    line.querySelector("[data-drop]").addEventListener("click", () => { localStorage.removeItem(name); line.remove(); show(); });
    list.append(line);
  }
  show();
})();
