// The outbox page: what waits on this phone, in words, and the ways out of it.
import { back } from "./phone.js";

const box = globalThis.outbox;
const list = document.getElementById("outbox"), say = list.dataset;
const user = document.body.dataset.user;
const $ = (css, root = document) => root.querySelector(css);
const $$ = (css, root = document) => [...root.querySelectorAll(css)];

const made = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

const drawList = async () => {
  const rows = box.inOrder(await box.all("rows")).reverse();
  rows.sort((a, b) => (a.state === "delivered") - (b.state === "delivered"));
  list.replaceChildren(...rows.map((row) => {
    const item = made("outbox-row");
    item.dataset.key = row.key;
    item.classList.add("is-" + row.state);
    $("[data-title]", item).textContent = row.title + (row.about ? " · " + row.about : "");
    $("[data-when]", item).textContent = new Date(row.born).toLocaleString(document.documentElement.lang, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
    const state = row.state === "waiting" ? (row.tries ? say.rowTried.replace("%d", row.tries) : say.rowWaiting) : row.state === "attention" ? say.rowAttention : row.answer?.text || say.rowDelivered;
    $("[data-state-words]", item).textContent = row.user !== user ? say.rowOther.replace("%s", row.name) : state;
    const why = $("[data-why]", item);
    why.textContent = row.state === "attention" ? [row.why.text, ...Object.values(row.why.fields ?? {}), ...(row.why.allowed ?? [])].join(" · ") : "";
    why.hidden = row.state !== "attention";
    const open = $("[data-open]", item);
    open.hidden = row.state !== "attention" || !row.path.endsWith("/sheet");
    open.href = row.path;
    $("[data-again]", item).hidden = row.state !== "attention";
    $("[data-office]", item).hidden = row.state !== "attention" || !row.path.endsWith("/sheet");
    $("[data-drop]", item).hidden = row.state !== "attention";
    $("[data-export]", item).hidden = row.state === "delivered";
    return item;
  }));
  const none = document.getElementById("outbox-none");
  none.hidden = rows.length > 0;
  const any = rows.some((r) => r.state === "waiting");
  for (const b of $$("[data-send-now]")) b.hidden = !any;
};

// A row as a file: pictures inside, so that nothing depends on this phone any more.
const exported = async (row) => {
  const files = [];
  for (const f of row.files ?? []) {
    const photo = await box.get("photos", f.sha256);
    if (photo) files.push({ ...f, base64: await new Promise((ok) => { const r = new FileReader(); r.onload = () => ok(r.result.split(",")[1]); r.readAsDataURL(photo.blob); }) });
  }
  const file = new Blob([JSON.stringify({ kind: "paigong-outbox-row", ...row, blobs: undefined, files }, null, 1)], { type: "application/json" });
  const a = document.createElement("a");
  a.href = URL.createObjectURL(file);
  a.download = `paigong-${row.about || "row"}-${row.key.slice(0, 8)}.json`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
};

list.addEventListener("click", async (event) => {
  const item = event.target.closest("[data-key]"), key = item?.dataset.key;
  if (!key) return;
  const row = await box.get("rows", key);
  const pressed = (what) => event.target.closest(`[data-${what}]`);
  if (pressed("again")) { await box.again(key); box.flush(true); }
  else if (pressed("office")) { await box.change(key, (r) => { r.fields = [...r.fields.filter(([n]) => n !== "park"), ["park", "true"]]; }); await box.again(key); box.flush(true); }
  else if (pressed("export")) exported(row);
  else if (pressed("drop")) { const sure = $("[data-sure]", item); if (sure.hidden) { sure.hidden = false; sure.focus(); } else await box.forget(key); }
});
for (const b of $$("[data-send-now]")) b.addEventListener("click", () => back());

addEventListener("outbox", drawList);
drawList();
