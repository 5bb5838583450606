// Fills the list of calls from the OpenAPI document: what each call takes and
// answers, with an example to copy, and a search over all of it.
const root = document.getElementById("api");
const words = root.dataset;
// Without the document the page stays as the server drew it.
const doc = await fetch(words.document, { headers: { Accept: "application/json" } }).then((r) => (r.ok ? r.json() : {}), () => ({}));

const el = (tag, attributes, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.filter((c) => c !== undefined && c !== null));
  return node;
};

const follow = (schema) => {
  let s = schema ?? {};
  for (let i = 0; s.$ref && i < 8; i++) s = s.$ref.split("/").slice(1).reduce((d, key) => d?.[decodeURIComponent(key.replace(/~1/g, "/"))], doc) ?? {};
  return s;
};

const typeOf = (schema) => {
  const s = follow(schema);
  const name = schema?.$ref?.split("/").pop();
  let type = Array.isArray(s.type) ? s.type.join(" | ") : s.type ?? (s.properties ? "object" : "any");
  if (type.startsWith("array")) type = typeOf(s.items) + "[]";
  else if (type === "object" && name) type = name;
  if (s.format) type += ` (${s.format})`;
  if (s.enum) type += ": " + s.enum.join(" · ");
  return type;
};

const example = (schema, depth = 0) => {
  const s = follow(schema);
  if (s.examples?.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type.find((t) => t !== "null") : s.type;
  if (type === "array") return depth > 3 ? [] : [example(s.items, depth + 1)];
  if (type === "object" || s.properties) {
    const made = {};
    for (const [name, p] of Object.entries(s.properties ?? {})) if (name !== "$schema" && depth < 4) made[name] = example(p, depth + 1);
    return made;
  }
  if (type === "integer" || type === "number") return s.minimum ?? 1;
  if (type === "boolean") return true;
  return { "date-time": "2026-11-21T10:00:00+08:00", date: "2026-11-21", uuid: "0199a3c4-0000-7000-8000-000000000001" }[s.format] ?? "…";
};

const table = (title, rows) => {
  const head = el("tr", null, ...[words.field, words.type, words.meaning].map((w) => el("th", { scope: "col" }, w)));
  const body = rows.map((r) => el("tr", null,
    el("th", { scope: "row", class: "code" }, r.name, r.required ? el("b", { title: words.required }, " *") : null),
    el("td", { class: "code" }, r.type), el("td", null, r.doc ?? "")));
  return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": title },
    el("table", { class: "list" }, el("thead", null, head), el("tbody", null, ...body)));
};

const fields = (schema) => {
  const s = follow(schema);
  return Object.entries(s.properties ?? {}).filter(([name]) => name !== "$schema").map(([name, p]) => ({
    name, type: typeOf(p), required: s.required?.includes(name), doc: p.description ?? follow(p).description,
  }));
};

const details = (method, path, op) => {
  const parts = [];
  const named = (title) => `${title} · ${method.toUpperCase()} ${path}`;
  if (op.description) parts.push(el("p", null, op.description));
  const parameters = (op.parameters ?? []).map(follow);
  if (parameters.length) parts.push(table(named(words.field), parameters.map((p) => ({ name: p.name, type: `${p.in} · ${typeOf(p.schema)}`, required: p.required, doc: p.description }))));
  const body = Object.entries(op.requestBody?.content ?? {})[0];
  if (body) {
    const rows = fields(body[1].schema);
    if (rows.length) parts.push(el("h3", null, words.body), table(named(words.body), rows));
  }
  const lines = [`curl -X ${method.toUpperCase()} "$PAIGONG${path}"`, `  -H "Authorization: Bearer $TOKEN"`];
  if (body) {
    lines.push(`  -H "Content-Type: ${body[0]}"`);
    lines.push(`  -d '${JSON.stringify(example(body[1].schema), null, 2)}'`);
  }
  parts.push(el("h3", null, words.example), el("pre", { tabindex: "0" }, lines.join(" \\\n")));
  const answers = Object.entries(op.responses ?? {}).map(([status, r]) => {
    const media = Object.values(follow(r).content ?? {})[0];
    return { name: status, type: media ? typeOf(media.schema) : "–", doc: follow(r).description };
  });
  if (answers.length) parts.push(el("h3", null, words.answers), table(named(words.answers), answers));
  return parts;
};

// What the server drew stays until a call is opened; then the document fills it.
const known = new Map();
for (const [path, item] of Object.entries(doc.paths ?? {})) {
  for (const method of ["get", "post", "put", "patch", "delete"]) if (item[method]) known.set(item[method].operationId ?? `${method}-${path}`, { method, path, op: item[method] });
}
const fill = (block) => {
  const call = known.get(block.id);
  if (!call || block.dataset.filled) return;
  block.dataset.filled = "1";
  block.querySelector(":scope > div").replaceChildren(...details(call.method, call.path, call.op));
};
for (const block of root.querySelectorAll(".api-op")) {
  block.addEventListener("toggle", () => { if (block.open) fill(block); });
  if (block.open) fill(block);
}

const open = () => {
  const block = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (block?.matches(".api-op")) { block.open = true; block.scrollIntoView(); }
};
addEventListener("hashchange", open);
open();

const box = document.getElementById("api-q");
const found = document.getElementById("api-found");
document.getElementById("api-filter").hidden = false;
box.addEventListener("input", () => {
  const wanted = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const group of root.querySelectorAll(".api-group")) {
    let any = false;
    for (const block of group.querySelectorAll(".api-op")) {
      const text = block.querySelector("summary").textContent.toLowerCase();
      block.hidden = !wanted.every((w) => text.includes(w));
      if (!block.hidden) { any = true; count++; }
    }
    group.hidden = !any;
  }
  found.textContent = wanted.length ? words.found.replace("%d", count) : "";
});
