// A picture that is clicked on. Python owns the clicks: this file sends what the reader does, as
// {do: "click", row, col, kind: 0 or 1} or {do: "undo" | "reset"}, and draws what Python sends back.

const CSS = `
.spamlab-stage { position: relative; width: 100%; height: 100%; min-height: 20px; cursor: crosshair; touch-action: manipulation; }
.spamlab-stage:focus { outline: none; }
.spamlab-stage:focus-visible { outline: 3px solid #0072b2; outline-offset: -3px; box-shadow: inset 0 0 0 5px #fff; }
.spamlab-stage img { display: block; width: 100%; height: 100%; object-fit: contain; object-position: left top; user-select: none; }
.spamlab-stage svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: hidden; }
.spamlab-stage line { vector-effect: non-scaling-stroke; fill: none; }
.spamlab-stage .under { stroke: #16161d; stroke-width: 4px; }
.spamlab-stage .over { stroke: #fff; stroke-width: 1.6px; }
.spamlab-stage text { font: bold 17px sans-serif; text-anchor: middle; dominant-baseline: central; fill: #16161d; }
.spamlab-stage .cross { visibility: hidden; }
.spamlab-stage.keys:focus .cross { visibility: visible; }
.spamlab-where { position: absolute; left: 0; bottom: 0; padding: 0 6px; font: 12px/20px sans-serif; color: #fff; background: #16161d; visibility: hidden; pointer-events: none; }
.spamlab-stage.keys:focus .spamlab-where { visibility: visible; }
.spamlab-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const DO = { Enter: 0, " ": 0, Backspace: 1, u: "undo", U: "undo", r: "reset", R: "reset" };
const SVG = "http://www.w3.org/2000/svg";

function add(parent, name, attributes = {}, space = "http://www.w3.org/1999/xhtml") {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return parent.appendChild(made);
}

function render({ model, el }) {
  const help = `spamlab-help-${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
  add(el, "style").textContent = CSS;
  const stage = add(el, "div", {
    class: "spamlab-stage", tabindex: 0, role: "application", "aria-roledescription": "picture to click on",
    "aria-label": model.get("label"), "aria-describedby": help,
    // JupyterLab and ipywidgets would take keys and the right button for themselves
    "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "",
  });
  const img = add(stage, "img", { alt: "", draggable: "false" });
  const svg = add(stage, "svg", { preserveAspectRatio: "xMinYMin meet", "aria-hidden": "true" }, SVG);
  const marks = add(svg, "g", { class: "marks" }, SVG);
  const cross = add(svg, "g", { class: "cross" }, SVG);
  const lines = ["under", "under", "over", "over"].map((name) => add(cross, "line", { class: name }, SVG));
  const where = add(stage, "div", { class: "spamlab-where", "aria-hidden": "true" });
  add(el, "div", { class: "spamlab-unseen", id: help }).textContent = model.get("help");
  const told = add(el, "div", { class: "spamlab-unseen", role: "status", "aria-live": "polite" });
  let at = null; // [row, col] of the crosshair
  let url = null;

  const size = () => model.get("shape"); // of what is clicked on; it may be drawn larger
  const inside = ([row, col]) => {
    const [height, width] = size();
    return [Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(col, 0), width - 1)];
  };

  // The map from the window to the picture is the browser's own: it knows CSS sizes, zoom and margins.
  function pixel(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const found = [Math.floor(point.y), Math.floor(point.x)];
    const [row, col] = inside(found);
    return row === found[0] && col === found[1] ? found : null;
  }

  function drawCross() {
    if (!at) return;
    const [height, width] = size();
    const [y, x] = [at[0] + 0.5, at[1] + 0.5];
    lines.forEach((line, i) => {
      const ends = i % 2 ? [x, x, 0, height] : [0, width, y, y];
      ["x1", "x2", "y1", "y2"].forEach((name, k) => line.setAttribute(name, ends[k]));
    });
    where.textContent = `row ${at[0]}, column ${at[1]}`;
  }

  function drawMarks() {
    const scale = svg.getScreenCTM()?.a || 1;
    const shown = model.get("points").map(([row, col, kind]) => {
      const mark = document.createElementNS(SVG, "g");
      mark.setAttribute("transform", `translate(${col + 0.5} ${row + 0.5}) scale(${1 / scale})`);
      add(mark, "circle", { r: 9, fill: kind ? "#e69f00" : "#fff", stroke: "#16161d", "stroke-width": 2 }, SVG);
      add(mark, "text", {}, SVG).textContent = kind ? "\u2212" : "+";
      return mark;
    });
    marks.replaceChildren(...shown);
  }

  function drawPicture() {
    const old = url;
    url = URL.createObjectURL(new Blob([model.get("value")], { type: `image/${model.get("format")}` }));
    img.src = url;
    if (old) URL.revokeObjectURL(old);
  }

  function fit() {
    const [height, width] = size();
    if (!width) return; // no picture yet
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    at = inside(at || [Math.floor(height / 2), Math.floor(width / 2)]);
    drawCross();
    drawMarks();
  }

  function send(kind, place) {
    if (!place) return;
    at = place;
    drawCross();
    model.send({ do: "click", row: place[0], col: place[1], kind });
  }

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !at) return;
    const arrow = ARROWS[event.key];
    const what = DO[event.key];
    if (!arrow && what === undefined) return; // Tab leaves, as everywhere
    event.preventDefault();
    event.stopPropagation();
    stage.classList.add("keys");
    if (arrow) {
      const step = event.shiftKey ? Math.max(2, Math.round(Math.max(...size()) / 20)) : 1;
      at = inside([at[0] + step * arrow[0], at[1] + step * arrow[1]]);
      drawCross();
      told.textContent = where.textContent;
    } else if (typeof what === "string") model.send({ do: what });
    else send(what || (event.shiftKey ? 1 : model.get("mode")), at);
  }

  stage.addEventListener("keydown", key);
  stage.addEventListener("focus", () => stage.classList.toggle("keys", stage.matches(":focus-visible")));
  stage.addEventListener("click", (event) => {
    stage.classList.remove("keys");
    send(event.shiftKey ? 1 : model.get("mode"), pixel(event));
  });
  stage.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    event.stopPropagation();
    stage.focus({ preventScroll: true });
    stage.classList.remove("keys");
    send(1, pixel(event));
  });
  const watch = new ResizeObserver(drawMarks);
  watch.observe(stage);
  const tell = () => (told.textContent = model.get("said"));
  const changes = { "change:value": drawPicture, "change:shape": fit, "change:points": drawMarks, "change:said": tell };
  for (const [name, react] of Object.entries(changes)) model.on(name, react);
  if (model.get("value").byteLength) drawPicture();
  fit();
  tell();
  return () => {
    watch.disconnect();
    for (const [name, react] of Object.entries(changes)) model.off(name, react);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
