// The service worker: no line, and still a page that says so. Served as /sw.js behind MARK, FILES and OFFLINE.
//
// It keeps the files of the portal and the one page that is the same for everybody, fetched as nobody. No other page is
// kept, so nothing of a person is: pages come from the network, or not at all.
"use strict";

const PLACE = "motcua-" + MARK;
const PATIENCE = 120000;

const keep = async () => {
  const place = await caches.open(PLACE);
  await Promise.all([...FILES, OFFLINE].map(async (address) => {
    const answer = await fetch(address, { credentials: "omit", cache: "no-cache", signal: AbortSignal.timeout?.(PATIENCE) });
    if (!answer.ok || answer.redirected) throw new Error(address);
    await place.put(address, answer);
  }));
  await self.skipWaiting();
};

const tidy = async () => {
  const places = await caches.keys();
  await Promise.all(places.filter((name) => name.startsWith("motcua-") && name !== PLACE).map((name) => caches.delete(name)));
  await self.clients.claim();
};

const kept = async (address) => (await caches.open(PLACE)).match(address, { ignoreVary: true });

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async (error) => {
      const page = await kept(OFFLINE);
      if (page) return page;
      throw error;
    }));
  } else if (FILES.includes(address.pathname + address.search)) {
    event.respondWith(kept(address.pathname + address.search).then((file) => file || fetch(request)));
  }
});
