// Turns <div data-signature> into a pad to sign on. Strokes travel as
// [[[x,y],…],…] in the hidden field it names; without scripts the typed name
// and the box beside it are enough.
import SignaturePad from "./vendor/signature_pad-5.1.4.min.js";

for (const area of document.querySelectorAll("[data-signature]")) {
  const field = area.closest("form").elements[area.dataset.signature];
  const canvas = area.querySelector("canvas");
  area.hidden = false;
  const pad = new SignaturePad(canvas, { penColor: "#151a21", backgroundColor: "#fff" });

  const strokes = () => pad.toData().map((s) => s.points.map((p) => [Math.round(p.x), Math.round(p.y)]));
  const keep = () => { field.value = pad.isEmpty() ? "" : JSON.stringify(strokes()); };

  // The canvas has the pixels of the screen; turning the phone keeps the strokes.
  const fit = () => {
    const data = pad.toData();
    const ratio = Math.max(devicePixelRatio || 1, 1);
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.fromData(data);
  };

  fit();
  try {
    const before = JSON.parse(field.value || "[]");
    pad.fromData(before.map((points) => ({ penColor: "#151a21", points: points.map(([x, y]) => ({ x, y, time: 0, pressure: 0.5 })) })));
  } catch { field.value = ""; }
  pad.addEventListener("endStroke", keep);
  addEventListener("resize", fit);
  area.querySelector("[data-clear]").addEventListener("click", () => { pad.clear(); keep(); canvas.focus(); });
}
