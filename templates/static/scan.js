// Codes read by the camera, where the browser can. A field marked data-scan takes one. On the van's page one after
// another ticks off what is taken over, counts, or shows where a part stands.
const word = (e) => e.closest("[data-scan-word]").dataset;

// read shows what the camera sees and hands over each code once while it stays in sight, until take returns true or
// the picture is touched.
const read = async (take) => {
  const dialog = document.createElement("dialog"), video = document.createElement("video"), told = document.createElement("p");
  told.role = "status";
  dialog.append(video, told);
  document.body.append(dialog);
  let stream, open = true, last, unseen = 0;
  dialog.addEventListener("close", () => { open = false; for (const t of stream?.getTracks() ?? []) t.stop(); dialog.remove(); });
  dialog.addEventListener("click", () => dialog.close());
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream; video.playsInline = true;
    dialog.showModal();
    await video.play();
    const detector = new globalThis.BarcodeDetector();
    while (open) {
      const [code] = await detector.detect(video).catch(() => []);
      if (!code && ++unseen > 3) last = undefined;
      if (code && code.rawValue !== last) {
        last = code.rawValue; unseen = 0;
        if (take(last.trim(), (text) => { told.textContent = text; })) break;
      }
      await new Promise((r) => setTimeout(r, 150));
    }
  } catch { /* no camera, or it was refused: what is asked for can be typed and tapped */ }
  if (dialog.open) dialog.close(); else dialog.dispatchEvent(new Event("close"));
};

const typed = (field, value) => { field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); };

// takeOver ticks a line of what lies ready; with the last line the whole is taken. One code stands for all pieces
// of its line.
const takeOver = (code) => {
  const line = document.querySelector(`[data-takes] [data-code="${CSS.escape(code)}"]:not(.is-taken)`);
  if (!line) return null;
  line.classList.add("is-taken");
  const card = line.closest("[data-takes]");
  const all = !card.querySelector("[data-code]:not(.is-taken)");
  if (all) card.querySelector("form").requestSubmit();
  return { line, all };
};

const ways = "BarcodeDetector" in globalThis && navigator.mediaDevices;
if (ways) {
  for (const field of document.querySelectorAll("input[data-scan]")) {
    const b = document.createElement("button");
    b.type = "button"; b.textContent = word(field).scanWord;
    b.addEventListener("click", () => read((code) => { typed(field, code); return true; }));
    field.after(b);
  }
  const start = document.getElementById("scan");
  if (start) {
    start.hidden = false;
    start.addEventListener("click", () => read((code, tell) => {
      const say = word(start), field = document.querySelector(`details[open] input[data-code="${CSS.escape(code)}"]`);
      if (field) { typed(field, Number(field.value) + 1); tell(`${field.ariaLabel}: ${field.value}`); return false; } // he is counting
      const taken = takeOver(code);
      if (taken) { tell(say.scanTaken.replace("%s", taken.line.textContent)); return taken.all; }
      const row = document.querySelector(`tr[data-code="${CSS.escape(code)}"]`);
      if (row) { row.tabIndex = -1; row.scrollIntoView({ block: "center" }); setTimeout(() => row.focus({ preventScroll: true })); return true; }
      tell(say.scanUnknown.replace("%s", code));
      return false;
    }));
  }
}
