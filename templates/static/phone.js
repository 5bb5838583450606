// What the engineer's pages gain when scripts run: forms are kept in the outbox before they are sent, pages
// are there without a network, and the strip says in words how things stand.
import "./outbox.js";

const box = globalThis.outbox;
const user = document.body.dataset.user;
const say = document.getElementById("words").dataset;
const $ = (css, root = document) => root.querySelector(css);
const $$ = (css, root = document) => [...root.querySelectorAll(css)];
const fill = (text, n) => text.replace("%d", n);

// ---- who is here, and what the strip says

const strip = document.getElementById("sync");
let online = navigator.onLine, works = true, newer = false;

const now = async () => new Date(Date.now() + await box.offset());

const show = async () => {
  let n, door;
  try {
    n = await box.counts();
    door = (await box.get("meta", "door"))?.state;
  } catch { works = false; }
  if (!works) return line("is-late", say.unkept);
  for (const spot of $$("[data-count]")) {
    const many = n.waiting + n.attention + n.others;
    spot.textContent = many || "";
    spot.hidden = !many;
  }
  if (n.waiting + n.attention + n.others) navigator.setAppBadge?.(n.waiting + n.attention + n.others).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
  const oldest = n.rows[0];
  if (door === "closed") line("is-late", n.waiting ? fill(say.signIn, n.waiting) : say.signedOut, say.signInLink, "/login?next=/m");
  else if (n.others || door === "another") line("is-late", fill(say.another, n.others).replace("%s", n.rows.find((r) => r.user !== user)?.name ?? ""), say.look, "/m/outbox");
  else if (n.attention) line("is-late", fill(say.attention, n.attention), say.look, "/m/outbox");
  else if (n.waiting && oldest && Date.now() - oldest.born > 86_400_000) line("is-late", fill(say.old, n.waiting), say.look, "/m/outbox");
  else if (n.waiting) line("is-onsite", fill(online ? say.waiting : say.saved, n.waiting), say.look, "/m/outbox");
  else if (!online) line("is-plain", say.offline + " " + (document.body.dataset.now ? say.asOf.replace("%s", clock(document.body.dataset.now)) : ""));
  else if (newer) line("is-scheduled", say.newer, say.reload, location.pathname + location.search);
  else strip.hidden = true;
};

const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

const line = (tone, text, link, to) => {
  strip.className = "sync " + tone;
  const words = document.createElement("span");
  words.textContent = text;
  const parts = [words];
  if (link) {
    const a = document.createElement("a");
    a.textContent = link;
    a.href = to;
    parts.push(a);
  }
  if (strip.textContent !== parts.map((p) => p.textContent).join("")) strip.replaceChildren(...parts);
  strip.hidden = false;
};

// pulse asks whether there is a network, whose session this is, and what time it is there.
const pulse = async () => {
  const began = Date.now();
  try {
    const here = await box.answered(await box.request("/m/pulse", { headers: { Accept: "application/json" } }, 4000));
    online = true;
    await box.learn(here.now, began);
    await box.door(user && here.user !== user ? "another" : "open");
    return here;
  } catch (err) {
    if (err instanceof box.Refused && err.status === 401) { online = true; await box.door("closed"); }
    else online = false;
  }
  return null;
};

let timer;
const plan = async () => {
  clearTimeout(timer);
  const wait = await box.due().catch(() => null);
  if (wait === null || document.visibilityState === "hidden") return;
  timer = setTimeout(() => box.flush(), Math.max(300, wait + 50));
};

addEventListener("outbox", async ({ detail }) => {
  if (detail === "rested") {
    const n = await box.counts().catch(() => null);
    if (n && n.waiting === 0 && online) gather(0);
    plan();
  }
  overlay();
  show();
  if (unanswered) answerOf(unanswered.form, unanswered.key, true);
});

export const back = async () => { await box.wake(); await pulse(); show(); };
addEventListener("online", () => { online = true; back(); });
addEventListener("offline", () => { online = false; show(); });
addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") back(); });

// ---- forms are kept before they are sent

// later says what went wrong with keeping, in words.
const trouble = (err) => err?.name === "QuotaExceededError" ? say.full : say.unkept;

// rowOf makes a row of a form: its fields as they are, and the moment by the server's clock.
export const rowOf = async (form, more = {}) => {
  const at = await now();
  const fields = [], blobs = [];
  for (const [name, value] of new FormData(form)) {
    if (name === "idempotency_key") continue;
    if (value instanceof File) { if (value.size) blobs.push({ field: name, name: value.name, blob: value }); } else fields.push([name, name === "at" ? at.toISOString() : value]);
  }
  return { key: box.newKey(), user, name: document.body.dataset.name, path: new URL(form.action).pathname, title: form.dataset.queue, about: form.dataset.about ?? "", visit: form.dataset.visit ?? "", act: form.dataset.act ?? "", slot: form.dataset.slot ?? "", fields, blobs, born: at.getTime(), ...more };
};

// Without a place to keep it, it is sent at once or not at all, and the person is told.
export const keepOrSend = async (row, draft) => {
  try {
    return await box.add(row, draft);
  } catch (err) {
    line("is-late", trouble(err));
    const answer = await box.send({ files: [], blobs: [], ...row });
    return { ...row, state: "delivered", answer };
  }
};

const register = () => navigator.serviceWorker?.ready.then((r) => r.sync?.register("outbox")).catch(() => {});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.queue || event.defaultPrevented) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  try {
    const kept = await keepOrSend(await rowOf(form));
    register();
    overlay();
    form.closest("details.act, details.fold")?.removeAttribute("open");
    if (!form.dataset.act) { form.reset(); for (const d of $$("details[open]", form)) d.open = false; }
    const told = document.getElementById("told");
    if (told) told.textContent = say.keptNow.replace("%s", form.dataset.queue);
    await Promise.race([box.flush(true), new Promise((r) => setTimeout(r, 1500))]);
    await answerOf(form, kept.key);
  } catch (err) {
    line("is-late", err instanceof box.Refused ? err.message : trouble(err));
  } finally {
    delete form.dataset.busy;
    plan();
  }
});

// What the server said about a row that was just sent. On a slow line it says so later, and then it is told
// later, without leading away whoever has gone on meanwhile.
let unanswered = null;
const answerOf = async (form, key, late = false) => {
  unanswered = { form, key };
  const row = await box.get("rows", key).catch(() => null);
  const told = document.getElementById("told");
  if (unanswered?.key !== key) return; // a newer one is told about
  if (!row || !told || row.state !== "waiting") unanswered = null;
  if (!row || !told) return;
  told.className = "flash " + (row.state === "attention" ? "is-late" : row.state === "delivered" ? "is-done" : "is-onsite");
  told.textContent = row.state === "attention" ? row.why.text : row.state === "delivered" ? row.answer?.text ?? "" : say.keptNow.replace("%s", row.title);
  if (row.state === "delivered" && form.dataset.then && online && !late) location.assign(form.dataset.then);
};

// ---- what waits on the phone shows on pages that do not know of it yet

const leadsTo = { accept: "accepted", decline: "declined", depart: "en_route", arrive: "on_site", start: "on_site", pause: "paused", resume: "on_site", sheet: "finished" };

const overlay = async () => {
  const spots = $$("[data-visit][data-state]");
  if (!spots.length) return;
  const drawn = Date.parse(document.body.dataset.now) || 0;
  let rows;
  try { rows = box.inOrder(await box.all("rows")); } catch { return; }
  for (const spot of spots) {
    let state = spot.dataset.was ??= spot.dataset.state, pending = false;
    for (const row of rows) {
      if (row.visit !== spot.dataset.visit || !leadsTo[row.act]) continue;
      if (row.state === "waiting" || row.state === "delivered" && row.delivered > drawn) { state = leadsTo[row.act]; pending ||= row.state === "waiting"; }
    }
    spot.dataset.state = state;
    spot.toggleAttribute("data-pending", pending);
    const badge = $("[data-badge]", spot), made = document.getElementById("badges")?.content.querySelector(`[data-of="${state}"]`);
    if (badge && made) badge.replaceChildren(...[...made.childNodes].map((n) => n.cloneNode(true)));
    for (const step of $$("[data-from]", spot)) step.hidden = !step.dataset.from.split(" ").includes(state);
  }
  // The next visit is the first that is not over.
  const next = $$("[data-next]");
  if (next.length) {
    const over = new Set(["finished", "declined", "cancelled"]);
    const first = next.find((c) => !over.has(c.dataset.state)) ?? null;
    for (const card of next) card.hidden = card !== first;
  }
};

// ---- pages for the basement

const FRESH = 10 * 60_000; // ms

const gather = async (fresh) => {
  const list = $$("[data-keep]").map((a) => a.getAttribute("href") ?? a.dataset.keep);
  const worker = navigator.serviceWorker?.controller;
  if (!worker || !user) return;
  worker.postMessage({ fetch: ["/m/offline", "/m/outbox", "/m/van", "/m/me", "/m", ...new Set(list)], fresh: fresh ?? FRESH });
};

const me = async () => {
  if (!user) return;
  const was = await box.get("meta", "me");
  if (was?.user === user) return;
  if (was) navigator.serviceWorker?.controller?.postMessage({ wipe: true });
  await box.put("meta", { name: "me", user, who: document.body.dataset.name });
};

const offlineMode = async () => {
  const told = document.getElementById("offline-mode");
  const word = (name) => { if (told) told.textContent = told.dataset[name]; };
  if (!isSecureContext) return word("insecure");
  if (!navigator.serviceWorker) return word("noWorker");
  word("checking"); // the first time it takes a while
  try {
    await navigator.serviceWorker.register("/m/sw.js", { scope: "/m", updateViaCache: "none" });
    const ready = await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) ready.active?.postMessage({ claim: true }); // opened while it was being installed
    word("worker");
    const stored = await navigator.storage?.persisted?.() || await navigator.storage?.persist?.();
    const room = await navigator.storage?.estimate?.();
    const spot = document.getElementById("storage");
    if (spot && room) spot.textContent = (stored ? told.dataset.persisted : told.dataset.notPersisted) + " " + told.dataset.room.replace("%s", (room.usage / 1048576).toFixed(1)).replace("%s", (room.quota / 1048576).toFixed(0));
  } catch { word("noWorker"); }
};

// Where nobody has begun anything, the newer page takes the place of the one from the phone. It is drawn into this
// one: a tap that falls into the moment of a reload would be lost before it is kept.
let touched = false;
for (const what of ["pointerdown", "keydown", "submit"]) addEventListener(what, () => { touched = true; }, { capture: true });

const redraw = (text) => {
  const next = new DOMParser().parseFromString(text, "text/html"), main = next.getElementById("main");
  const { user: whose, now: drawn } = next.body.dataset;
  if (!main || whose !== user || !(Date.parse(drawn) > Date.parse(document.body.dataset.now))) return false;
  document.getElementById("main").replaceChildren(...main.childNodes);
  document.body.dataset.now = drawn;
  overlay();
  gather();
  return true;
};

navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (!data?.newer) return;
  online = true;
  const here = new URL(location);
  for (const name of ["done", "lang", "theme"]) here.searchParams.delete(name);
  newer = !(location.pathname === "/m" && data.newer === here.pathname + here.search && !touched && redraw(data.page));
  show();
});
navigator.serviceWorker?.addEventListener("controllerchange", () => gather());

// ---- signing out takes everything off the phone, but never work that is not sent

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (new URL(form.action).pathname !== "/logout") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  let n = { rows: [] };
  try { n = await box.counts(); } catch { /* nothing is kept */ }
  if (n.rows.length) return line("is-late", fill(say.noSignOut, n.rows.length), say.look, "/m/outbox");
  await wipeAll();
  form.submit();
}, true);

const wipeAll = async () => {
  await new Promise((resolve) => {
    const worker = navigator.serviceWorker?.controller;
    if (!worker) return resolve();
    const wire = new MessageChannel();
    wire.port1.onmessage = resolve;
    worker.postMessage({ wipe: true }, [wire.port2]);
    setTimeout(resolve, 1000);
  });
  await box.wipe().catch(() => {});
};

// ---- one tap calls and notes that it was tried

document.addEventListener("click", ({ target }) => {
  const panel = document.getElementById(target.closest?.("a[data-log]")?.dataset.log);
  if (panel) panel.hidden = false;
});

// ---- start

me().then(async () => {
  overlay();
  show();
  const here = await pulse();
  if (here) { await box.flush(true); gather(); }
  show();
  plan();
}).catch(() => { works = false; show(); });
offlineMode();
