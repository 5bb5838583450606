// Answers for /m while there is no network. Static files come from the phone, pages from the server if it
// answers within PATIENCE, else from the phone. Only pages that bear the name of who may see them are kept.
importScripts(BASE + "outbox.js");

const STATIC = "static-" + VERSION;
const PAGES = "pages-" + VERSION;
const PATIENCE = 900; // ms

// The same page whatever was just done on it.
const keyOf = (address) => {
  const url = new URL(address);
  for (const name of ["done", "lang", "theme"]) url.searchParams.delete(name);
  url.hash = "";
  return url.pathname + url.search;
};

const mine = (url) => url.pathname === "/m" || url.pathname.startsWith("/m/");

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(STATIC);
    await cache.addAll(FILES.map((name) => BASE + name));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    // Pages of the version before are kept until new ones have come: a phone that was updated in a basement
    // still shows its day. Their files are kept with them.
    const names = (await caches.keys()).filter((n) => /^(static|pages)-/.test(n) && n !== STATIC && n !== PAGES);
    const versions = [...new Set(names.map((n) => n.slice(n.indexOf("-") + 1)))];
    if (versions.length > 1) for (const v of versions.slice(0, -1)) { await caches.delete("static-" + v); await caches.delete("pages-" + v); }
    await self.clients.claim();
  })());
});

// An answer that was overtaken must not take the place of a newer page: the job that was just given out would be
// missing in the basement. What is said to be newer by more than OVERTAKEN was drawn before the server's clock was set.
const OVERTAKEN = 60_000; // ms
const drawn = (response) => Date.parse(response?.headers.get("Paigong-Drawn")) || 0;

let keeping = Promise.resolve(); // one after another, since looking and putting are two steps
const keep = (address, response) => keeping = keeping.catch(() => {}).then(async () => {
  const who = response.headers.get("Paigong-Page");
  if (!response.ok || response.redirected || !who) return;
  const me = await outbox.get("meta", "me").catch(() => null);
  if (me && me.user !== who) return; // signed in as somebody else meanwhile
  const cache = await caches.open(PAGES);
  const ahead = drawn(await cache.match(keyOf(address))) - drawn(response);
  if (ahead > 0 && ahead < OVERTAKEN) return;
  await cache.put(keyOf(address), response);
});

const kept = async (address) => {
  const key = keyOf(address);
  const now = await (await caches.open(PAGES)).match(key);
  return now ?? caches.match(key);
};

// Taken from the network, and for the next time too.
const fromNetwork = async (request) => {
  const response = await fetch(request);
  if (response.type === "basic") await keep(request.url, response.clone()).catch(() => {});
  return response;
};

const page = async (event) => {
  const live = fromNetwork(event.request);
  live.catch(() => {});
  const have = await kept(event.request.url);
  let late;
  try {
    if (!have) return await live;
    const patience = new Promise((resolve) => { late = setTimeout(resolve, PATIENCE, null); });
    const first = await Promise.race([live, patience]);
    if (first && first.status < 500) return first;
    if (first) return have; // a server that is being started again
    // The newer page comes too late to be shown by itself; the page on show takes it over or offers it.
    event.waitUntil(live.then(async (r) => r.ok && tellPages({ newer: keyOf(event.request.url), page: await r.text() })).catch(() => {}));
    return have;
  } catch {
    return have ?? await kept(new URL("/m/offline", location.origin).href) ?? Response.error();
  } finally {
    clearTimeout(late);
  }
};

const tellPages = async (what) => { for (const c of await self.clients.matchAll({ type: "window" })) c.postMessage(what); };

const fromPhone = async (request, store) => {
  const have = await caches.match(request, { ignoreVary: true });
  if (have) return have;
  const response = await fetch(request);
  if (response.ok && response.type === "basic") (await caches.open(store)).put(request, response.clone()).catch(() => {});
  return response;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fromPhone(request, STATIC));
  else if (url.pathname.startsWith("/files/") && request.destination === "image") event.respondWith(fromPhone(request, PAGES));
  else if (request.mode === "navigate" && mine(url) && !url.pathname.endsWith("/map")) event.respondWith(page(event));
});

// The pages say which others will be wanted in a basement.
self.addEventListener("message", (event) => {
  if (event.data?.claim) return event.waitUntil(self.clients.claim());
  if (event.data?.wipe) {
    event.waitUntil((async () => {
      for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
      event.ports[0]?.postMessage("wiped");
    })());
    return;
  }
  const { fetch: addresses, fresh } = event.data ?? {};
  if (!addresses) return;
  event.waitUntil((async () => {
    const cache = await caches.open(PAGES);
    let all = true;
    for (const address of addresses) {
      const url = new URL(address, location.origin).href;
      const have = await cache.match(keyOf(url));
      const age = have ? Date.now() - Date.parse(have.headers.get("Date")) : -1;
      if (age >= 0 && age < fresh) continue; // a page of tomorrow is one of a phone whose clock was wrong
      try {
        await keep(url, await fetch(url, { credentials: "same-origin", redirect: "manual", headers: { Accept: "text/html" }, signal: AbortSignal.timeout(8000) }));
      } catch { all = false; break; }
    }
    event.source?.postMessage({ fetched: all });
    // Everything of today is here in this version: what is older may go.
    if (all) for (const name of await caches.keys()) if (/^(static|pages)-/.test(name) && name !== STATIC && name !== PAGES) await caches.delete(name);
  })());
});

// Where the browser offers it, the network's return alone is enough; no page need be open.
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(outbox.flush(true).then(async () => { if (await outbox.due() !== null) throw new Error("not all is sent"); }));
});

// A notice of the desk, also while no page is open. Its page is fetched at once: the next place may be a basement.
self.addEventListener("push", (event) => {
  const { title, body, tag, url } = event.data?.json() ?? {};
  if (!title) return;
  const shown = self.registration.showNotification(title, { body, tag, renotify: true, icon: BASE + "icon-192.png", data: url });
  event.waitUntil((async () => {
    await shown;
    for (const address of new Set([url, "/m"])) {
      const live = await fromNetwork(new Request(address, { headers: { Accept: "text/html" }, redirect: "manual" })).catch(() => null);
      if (address !== "/m" || !live?.ok) continue;
      const page = await live.text();
      for (const c of await self.clients.matchAll({ type: "window" })) if (new URL(c.url).pathname === "/m") c.postMessage({ newer: "/m", page });
    }
  })());
});

self.addEventListener("notificationclick", (event) => {
  const to = new URL(event.notification.data, location.origin).href;
  event.notification.close();
  event.waitUntil((async () => {
    const open = (await self.clients.matchAll({ type: "window" })).filter((c) => mine(new URL(c.url)));
    const there = open.find((c) => c.url === to);
    return there ? there.focus() : self.clients.openWindow(to);
  })());
});
