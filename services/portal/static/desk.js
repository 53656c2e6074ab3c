// The officers' queue: tick all, and shortcuts, which are off while one types and can be turned off on this browser.
"use strict";

// One box ticks all that can be ticked.
const all = document.querySelector("[data-all]");
if (all) {
  all.hidden = false;
  all.querySelector("input").addEventListener("change", (event) => {
    document.querySelectorAll("[data-rows] tbody input:enabled").forEach((box) => { box.checked = event.target.checked; });
  });
}

const kept = "motcua.keys";
const dialog = document.querySelector("[data-keys]");

if (dialog) {
  const isOn = () => { try { return localStorage.getItem(kept) !== "off"; } catch { return true; } };
  const links = [...document.querySelectorAll("[data-rows] [data-open]")];
  const here = () => links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const go = (index) => { const link = links[Math.max(0, Math.min(links.length - 1, index))]; if (link) link.focus(); };
  const row = () => links[here()]?.closest("tr");
  const help = () => { if (!dialog.open) dialog.showModal(); };
  const keys = {
    j: () => go(here() + 1),
    k: () => go(here() - 1),
    o: () => links[here()]?.click(),
    x: () => row()?.querySelector("input[type=checkbox]:enabled")?.click(),
    a: () => document.querySelector("[data-assign]")?.focus(),
    n: () => document.querySelector("[data-next]")?.click(),
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": help,
  };
  const isTyping = (element) =>
    element.isContentEditable || /^(textarea|select)$/i.test(element.tagName) ||
    (element.tagName === "INPUT" && element.type !== "checkbox");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || dialog.open) return;
    if (!isOn() || isTyping(event.target) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  const button = document.querySelector("[data-keys-help]");
  button.hidden = false;
  button.addEventListener("click", help);
  const toggle = dialog.querySelector("[data-keys-on]");
  toggle.checked = isOn();
  toggle.addEventListener("change", () => {
    try { localStorage.setItem(kept, toggle.checked ? "on" : "off"); } catch { toggle.checked = true; }
  });
}
