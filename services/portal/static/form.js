// Filling in a form: saved as one types, rows in place, questions that do not apply are out of the way.
//
// As long as it is not saved, what was typed stays in this browser under `motcua.draft.<id>`: {whose, at, address, begun,
// name, version, mark, sent, fields: [[name, value], …], read: [[what is asked, what was answered], …]}; the save that gets
// through takes it away. device.js says when else.
"use strict";

(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const state = form.querySelector("[data-state]");
  const START = "motcua.draft.";
  const WAIT = 2000;
  const AGAIN = 15000;
  const SOON = 400;
  const PATIENCE = 20000; // for the answer to a save, and half a millisecond for each character of it: then the line is as good as broken
  let timer = 0;
  let keeping = 0;
  let saving = null;
  let isOver = false;
  let typedAgain = false;
  let unanswered = null;

  const typed = () => {
    const data = new FormData(form);
    for (const name of [...data.keys()]) if (/^(csv|file)\./.test(name)) data.delete(name);
    return data;
  };
  const fields = () => [...typed()].filter(([name]) => /^(form|applicant)\./.test(name));
  const answers = () => [...form.elements].filter((control) => /^(form|applicant)\./.test(control.name || ""));

  // The same as people read it, who have no line and so no form (offline.js).
  const read = () => answers().filter((control) => isSaid(control)).map((control) => {
    const isPick = control.type === "radio";
    const asked = isPick ? control.closest("fieldset").querySelector("legend") : control.labels[0];
    const said = isPick ? control.labels[0].textContent : control.selectedOptions ? control.selectedOptions[0].text : control.value;
    return [asked ? asked.firstChild.textContent.trim() : control.getAttribute("aria-label"), said.trim()];
  });

  const place = () => START + form.dataset.draft;
  const keepHere = (sent = false) => {
    clearTimeout(keeping);
    const { whose } = document.documentElement.dataset;
    if (!whose) return; // he signed out in another window (device.js)
    try {
      localStorage.setItem(place(), JSON.stringify({
        whose, at: new Date().toISOString(), address: location.pathname,
        begun: form.dataset.begun, name: form.dataset.name, version: form.elements.version.value,
        mark: form.elements.mark.value, sent, fields: fields(), read: read(),
      }));
    } catch { /* the browser keeps nothing: then the page alone has it */ }
  };
  const forget = (name = place()) => {
    clearTimeout(keeping);
    try { localStorage.removeItem(name); } catch { /* nothing was kept */ }
  };

  const save = async () => {
    clearTimeout(timer);
    if (saving || isOver) return;
    typedAgain = false;
    saving = send().finally(() => { saving = null; });
    await saving;
    if (typedAgain && !isOver) later(WAIT);
  };

  // What got no whole answer may have arrived all the same: first of all the very same is sent again, under the same request id.
  const AWAY = [502, 503, 504];
  const send = async () => {
    const sent = unanswered || { body: typed(), said: JSON.stringify(fields()) };
    unanswered = sent;
    let answer;
    let told;
    try {
      const signal = AbortSignal.timeout?.(PATIENCE + sent.said.length / 2);
      answer = await fetch(form.dataset.keep, { method: "POST", body: sent.body, redirect: "manual", signal });
      const text = await answer.text();
      if (!AWAY.includes(answer.status)) unanswered = null;
      told = JSON.parse(text);
    } catch {
      keepHere();
      state.textContent = form.dataset.away;
      later(AGAIN);
      return;
    }
    state.textContent = told.say || form.dataset.away;
    if (answer.ok) {
      for (const name of ["version", "mark", "request_id"]) form.elements[name].value = told[name];
      form.elements._from.value = told.address;
      if (location.pathname !== told.address) history.replaceState(null, "", told.address);
      typedAgain = typedAgain || JSON.stringify(fields()) !== sent.said;
      if (typedAgain) keepHere(); else forget();
      tellSaved(new Date().toISOString());
    } else {
      keepHere();
      isOver = told.state === "changed" || told.state === "signed_out";
      if (told.state === "away") later(AGAIN);
    }
  };

  const tellSaved = (at) => document.dispatchEvent(new CustomEvent("motcua:saved", {
    detail: { id: form.dataset.draft, at, name: form.dataset.name, address: location.pathname },
  }));

  const later = (milliseconds) => { clearTimeout(timer); timer = setTimeout(save, milliseconds); };
  const changed = () => {
    typedAgain = true;
    clearTimeout(keeping);
    keeping = setTimeout(keepHere, SOON);
    later(WAIT);
    show();
  };

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  // A save under way, or without an answer, ends first: the next one begins from what it made.
  let hasWaited = false;
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    const isFirst = !hasWaited && (saving || unanswered);
    hasWaited = false;
    if (navigator.onLine && !isFirst) { keepHere(true); typedAgain = false; return; }
    event.preventDefault();
    event.stopPropagation();
    if (!navigator.onLine && !saving) { keepHere(); state.textContent = form.dataset.away; return; }
    const button = event.submitter;
    (saving || save()).then(() => { hasWaited = true; form.requestSubmit(button); });
  });
  window.addEventListener("online", () => { if (typedAgain) save(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && typedAgain) { keepHere(); save(); }
  });

  // What was kept here when it could not be sent: of this draft, or of one that was begun and never got through.
  const lookUp = () => {
    const read = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
    const isGood = (kept) => kept && Array.isArray(kept.fields) && kept.whose === document.documentElement.dataset.whose;
    const mine = read(place());
    if (isGood(mine)) return [place(), mine];
    if (form.elements.version.value !== "0") return null;
    let names = [];
    try { names = Object.keys(localStorage).filter((name) => name.startsWith(START)); } catch { /* nothing is kept */ }
    const begun = names.map((name) => [name, read(name)]);
    return begun.find(([, kept]) => isGood(kept) && kept.version === "0" && kept.begun === form.dataset.begun) || null;
  };
  // The page goes on with that draft, from the version that was typed over: what was saved since is not overwritten unseen.
  const adopt = (name, kept) => {
    const id = name.slice(START.length);
    for (const [holder, key] of [[form, "action"], [form.dataset, "keep"]]) {
      holder[key] = holder[key].replace(form.dataset.draft, id);
    }
    form.dataset.draft = id;
    form.elements.version.value = kept.version;
    form.elements.mark.value = kept.mark;
  };
  const restore = () => {
    const found = lookUp();
    if (!found) return;
    const [name, kept] = found;
    const here = JSON.stringify(fields());
    if (here === JSON.stringify(kept.fields)) { if ("saved" in form.dataset) forget(name); return; }
    if (kept.sent && "saved" in form.dataset && Number(kept.version) < Number(form.elements.version.value)) { forget(name); return; }
    const offer = document.getElementById("kept-here").content.cloneNode(true);
    const box = offer.firstElementChild;
    box.querySelector("[data-take]").addEventListener("click", () => { adopt(name, kept); fill(kept.fields); box.remove(); changed(); });
    box.querySelector("[data-drop]").addEventListener("click", () => { forget(name); box.remove(); });
    form.before(box);
  };

  const fill = (values) => {
    for (const sheet of form.querySelectorAll("[data-sheet]")) {
      const start = "form." + sheet.dataset.sheet + ".";
      const rows = values.filter(([name]) => name.startsWith(start)).map(([name]) => Number(name.split(".")[2]));
      while (sheet.querySelectorAll("tbody tr").length <= Math.max(-1, ...rows)) addRow(sheet);
    }
    const byName = new Map(values);
    for (const control of answers()) {
      const value = byName.get(control.name) || "";
      if (control.type === "radio") control.checked = control.value === value;
      else {
        if (control.type === "date" && value && !/^\d{4}-\d{2}-\d{2}$/.test(value)) control.type = "text";
        control.value = value;
      }
    }
    for (const [name, value] of values) if (name.startsWith("form.") && value && !form.elements[name]) carry(name, value);
  };
  // What is asked no more goes along, as in the page of a saved draft (unasked.py); what is of a row goes with its row.
  const carry = (name, value) => {
    const [, table, at] = name.split(".");
    const sheet = form.querySelector(`[data-sheet="${CSS.escape(table)}"]`);
    const row = sheet && sheet.querySelectorAll("tbody tr")[at];
    (row ? row.lastElementChild : form).append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  };

  // Rows of a table.
  const renumber = (sheet) => {
    sheet.querySelectorAll("tbody tr").forEach((row, index) => {
      const number = (text) => text.replace(/^((?:[fw]-)?form\.\w+\.)\d+/, "$1" + index);
      for (const each of [row, ...row.querySelectorAll("[id], [name]")]) {
        if (each.id) each.id = number(each.id);
        if (each.name && each.name.startsWith("form.")) each.name = number(each.name);
        if (each.hasAttribute("aria-describedby")) each.setAttribute("aria-describedby", number(each.getAttribute("aria-describedby")));
      }
      for (const each of row.querySelectorAll("[aria-label]")) {
        each.setAttribute("aria-label", each.getAttribute("aria-label").replace(/\d+$/, index + 1));
      }
      row.querySelector("th").textContent = index + 1;
      row.querySelector("[data-remove-row]").value = "remove:" + sheet.dataset.sheet + ":" + index;
    });
  };
  const addRow = (sheet) => {
    sheet.querySelector("tbody").append(sheet.querySelector("template").content.cloneNode(true));
    renumber(sheet);
    return sheet.querySelector("tbody tr:last-child");
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const sheet = button && button.closest("[data-sheet]");
    if (!sheet) return;
    const rows = sheet.querySelectorAll("tbody tr");
    if ("addRow" in button.dataset && rows.length < Number(sheet.dataset.most)) {
      event.preventDefault();
      addRow(sheet).querySelector("input, select, textarea").focus();
      changed();
    } else if ("removeRow" in button.dataset) {
      event.preventDefault();
      const row = button.closest("tr");
      const next = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      if (next) renumber(sheet); else addRow(sheet);
      (next || sheet).querySelector("input, select, textarea").focus();
      changed();
    }
  });
  // Several cells pasted into one: they are rows, and the table takes them.
  form.addEventListener("paste", (event) => {
    const sheet = event.target.matches("tbody input") && event.target.closest("[data-sheet]");
    const text = sheet && event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    if (!/\t|\n.*\S/.test(text)) return;
    event.preventDefault();
    const button = sheet.querySelector('button[value^="paste:"]');
    sheet.querySelector('textarea[name^="paste."]').value = text;
    form.requestSubmit(button);
  });

  // A question that does not apply is out of the way, unless it was answered.
  const answer = (name) => {
    const control = form.elements[name];
    return control ? control.value : "";
  };
  const isSaid = (control) => (control.type === "radio" ? control.checked : control.type !== "hidden" && control.value.trim() !== "");
  const isAnswered = (question) => [...question.querySelectorAll("tbody input, tbody select, input, select, textarea")].some(isSaid);
  const show = () => {
    for (const question of form.querySelectorAll("[data-when]")) {
      const wanted = JSON.parse(question.dataset.whenIs).map(String);
      question.hidden = !wanted.includes(answer(question.dataset.when)) && !isAnswered(question) && !question.querySelector(".wrong");
    }
  };

  // What was answered before this script was there: a slow line brings it seconds after the form.
  const isTouched = (control) => {
    if (control.type === "radio") return control.checked !== control.defaultChecked;
    if (!control.options) return control.value !== "" && control.value !== control.defaultValue;
    return control.selectedIndex !== Math.max(0, [...control.options].findIndex((option) => option.defaultSelected));
  };

  if (form.dataset.saved) tellSaved(form.dataset.saved);
  show();
  restore();
  if (answers().some(isTouched)) changed();
})();

document.querySelectorAll("[data-discards]").forEach((form) => {
  form.addEventListener("submit", () => { try { localStorage.removeItem("motcua.draft." + form.dataset.discards); } catch { /* nothing was kept */ } });
});
document.querySelectorAll("[data-sure]").forEach((button) => {
  button.addEventListener("click", (event) => { if (!window.confirm(button.dataset.sure)) event.preventDefault(); });
});
