// Turns <div data-signature> into a pad to sign on. Strokes travel as [[[x,y],…],…] in the hidden field it
// names; without scripts the typed name and the box beside it are enough.
const INK = "#151a21", WIDTH = 2.4;

for (const area of document.querySelectorAll("[data-signature]")) {
  const field = area.closest("form").elements[area.dataset.signature];
  const canvas = area.querySelector("canvas"), pen = canvas.getContext("2d");
  area.hidden = false;
  let strokes = [], stroke = null;

  // A stroke is drawn as curves through the middles between its points, so that it has no corners.
  const ink = (points, from) => {
    pen.lineWidth = WIDTH; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = pen.fillStyle = INK;
    pen.beginPath();
    if (points.length < 2) { pen.arc(points[0][0], points[0][1], WIDTH / 2, 0, 7); pen.fill(); return; }
    const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    for (let i = Math.max(1, from); i < points.length; i++) {
      pen.moveTo(...(i > 1 ? middle(points[i - 2], points[i - 1]) : points[0]));
      pen.quadraticCurveTo(...points[i - 1], ...middle(points[i - 1], points[i]));
    }
    pen.stroke();
  };

  // The canvas has the pixels of the screen; turning the phone keeps the strokes.
  const draw = () => {
    const ratio = Math.max(devicePixelRatio || 1, 1);
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    pen.scale(ratio, ratio);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.offsetWidth, canvas.offsetHeight);
    for (const s of strokes) ink(s, 1);
  };

  const keep = () => {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // What was signed before: on a page that was refused, or in a draft that comes back.
  const restore = () => {
    try { strokes = JSON.parse(field.value || "[]"); } catch { strokes = []; field.value = ""; }
    draw();
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [Math.round(event.clientX - box.left), Math.round(event.clientY - box.top)];
  };
  const add = (event) => {
    const between = event.getCoalescedEvents?.() ?? [];
    for (const e of between.length ? between : [event]) {
      const p = at(e), last = stroke.at(-1);
      if (last && last[0] === p[0] && last[1] === p[1]) continue;
      stroke.push(p);
      ink(stroke, stroke.length - 1);
    }
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (stroke || event.button > 0) return;
    event.preventDefault();
    try { canvas.setPointerCapture(event.pointerId); } catch { /* a pen that is gone already; what was drawn stays */ }
    stroke = [at(event)];
    strokes.push(stroke);
    ink(stroke, 1);
  });
  canvas.addEventListener("pointermove", (event) => { if (stroke) add(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (stroke) { stroke = null; keep(); } });

  restore();
  field.addEventListener("restore", restore);
  addEventListener("resize", draw);
  area.querySelector("[data-clear]").addEventListener("click", () => { strokes = []; draw(); keep(); canvas.focus(); });
}
