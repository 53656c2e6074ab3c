// Papers: several files at once, dropped or chosen or photographed, each with its progress; a broken line is no matter.
//
// The portal opens a ticket with intake and passes the parts on (tus 1.0.0: HEAD for how much is there, PATCH for more).
// Where the browser cannot make a digest (no secure context), the plain form does it all. A paper's place is a form of its own,
// or stands in a larger one: then nothing else on the page is touched, and that form waits for its files.
"use strict";

(() => {
  if (!window.crypto || !crypto.subtle) return;
  const words = document.querySelector("[data-said]").dataset;
  // A part is as large as the line bears: what breaks off is sent anew. A file may come in 1000 of them, no more (intake).
  const SMALLEST = 1020 * 64;
  const LARGEST = 1020 * 1024;
  const MOST_PARTS = 500;
  const SOON = 3000; // milliseconds: a part that has arrived by then may be followed by one twice as large
  const PATIENCE = 30000; // for any answer; of a part besides, as for what comes after it, at this rate at least:
  const RATE = 8; // bytes a millisecond
  const PAUSES = [1000, 2000, 5000, 10000, 20000, 30000];
  let part = 2 * SMALLEST;
  let line = Promise.resolve();
  let arrived = 0;
  let waiting = 0;

  class Refused extends Error {}
  class Spent extends Error {} // a ticket that nothing more can be sent by: it expired, or its file was judged

  const csrf = (form) => form.closest("form").elements.csrf_token.value;
  const pause = (milliseconds) => new Promise((go) => {
    const timer = setTimeout(go, milliseconds);
    window.addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
  });

  // An answer, or null where it is to be asked again: the line is broken, or nothing moves on it, or nobody can answer now.
  // What a rule says no to is not asked again. `heeded`: refusals that the caller reads.
  const once = async (address, options, heeded, patience = PATIENCE) => {
    let answer;
    try {
      answer = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout?.(patience), ...options });
    } catch { return null; }
    if (answer.type === "opaqueredirect") throw new Refused(words.signedOut);
    if (answer.ok || heeded.includes(answer.status)) return answer;
    if (answer.status < 500 && ![408, 429].includes(answer.status)) throw new Refused(await said(answer));
    return null;
  };
  const rest = async (tried, about) => {
    if (tried >= PAUSES.length) throw new Error(words.lost);
    about.textContent = words.broken;
    await pause(PAUSES[tried]);
  };
  const ask = async (address, options, about, heeded = [409]) => {
    for (let tried = 0; ; tried += 1) {
      const answer = await once(address, options, heeded);
      if (answer) return answer;
      await rest(tried, about);
    }
  };
  const said = async (answer) => {
    try { return (await answer.json()).say || words.lost; } catch { return answer.status === 400 ? words.signedOut : words.lost; }
  };
  const post = async (form, address, values, about) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf_token: csrf(form), ...values })) body.set(name, value);
    const answer = await ask(address, { method: "POST", body }, about);
    if (!answer.ok) throw new Refused(await said(answer));
    return answer.json();
  };

  const digest = async (file) => {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return [...found].map((one) => one.toString(16).padStart(2, "0")).join("");
  };

  const whyNot = (form, file) => {
    const name = file.name.toLowerCase();
    const types = form.dataset.types.split(",");
    if (!types.some((end) => name.endsWith(end))) return words.type.replace("{types}", types.join(", "));
    if (!file.size) return words.empty;
    return file.size > Number(form.dataset.largest) ? words.large.replace("{size}", form.dataset.size) : "";
  };

  const GONE = [403, 404, 410];
  const send = async (form, file, job, row) => {
    try { return await sendBy(form, file, job, row); } catch (error) {
      if (!(error instanceof Spent)) throw error;
      Object.assign(job, { id: crypto.randomUUID(), ticket: null, offset: 0 });
      return sendBy(form, file, job, row);
    }
  };
  const sendBy = async (form, file, job, row) => {
    const about = row.querySelector("[data-state]");
    const bar = row.querySelector("progress");
    const headers = { "X-CSRFToken": csrf(form), "Tus-Resumable": "1.0.0" };
    if (!job.ticket) {
      about.textContent = words.checking;
      const values = { filename: file.name, size: file.size, sha256: await digest(file), request_id: job.id };
      job.ticket = await post(form, form.dataset.open, values, about);
      job.offset = 0;
    } else job.offset = await there(job, headers, about);
    for (let broken = 0; job.offset < file.size;) {
      bar.value = 100 * job.offset / file.size;
      about.textContent = Math.floor(bar.value) + " %";
      const body = file.slice(job.offset, job.offset + Math.max(part, Math.ceil(file.size / MOST_PARTS)));
      const begun = performance.now();
      const answer = await once(job.ticket.address, {
        method: "PATCH",
        body,
        headers: { ...headers, "Upload-Offset": job.offset, "Content-Type": "application/offset+octet-stream" },
      }, [...GONE, 409], PATIENCE + body.size / RATE);
      if (answer && GONE.includes(answer.status)) throw new Spent();
      if (answer && answer.ok) {
        broken = 0;
        if (performance.now() - begun < SOON) part = Math.min(2 * part, LARGEST);
        job.offset = Number(answer.headers.get("Upload-Offset"));
        continue;
      }
      if (!answer) {
        part = Math.max(part / 2, SMALLEST);
        await rest(broken, about);
        broken += 1;
      }
      job.offset = await there(job, headers, about);
    }
    bar.value = 100;
    const done = await post(form, form.dataset.done, { upload_id: job.ticket.upload_id, request_id: job.id }, about);
    about.textContent = done.say;
    return done;
  };
  const there = async (job, headers, about) => {
    const answer = await ask(job.ticket.address, { method: "HEAD", headers }, about, [...GONE, 409, 422]);
    if (!answer.ok) throw new Spent();
    return Number(answer.headers.get("Upload-Offset"));
  };

  // A file that is here, in a page that goes on: it can be dropped again; the page alone has what no draft keeps.
  const list = (form, file, job, done) => {
    const line = document.getElementById("arrived").content.firstElementChild.cloneNode(true);
    const name = line.querySelector("[data-name]");
    name.textContent = name.dataset.name.replace("{name}", () => file.name);
    line.querySelector("input").value = job.ticket.upload_id;
    if (!done.kept) {
      const value = [form.dataset.upload, job.ticket.upload_id, file.name].join(":");
      line.prepend(Object.assign(document.createElement("input"), { type: "hidden", name: "paper", value }));
    }
    form.closest(".paper").querySelector("[data-files]").append(line);
  };
  const goesOn = document.getElementById("arrived") !== null;
  const isTroubled = () => document.querySelector("[data-sending] .wrong, [data-sending] [data-again]:not([hidden])") !== null;

  const begin = (form, file) => {
    const row = document.getElementById("sending").content.firstElementChild.cloneNode(true);
    const about = row.querySelector("[data-state]");
    const again = row.querySelector("[data-again]");
    const job = { id: crypto.randomUUID(), ticket: null, offset: 0 };
    row.querySelector("[data-name]").textContent = file.name;
    form.querySelector("[data-sending]").append(row);
    const tell = (text) => { form.querySelector("[data-told]").textContent = file.name + ": " + text; };
    const refused = (text) => { tell(text); about.textContent = text; about.className = "wrong"; row.querySelector("progress").hidden = true; };
    const wrong = whyNot(form, file);
    if (wrong) { refused(wrong); return; }
    const start = () => {
      about.textContent = words.waiting;
      again.hidden = true;
      waiting += 1;
      line = line.then(() => send(form, file, job, row)).then(
        (done) => {
          arrived += 1;
          tell(about.textContent);
          if (goesOn) { list(form, file, job, done); row.remove(); }
        },
        (error) => {
          if (error instanceof Refused) refused(error.message);
          else { tell(words.lost); about.textContent = words.lost; again.hidden = false; }
        },
      ).then(() => {
        waiting -= 1;
        if (!goesOn && !waiting && arrived && !isTroubled()) location.reload();
      });
    };
    again.addEventListener("click", start);
    start();
  };

  for (const form of document.querySelectorAll("[data-upload]")) {
    const chooser = form.querySelector('input[type="file"]');
    const take = (files) => { for (const file of files) begin(form, file); };
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    chooser.classList.add("visually-hidden");
    form.querySelector("label").classList.add("button");
    chooser.addEventListener("change", () => { take([...chooser.files]); chooser.value = ""; });
    form.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); });
    form.querySelector("label").before(Object.assign(document.createElement("p"), { className: "soft small", textContent: words.drop }));
    if ("photo" in form.dataset && matchMedia("(pointer: coarse)").matches) chooser.after(camera(form, take));
    for (const kind of ["dragenter", "dragover"]) {
      form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("is-over"); });
    }
    for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("is-over"));
    form.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
  }

  function camera(form, take) {
    const label = Object.assign(document.createElement("label"), { className: "button", textContent: words.camera });
    const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/jpeg", className: "visually-hidden" });
    input.setAttribute("capture", "environment");
    input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
    label.append(input);
    return label;
  }

  document.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (!waiting || !target.querySelector("[data-upload]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const state = target.querySelector(":scope > [data-state]");
    state.textContent = words.held;
    line.then(() => { if (isTroubled()) state.textContent = words.troubled; else target.requestSubmit(submitter); });
  }, true);

  window.addEventListener("beforeunload", (event) => { if (waiting) event.preventDefault(); });
})();
