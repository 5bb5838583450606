// The repair sheet on a phone: a draft that survives everything, pictures made small, one tap for what is
// usual, and nothing sent that lacks what its outcome needs.
import { rowOf, keepOrSend } from "./phone.js";

const box = globalThis.outbox;
const form = document.getElementById("sheet");
const words = form.dataset;
const $ = (css, root = form) => root.querySelector(css);
const $$ = (css, root = form) => [...root.querySelectorAll(css)];
const visit = form.elements.visit_id.value;
const kept = document.getElementById("kept");

// The draft: key, fields, pictures. The key is made when the draft is born and stays through every try.
let begin;
const ready = new Promise((go) => { begin = go; });
let draft = { visit, key: box.newKey(), fields: [], files: [], rang: false }, dirty = false, saving = false, over = false;

const restore = (fields) => {
  const seen = {};
  for (const [name, value] of fields) (seen[name] ??= []).push(value);
  for (const e of form.elements) {
    if (!e.name || e.name === "idempotency_key" || e.name === "visit_id" || e.type === "file") continue;
    if (e.type === "radio" || e.type === "checkbox") { e.checked = seen[e.name]?.includes(e.value) ?? false; continue; }
    const values = seen[e.name];
    if (!values) continue;
    const at = [...form.elements].filter((x) => x.name === e.name).indexOf(e);
    if (values[at] !== undefined && e.value !== values[at]) { e.value = values[at]; e.dispatchEvent(new Event("restore")); }
  }
};

const fieldsNow = () => [...new FormData(form)].filter(([n, v]) => n !== "idempotency_key" && !(v instanceof File));

const save = async () => {
  await ready;
  dirty = true;
  if (saving || over) return;
  saving = true;
  try {
    while (dirty && !over) {
      dirty = false;
      draft.fields = fieldsNow();
      await box.put("drafts", { ...draft, about: words.about, at: Date.now() });
    }
    kept.textContent = words.saved;
  } catch (err) {
    kept.className = "wrong";
    kept.textContent = document.getElementById("words").dataset[err?.name === "QuotaExceededError" ? "full" : "unkept"];
  } finally { saving = false; }
};

const note = (text) => {
  const p = document.getElementById("draft");
  $("span", p).textContent = text;
  p.hidden = false;
};

const wake = async () => {
  try {
    const rows = (await box.all("rows")).filter((r) => r.visit === visit && r.act === "sheet");
    const sent = rows.find((r) => r.state !== "attention");
    const found = await box.get("drafts", visit);
    const refused = rows.find((r) => r.state === "attention");
    if (sent && !found) { over = true; note(words.gone); $(".dock button").disabled = true; return; }
    if (found) { draft = found; restore(found.fields); note(words.draft); }
    else if (refused) {
      draft = { visit, key: refused.key, fields: refused.fields, files: refused.files, rang: refused.fields.some(([n]) => n === "rang") };
      restore(refused.fields);
      wrong(refused.why.fields ?? {}, refused.why.text);
    } else await times();
  } catch { /* without a place to keep drafts the form still works */ }
  for (const f of draft.files) thumb(f, (await box.get("photos", f.sha256).catch(() => null))?.blob);
  sum();
};

// Times come from the buttons, also from those that the server has not heard of.
const times = async () => {
  const now = new Date(Date.now() + await box.offset());
  // Fields show the time of the office, whatever zone the phone is set to.
  const office = new Intl.DateTimeFormat("en-CA", { timeZone: document.body.dataset.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  const local = (d) => { const { year, month, day, hour, minute } = Object.fromEntries(office.formatToParts(d).map((p) => [p.type, p.value])); return `${year}-${month}-${day}T${hour}:${minute}`; };
  const arrived = (await box.all("rows")).filter((r) => r.visit === visit && r.act === "arrive").sort((a, b) => b.seq - a.seq)[0];
  const f = form.elements;
  if (arrived && !f.arrived_at.value) f.arrived_at.value = local(new Date(arrived.born));
  f.finished_at.value = local(now);
  const worked = Date.parse(f.finished_at.value + "Z") - Date.parse(f.arrived_at.value + "Z");
  if (worked >= 0 && worked < 86_400_000) f.work_minutes.value = Math.max(1, Math.round(worked / 60_000));
};

// ---- what is usual, by one tap

for (const chip of $$("[data-preset]")) {
  chip.hidden = false;
  chip.addEventListener("click", () => {
    for (const kind of ["fault", "cause", "action"]) { form.elements[kind + "_code"].value = chip.dataset[kind]; form.elements[kind + "_code"].dispatchEvent(new Event("restore")); }
    save();
  });
}

// Codes: a search over the list, and those used last.
const recent = (await box.get("meta", "codes").catch(() => null))?.used ?? {};
for (const select of $$("select[data-codes]")) {
  if (select.options.length < 9) continue;
  const every = [...select.options].slice(1).map((o) => [o.value, o.text]);
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = search.ariaLabel = select.dataset.codes;
  search.autocomplete = "off";
  const used = recent[select.name] ?? [];
  const list = (what) => {
    const chosen = select.value, q = what.trim().toLowerCase();
    const found = every.filter(([value, text]) => value === chosen || (value + " " + text).toLowerCase().includes(q));
    const options = (rows) => rows.map(([value, text]) => new Option(text, value, false, value === chosen));
    const groups = [];
    const mine = q ? [] : found.filter(([v]) => used.includes(v));
    if (mine.length) { const g = document.createElement("optgroup"); g.label = words.recent; g.append(...options(mine)); groups.push(g); }
    select.replaceChildren(select.options[0], ...groups, ...options(found.filter((r) => !mine.includes(r))));
    if (q && !chosen && found.length === 1) { select.value = found[0][0]; save(); }
  };
  search.addEventListener("input", (e) => { e.stopPropagation(); list(search.value); });
  select.addEventListener("restore", () => {});
  select.before(search);
  list("");
}

const remember = () => {
  for (const select of $$("select[data-codes]")) {
    if (select.value) recent[select.name] = [select.value, ...(recent[select.name] ?? []).filter((c) => c !== select.value)].slice(0, 5);
  }
  box.put("meta", { name: "codes", used: recent }).catch(() => { /* full: nothing is lost but comfort */ });
};

const pass = $("[data-all-pass]");
if (pass) {
  pass.hidden = false;
  pass.addEventListener("click", () => { for (const s of $$("select[name=check_result]")) if (!s.value) s.value = "pass"; save(); });
}

const rang = $("[data-rang]");
if (rang) {
  rang.hidden = false;
  rang.addEventListener("click", () => { draft.rang = true; rang.setAttribute("aria-pressed", "true"); save(); });
}

// Steppers beside every quantity.
for (const field of $$("[data-step]")) {
  const name = field.getAttribute("aria-label");
  const button = (text, words, by) => {
    const b = document.createElement("button");
    b.type = "button"; b.textContent = text; b.ariaLabel = `${name} ${words}`;
    b.addEventListener("click", () => { field.value = Math.max(0, (Number(field.value) || 0) + by); field.dispatchEvent(new Event("input", { bubbles: true })); });
    return b;
  };
  const row = document.createElement("div");
  row.className = "stepper";
  field.before(row);
  row.append(button("−", words.fewer, -1), field, button("+", words.another, 1));
}

if ("BarcodeDetector" in globalThis) import("./scan.js");

// ---- charges: what goes beyond the agreed sum is said before the customer signs

const sum = () => {
  const p = document.getElementById("over");
  let extra = 0;
  const lines = [];
  for (const f of $$("[data-step][data-price]")) {
    const more = (Number(f.value) || 0) - Number(f.dataset.agreed);
    if (more > 0 && Number(f.dataset.price) > 0) { extra += more * Number(f.dataset.price); lines.push([f.dataset.name, f.dataset.sku, more, f.dataset.price]); }
  }
  p.hidden = !extra || chosen() === "need_approval";
  if (p.hidden) return;
  p.textContent = words.over.replace("%s", extra.toFixed(2));
  document.getElementById("quote-lines").open = true;
  const rows = $$(".quote-line");
  lines.slice(0, rows.length).forEach(([name, sku, n, price], i) => {
    const at = (field) => $(`[name=${field}]`, rows[i]);
    if (at("line_unit").value && !at("line_unit").dataset.own) return;
    at("line_kind").value = "part"; at("line_description").value = name; at("line_sku").value = sku; at("line_quantity").value = n; at("line_unit").value = price; at("line_unit").dataset.own = "1";
  });
  form.elements.agreed_on_site.checked = true;
};

const chosen = () => form.elements.outcome.value;

// ---- pictures: small, upright, without the place they were taken

const EDGE = 1600, MOST = 450 * 1024;

const shrink = async (file) => {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    for (let edge = EDGE, quality = 0.8; ; quality -= 0.12) {
      if (quality < 0.5) { edge *= 0.75; quality = 0.75; }
      const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
      const width = Math.round(picture.width * scale), height = Math.round(picture.height * scale);
      let blob;
      if ("OffscreenCanvas" in globalThis) {
        const canvas = new OffscreenCanvas(width, height);
        canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
        blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
      } else {
        const canvas = Object.assign(document.createElement("canvas"), { width, height });
        canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
        blob = await new Promise((ok) => canvas.toBlob(ok, "image/jpeg", quality));
      }
      if (blob.size <= MOST || edge < 500) return blob;
    }
  } finally { picture.close(); }
};

const thumb = (f, blob) => {
  const li = document.createElement("li"), img = document.createElement("img"), kind = document.createElement("small"), off = document.createElement("button");
  if (blob) img.src = URL.createObjectURL(blob);
  img.alt = "";
  kind.textContent = f.label ?? f.kind;
  off.type = "button"; off.textContent = words.remove;
  off.addEventListener("click", () => { draft.files = draft.files.filter((x) => x !== f); li.remove(); save(); });
  li.append(img, kind, off);
  document.getElementById("thumbs").append(li);
};

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

let busy = Promise.resolve();
for (const input of $$("input[type=file]")) {
  if (!globalThis.crypto?.subtle) break; // over plain http the pictures travel with the form
  input.closest("label").classList.add("tile");
  input.addEventListener("change", () => {
    const files = [...input.files], kind = input.name.replace("photos_", ""), label = input.closest("label").innerText.trim();
    input.value = "";
    busy = busy.then(() => ready).then(async () => {
      for (const file of files) {
        try {
          const blob = await shrink(file);
          const sha256 = hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
          await box.put("photos", { sha256, kind, blob });
          if (draft.files.some((f) => f.sha256 === sha256)) continue;
          const f = { sha256, kind, label, at: new Date((file.lastModified || Date.now()) + await box.offset()).toISOString() };
          draft.files.push(f);
          thumb(f, blob);
          await save();
        } catch (err) {
          const bad = document.getElementById("words").dataset;
          wrong({ photos: err?.name === "QuotaExceededError" ? bad.full : words.badPhoto });
        }
      }
    });
  });
}

// ---- submit

const at = (name) => $(`[data-field~="${name}"]`);

const wrong = (fields, text) => {
  for (const old of $$(".wrong.mine")) old.remove();
  let first;
  const names = Object.keys(fields);
  for (const name of names) {
    const place = at(name) ?? $(".dock");
    const p = document.createElement("p");
    p.className = "wrong mine"; p.textContent = fields[name]; p.tabIndex = -1;
    const field = [...form.elements].find((e) => e.name === name && e.type !== "hidden");
    if (field) { field.setAttribute("aria-invalid", "true"); field.closest("label")?.after(p); if (!p.isConnected) place.append(p); } else place.append(p);
    first ??= p;
  }
  if (text && !names.length) { const p = document.createElement("p"); p.className = "wrong mine"; p.textContent = text; p.tabIndex = -1; $(".dock").prepend(p); first = p; }
  if (first) { first.scrollIntoView({ block: "center" }); first.focus({ preventScroll: true }); }
};

const blank = (name) => ![...form.elements].some((e) => e.name === name && String(e.value).trim());

// missing lists what the chosen outcome cannot do without.
const missing = () => {
  const out = {}, f = form.elements;
  const say = (name) => {
    const spot = [...form.elements].find((e) => e.name === name && e.type !== "hidden");
    out[name] = words.missing.replace("%s", spot?.closest("label")?.querySelector("span")?.textContent ?? at(name)?.querySelector("legend")?.textContent ?? name);
  };
  for (const name of JSON.parse(words.needs || "{}")[chosen()] ?? []) {
    if (name === "signature") {
      if (!f.signature.value && !f.signature_reason.value.trim() && !(f.verbal.checked && f.signer_name.value.trim())) say(name);
    } else if (name === "parts_needed") {
      if (!$$(".for-parts-needed .part-use").some((row) => Number($("[name=needed_quantity]", row).value) > 0 && ($("[name=needed_sku]", row).value || $("[name=needed_text]", row).value.trim()))) say(name);
    } else if (name === "photos") {
      if (!draft.files.length && !$$("input[type=file]").some((i) => i.files.length)) say(name);
    } else if (name === "lines") {
      if (blank("line_unit")) say(name);
    } else if (name === "checklist") {
      if ($$("select[data-must]").some((s) => !s.value)) say(name);
    } else if (blank(name)) say(name);
  }
  if (chosen() === "no_access" && !f.notes.value.trim() && !draft.files.length && !draft.rang) say("notes");
  if (chosen() === "taken_to_depot" && f.custody_condition && !f.custody_condition.value.trim()) say("custody_condition");
  return out;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.busy || over) return;
  await busy;
  const lacks = missing();
  if (Object.keys(lacks).length) return wrong(lacks);
  form.dataset.busy = "1";
  const button = $(".dock button");
  button.setAttribute("aria-disabled", "true");
  try {
    remember();
    const row = await rowOf(form, { key: draft.key, title: words.title, about: words.about, visit, act: "sheet", files: draft.files });
    if (draft.rang) row.fields.push(["rang", "true"]);
    over = true; // no autosave brings the draft back
    const put = await keepOrSend(row, visit);
    navigator.serviceWorker?.ready.then((r) => r.sync?.register("outbox")).catch(() => {});
    if (put.state !== "delivered") await Promise.race([box.flush(true), new Promise((r) => setTimeout(r, 1500))]);
    const now = await box.get("rows", row.key).catch(() => put) ?? put;
    if (now.state === "attention") {
      over = false;
      return wrong(now.why.fields ?? {}, now.why.text);
    }
    location.assign("/m" + (now.state === "delivered" ? "?done=sheet" : ""));
  } catch (err) {
    over = false;
    if (err instanceof box.Refused) wrong(err.answer?.fields ?? {}, err.message);
    else wrong({}, document.getElementById("words").dataset[err?.name === "QuotaExceededError" ? "full" : "unkept"]);
  } finally {
    delete form.dataset.busy;
    button.removeAttribute("aria-disabled");
  }
}, true);

$("[data-restart]").addEventListener("click", async () => { over = true; await box.drop("drafts", visit); await box.sweep(); location.reload(); });

form.addEventListener("input", () => { save(); sum(); });
form.addEventListener("change", () => { save(); sum(); });
addEventListener("pagehide", save);

// What was kept is on the form before anybody touches it; a store that does not answer is not waited for.
form.inert = true;
Promise.race([wake(), new Promise((go) => setTimeout(go, 2000))]).finally(() => { form.inert = false; form.dataset.ready = "1"; begin(); });
