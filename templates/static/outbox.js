// The outbox of the engineer's phone. What he does is kept here first and sent when there is a network:
// visit steps, repair sheets, counts, requests for parts: any form of his pages. Used by the pages and by the
// service worker alike, so it is a plain script that leaves one name behind.
//
// A row is born with its key. Whatever happens then (a tab that dies, an answer that is lost, a second tab,
// a second tap), the server does what it says once, because every try carries that key.
(() => {
  const STORES = { rows: "key", drafts: "visit", photos: "sha256", meta: "name" };
  const STALE = 60_000; // ms; a back-off that lies further ahead was written by a clock that has since been set
  const KEPT = 40;      // delivered rows shown in the outbox

  let opened;
  const open = () => opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("paigong", 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = async () => {
      const db = request.result;
      db.onversionchange = db.onclose = () => { db.close(); opened = undefined; };
      await whole(db);
      resolve(db);
    };
    request.onerror = () => { opened = undefined; reject(request.error); };
  });

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  // ---- the second copy
  // A browser that is killed may find its database damaged and begin an empty one; Chromium did, once in a hundred
  // times. So whatever is written lies in its cache too, which is kept apart, and comes back from there.

  const COPY = "copy";

  const packed = (value) => {
    const form = new FormData(), blobs = [];
    form.set("value", JSON.stringify(value, (_, v) => v instanceof Blob ? { $blob: blobs.push(v) - 1 } : v));
    blobs.forEach((b, i) => form.set(i, b));
    return new Response(form);
  };

  const unpacked = async (response) => {
    const form = await response.formData();
    return JSON.parse(form.get("value"), (_, v) => v?.$blob >= 0 ? form.get(v.$blob) : v);
  };

  const copy = async (written) => {
    if (!written.size) return;
    try {
      const shelf = await caches.open(COPY);
      for (const [name, value] of written) await (value ? shelf.put("/m/copy/" + name, packed(value)) : shelf.delete("/m/copy/" + name));
    } catch { /* no such place, or it is full: the first copy stands */ }
  };

  const noting = (store, written) => ({
    get: (key) => store.get(key), getAll: () => store.getAll(), getAllKeys: () => store.getAllKeys(),
    put: (value) => { if (!value.sent) written.set(store.name + "/" + value[store.keyPath], value); return store.put(value); },
    delete: (key) => { written.set(store.name + "/" + key, null); return store.delete(key); },
  });

  // whole brings back what an empty database lacks. Page and service worker may both find it empty: one of them does it.
  const whole = (db) => {
    const marked = () => asked(db.transaction("meta").objectStore("meta").get("whole"));
    const bring = async () => {
      if (await marked()) return;
      const values = [[{ name: "whole" }, "meta"]];
      try {
        const shelf = await caches.open(COPY);
        for (const at of await shelf.keys()) {
          // One that was torn by the same death must not keep the others back.
          const value = await shelf.match(at).then(unpacked).catch(() => null);
          if (value) values.push([value, new URL(at.url).pathname.split("/")[3]]);
        }
      } catch { /* no such place */ }
      const t = db.transaction(Object.keys(STORES), "readwrite", { durability: "strict" });
      for (const [value, store] of values) t.objectStore(store).put(value);
      await new Promise((done) => { t.oncomplete = t.onabort = done; });
    };
    return marked().then((is) => is || (navigator.locks ? navigator.locks.request("paigong-whole", bring) : bring())).catch(() => {});
  };

  // One transaction, on the disk before it counts as done.
  const within = async (stores, mode, work) => {
    const db = await open();
    const t = db.transaction(stores, mode, mode === "readwrite" ? { durability: "strict" } : undefined);
    const done = new Promise((resolve, reject) => {
      t.oncomplete = resolve;
      t.onabort = t.onerror = () => reject(t.error ?? new Error("the phone did not keep it"));
    });
    let out;
    const written = new Map();
    try {
      out = await work((name) => mode === "readwrite" ? noting(t.objectStore(name), written) : t.objectStore(name));
    } catch (err) {
      done.catch(() => {});
      try { t.abort(); } catch { /* ended by itself */ }
      throw err;
    }
    await done;
    await copy(written);
    return out;
  };

  const get = (store, key) => within([store], "readonly", (at) => asked(at(store).get(key)));
  const all = (store) => within([store], "readonly", (at) => asked(at(store).getAll()));
  const put = (store, value) => within([store], "readwrite", (at) => asked(at(store).put(value)));
  const drop = (store, key) => within([store], "readwrite", (at) => asked(at(store).delete(key)));

  // A key of 128 random bits; randomUUID exists over https only.
  const newKey = () => {
    if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    return [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  };

  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("paigong-outbox") : null;
  const tell = (what) => {
    channel?.postMessage(what);
    globalThis.dispatchEvent(new CustomEvent("outbox", { detail: what }));
  };

  // ---- rows

  const inOrder = (rows) => rows.sort((a, b) => a.seq - b.seq);

  // add keeps a form. With the key of a row that is still here and not refused it keeps nothing: that is the
  // second tap. A draft that became the row goes in the same transaction.
  const add = async (row, draft) => {
    const kept = await within(["rows", "drafts", "meta"], "readwrite", async (at) => {
      const was = await asked(at("rows").get(row.key));
      if (was && was.state !== "attention") return was;
      if (row.slot) {
        for (const r of await asked(at("rows").getAll())) if (r.slot === row.slot && r.state === "waiting") return r;
      }
      const seq = ((await asked(at("meta").get("seq")))?.value ?? 0) + 1;
      at("meta").put({ name: "seq", value: seq });
      const next = { files: [], blobs: [], ...row, seq: was?.seq ?? seq, state: "waiting", tries: 0, next: 0, why: null };
      at("rows").put(next);
      if (draft) at("drafts").delete(draft);
      return next;
    });
    tell("changed");
    return kept;
  };

  const change = (key, how) => within(["rows"], "readwrite", async (at) => {
    const row = await asked(at("rows").get(key));
    if (!row) return undefined;
    how(row);
    at("rows").put(row);
    return row;
  });

  const again = async (key) => {
    await change(key, (row) => { if (row.state === "attention") { row.state = "waiting"; row.next = 0; row.why = null; } });
    tell("changed");
  };

  const forget = async (key) => {
    await drop("rows", key);
    await sweep();
    tell("changed");
  };

  // sweep lets go of old delivered rows, and of pictures that nothing waits for any more.
  const sweep = () => within(["rows", "drafts", "photos"], "readwrite", async (at) => {
    const rows = inOrder(await asked(at("rows").getAll()));
    const old = rows.filter((r) => r.state === "delivered");
    for (const row of old.slice(0, Math.max(0, old.length - KEPT))) at("rows").delete(row.key);
    const wanted = new Set();
    for (const holder of [...rows.filter((r) => r.state !== "delivered"), ...(await asked(at("drafts").getAll()))]) for (const f of holder.files ?? []) wanted.add(f.sha256);
    for (const sum of await asked(at("photos").getAllKeys())) if (!wanted.has(sum)) at("photos").delete(sum);
  });

  const counts = async () => {
    const n = { waiting: 0, attention: 0, others: 0, rows: [] };
    const me = await get("meta", "me");
    for (const row of inOrder(await all("rows"))) {
      if (row.state === "delivered") continue;
      n.rows.push(row);
      if (me && row.user !== me.user) n.others++;
      else n[row.state]++;
    }
    return n;
  };

  // ---- the clock

  // offset is what must be added to the phone's clock to get the server's, in ms, as measured last.
  const offset = async () => (await get("meta", "clock"))?.offset ?? 0;
  const learn = async (serverNow, began) => {
    const ended = Date.now();
    if (!serverNow || ended - began > 10_000) return;
    await put("meta", { name: "clock", offset: Math.round(Date.parse(serverNow) - (began + ended) / 2), at: ended });
  };

  // ---- sending

  // One request may hang for ever in a lift. wake() cuts it off; the next try carries the same key.
  let cut = new AbortController();
  const request = (url, options, limit) => {
    const signals = [cut.signal, AbortSignal.timeout(limit)];
    const signal = AbortSignal.any ? AbortSignal.any(signals) : signals[1];
    return fetch(url, { cache: "no-store", credentials: "same-origin", redirect: "error", ...options, signal });
  };

  const delay = (tries) => Math.min(30_000, 1000 * 2 ** Math.min(tries, 5)) * (0.8 + Math.random() * 0.4);

  class Refused extends Error {
    constructor(status, answer, retry) { super(answer?.text ?? String(status)); this.status = status; this.answer = answer; this.retry = retry; }
  }

  const answered = async (response) => {
    let answer = null;
    try { answer = response.status === 204 ? {} : await response.json(); } catch (err) {
      if (response.ok) throw err; // cut off in the middle: we do not know, so we ask again
    }
    if (response.ok) return answer;
    throw new Refused(response.status, answer, Number(response.headers.get("Retry-After")) || 0);
  };

  const send = async (row) => {
    const headers = { "Paigong-Outbox": row.user, Accept: "application/json" };
    for (const f of row.files) {
      const photo = await get("photos", f.sha256);
      if (!photo || photo.sent) continue; // without its bytes it went up before: the server says if not
      await answered(await request(`/m/files/${f.sha256}?kind=${encodeURIComponent(f.kind)}`, { method: "PUT", headers: { ...headers, "Content-Type": "application/octet-stream" }, body: photo.blob }, 60_000));
      await put("photos", { ...photo, sent: true });
    }
    let body;
    if (row.blobs.length) {
      body = new FormData();
      for (const [name, value] of row.fields) body.append(name, value);
      for (const b of row.blobs) body.append(b.field, b.blob, b.name);
    } else body = new URLSearchParams(row.fields);
    for (const f of row.files) body.append("photo", `${f.sha256} ${f.kind} ${f.at ?? ""}`.trim());
    body.set("idempotency_key", row.key);
    const began = Date.now();
    const answer = await answered(await request(row.path, { method: "POST", headers, body }, row.blobs.length ? 60_000 : 15_000));
    await learn(answer.now, began).catch(() => {});
    return answer;
  };

  // What the person has to see to himself, as opposed to what passes.
  const final = (status) => status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);

  const door = (state) => put("meta", { name: "door", state, at: Date.now() });

  const round = async (force) => {
    const me = await get("meta", "me");
    const rows = inOrder(await all("rows")).filter((r) => r.state === "waiting" && me && r.user === me.user);
    let sent = 0;
    const held = new Set(); // what belongs to one visit goes in its order, or the sheet would overtake the steps
    for (const row of rows) {
      const wait = row.next - Date.now();
      if (held.has(row.visit)) continue;
      if (!force && wait > 0 && wait < STALE) { if (row.visit) held.add(row.visit); continue; }
      try {
        const answer = await send(row);
        await change(row.key, (r) => { r.state = "delivered"; r.answer = answer; r.blobs = []; r.delivered = Date.parse(answer.now) || Date.now(); });
        await door("open");
        sent++;
        tell("changed");
      } catch (err) {
        if (err instanceof Refused && err.status === 401) {
          await door(err.answer?.code === "another_person" ? "another" : "closed");
          break;
        }
        if (err instanceof Refused && final(err.status)) {
          await change(row.key, (r) => { r.state = "attention"; r.tries++; r.why = { status: err.status, ...(err.answer ?? { code: "", text: "" }) }; });
          tell("changed");
          continue;
        }
        if (row.visit) held.add(row.visit);
        await change(row.key, (r) => { r.tries++; r.next = Date.now() + Math.max(delay(r.tries), (err.retry ?? 0) * 1000); });
        if (!(err instanceof Refused) || err.status === 503) break; // no network, or no server: the others would fail too
      }
    }
    if (sent) await sweep();
    return sent;
  };

  // flush sends what waits. Of all tabs and the service worker one sends at a time.
  let running, more = false;
  const flush = (force = false) => {
    if (running) { more ||= force; return running; }
    const run = async () => {
      let sent = 0, pass = force;
      do {
        more = false;
        const n = await round(pass);
        sent += n;
        pass = more;
        if (!n && !more) break;
      } while (true);
      return sent;
    };
    running = (navigator.locks ? navigator.locks.request("paigong-outbox", { ifAvailable: true }, (lock) => lock ? run() : 0) : run())
      .finally(() => { running = undefined; tell("rested"); });
    return running;
  };

  // wake is called when the network came back: whatever hangs is cut off in every tab, and all is tried now.
  const cutOff = () => { cut.abort(); cut = new AbortController(); };
  const wake = () => {
    channel?.postMessage("wake");
    cutOff();
    more = true;
    return flush(true);
  };
  if (channel) channel.onmessage = ({ data }) => {
    if (data === "wake") { cutOff(); if (running) more = true; return; }
    globalThis.dispatchEvent(new CustomEvent("outbox", { detail: data }));
  };

  // due says in how many ms the next try may be made, or null when nothing waits.
  const due = async () => {
    const me = await get("meta", "me");
    const waits = (await all("rows")).filter((r) => r.state === "waiting" && me && r.user === me.user).map((r) => r.next - Date.now());
    if (!waits.length) return null;
    return Math.max(0, Math.min(...waits.map((w) => w > STALE ? 0 : w)));
  };

  const wipe = async () => {
    (await open()).close();
    opened = undefined;
    await globalThis.caches?.delete(COPY);
    await asked(indexedDB.deleteDatabase("paigong"));
  };

  globalThis.outbox = { add, again, all, asked, change, counts, due, door, drop, flush, forget, get, inOrder, learn, newKey, offset, put, request, answered, Refused, send, sweep, tell, wake, wipe, within };
})();
