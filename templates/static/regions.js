// The outline of a region, drawn on the scheme: it is the text of the form, seen and changed as corners.
const scheme = document.getElementById("scheme");
const text = document.querySelector("textarea[name=shape]");
const NS = "http://www.w3.org/2000/svg";

if (scheme && text) {
  const { west, north, perLng, perLat } = scheme.dataset;
  const toXY = ([lat, lng]) => [(lng - west) * perLng, (north - lat) * perLat];
  const toPlace = (x, y) => [(north - y / perLat).toFixed(5), (+west + x / perLng).toFixed(5)];
  const read = () => text.value.split("\n").map((l) => l.split(/[,，;\t ]+/).map(Number)).filter((p) => p.length >= 2 && p.every(Number.isFinite));
  const write = (list) => { text.value = list.map((p) => p.join(", ")).join("\n"); draw(); };
  const own = document.createElementNS(NS, "polygon");
  own.setAttribute("class", "own");
  const handles = document.createElementNS(NS, "g");
  scheme.append(own, handles);
  document.querySelector("[data-draw-hint]")?.removeAttribute("hidden");

  function draw() {
    const list = read();
    own.setAttribute("points", list.map((p) => toXY(p).map((n) => n.toFixed(1)).join(",")).join(" "));
    handles.replaceChildren(...list.map((p, i) => {
      const c = document.createElementNS(NS, "circle"), [x, y] = toXY(p);
      c.setAttribute("cx", x); c.setAttribute("cy", y); c.setAttribute("r", 4);
      c.setAttribute("class", "corner-dot");
      c.dataset.i = i;
      return c;
    }));
  }

  const at = (event) => {
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(scheme.getScreenCTM().inverse());
    return toPlace(p.x, p.y);
  };
  let held = -1, moved = false;
  scheme.addEventListener("pointerdown", (e) => {
    moved = false;
    held = e.target.dataset?.i === undefined ? -1 : +e.target.dataset.i;
    if (held >= 0) scheme.setPointerCapture(e.pointerId);
  });
  scheme.addEventListener("pointermove", (e) => {
    if (held < 0) return;
    moved = true;
    const list = read();
    list[held] = at(e);
    write(list);
  });
  scheme.addEventListener("pointerup", () => { setTimeout(() => { held = -1; }); });
  scheme.addEventListener("click", (e) => {
    if (moved || held >= 0 || e.target.dataset?.i !== undefined) return;
    const list = read(), corner = at(e);
    // A new corner goes into the side it lies nearest to, so that an outline can be refined.
    let best = list.length, least = Infinity;
    const [x, y] = toXY(corner);
    for (let i = 0; list.length > 2 && i < list.length; i++) {
      const [ax, ay] = toXY(list[i]), [bx, by] = toXY(list[(i + 1) % list.length]);
      const d = Math.hypot(x - ax, y - ay) + Math.hypot(x - bx, y - by) - Math.hypot(bx - ax, by - ay);
      if (d < least) { least = d; best = i + 1; }
    }
    list.splice(best, 0, corner);
    write(list);
  });
  scheme.addEventListener("dblclick", (e) => {
    const i = e.target.dataset?.i;
    if (i === undefined) return;
    e.preventDefault();
    const list = read();
    list.splice(+i, 1);
    write(list);
  });
  text.addEventListener("input", draw);
  draw();
}
