// Reads the QR code of a licence with the camera: by the browser's own means, or by a library that is loaded for it.
"use strict";

const scan = document.querySelector("[data-scan]");

async function start() {
  const video = scan.querySelector("video"), said = scan.querySelector("[role=status]");
  let detector, stream;
  try {
    detector = new (await knownDetector())({ formats: ["qr_code"] });
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    said.textContent = scan.dataset.refused;
    return;
  }
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  video.hidden = false;
  video.srcObject = stream;
  await video.play();
  addEventListener("pagehide", stop, { once: true });
  const look = async () => {
    const [found] = await detector.detect(video).catch(() => []);
    const path = found && pathOf(found.rawValue);
    if (path) { stop(); location.assign(path); return; }
    if (found) said.textContent = scan.dataset.strange;
    setTimeout(look, 250);
  };
  look();
}

// Of an address that leads to a licence the path alone: the look-up is ours, whoever printed the code.
function pathOf(text) {
  try {
    const path = new URL(text, location.origin).pathname;
    return path.startsWith("/kiem-tra/") ? path : null;
  } catch {
    return null;
  }
}

async function knownDetector() {
  const formats = "BarcodeDetector" in window ? await BarcodeDetector.getSupportedFormats() : [];
  return formats.includes("qr_code") ? BarcodeDetector : (await import(scan.dataset.reader)).BarcodeDetector;
}

if (scan && navigator.mediaDevices) {
  scan.hidden = false;
  scan.querySelector("[data-scan-start]").addEventListener("click", (event) => { event.target.hidden = true; start(); });
}
