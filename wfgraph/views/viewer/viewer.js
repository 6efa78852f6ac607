// The viewer: draws the model, and lets people look around in it. Texts from users only ever become text nodes.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const MANY = 150; // figures; more than that begin folded

// Model -----------------------------------------------------------------------------------------------------------

const PORTS = new Set(["halted", "stopped", "next_token", "failed", "anywhere"]);
const model = { figures: new Map(), clusters: new Map() };
const parentOf = new Map(); // figure or cluster -> the cluster that holds it
for (const figure of data.figures) {
  figure.port = PORTS.has(figure.role);
  figure.forks = figure.role === "condition" || figure.role === "choice" || figure.role === "parallel";
  model.figures.set(figure.key, figure);
}
for (const cluster of data.clusters) {
  model.clusters.set(cluster.key, cluster);
  cluster.parts.forEach((key) => parentOf.set(key, cluster.key));
  cluster.forked = ["if", "choice"].includes(cluster.kind) && new Set(cluster.arms.filter((arm) => arm >= 0)).size > 1;
}
for (const cluster of data.clusters) cluster.folded = foldedFigure(cluster);

function* figuresIn(cluster) {
  const waiting = [...cluster.parts].reverse();
  while (waiting.length) {
    const key = waiting.pop(), inner = model.clusters.get(key);
    if (inner) waiting.push(...[...inner.parts].reverse());
    else yield model.figures.get(key);
  }
}

function foldedFigure(cluster) {
  const inside = [...figuresIn(cluster)], tasks = inside.filter((figure) => figure.nodes.length);
  const head = inside[0] || { lines: ["list"] };
  const standing = new Map();
  for (const { tally } of inside) {
    for (const [status, count] of (tally && tally.standing) || []) standing.set(status, (standing.get(status) || 0) + count);
  }
  const measured = inside.some((figure) => figure.tally);
  const sum = (name) => inside.reduce((total, figure) => total + ((figure.tally && figure.tally[name]) || 0), 0);
  const share = sum("share");
  return {
    key: "folded " + cluster.key, cluster: cluster.key, role: "folded", notes: [`▸ ${tasks.length} step${tasks.length === 1 ? "" : "s"}`],
    lines: cluster.kind === "lane" ? [cluster.title] : head.lines, opaque: false, nodes: tasks.flatMap((figure) => figure.nodes),
    badges: inside.flatMap((figure) => figure.badges), change: inside.some((figure) => figure.change !== "kept") ? "changed" : "kept",
    tally: measured ? { visits: (head.tally && head.tally.visits) || 0, seconds: sum("seconds"), share,
      heat: share > 0 ? Math.min(5, Math.round(Math.sqrt(share) * 5)) : 0, standing: [...standing] } : null,
  };
}

const foldable = data.clusters.filter((cluster) => !["root", "list"].includes(cluster.kind));
const collapsed = new Set();
if (data.figures.length > MANY) foldOuter();

function foldOuter() {
  collapsed.clear();
  foldable.forEach((cluster) => collapsed.add(cluster.key));
}

// The figure that stands for a figure now: itself, or the outermost folded cluster around it.
function shown(key) {
  let found = key;
  for (let around = parentOf.get(key); around; around = parentOf.get(around)) {
    if (collapsed.has(around)) found = "folded " + around;
  }
  return found;
}

function visibleArrows() {
  const merged = new Map();
  for (const arrow of data.arrows) {
    const source = shown(arrow.source), target = shown(arrow.target);
    const moved = source !== arrow.source || target !== arrow.target;
    if (moved && source === target) continue;
    const plain = source !== arrow.source && arrow.kind !== "spawn";
    const one = { ...arrow, source, target, kind: plain ? "next" : arrow.kind, text: plain ? "" : arrow.text };
    const key = JSON.stringify([source, target, one.kind, one.text]), known = merged.get(key);
    if (known && (moved || known.moved)) {
      known.certain = known.certain || one.certain;
      if (one.count !== null) known.count = (known.count || 0) + one.count;
      known.share = Math.min(1, known.share + one.share);
    } else merged.set(known ? key + merged.size : key, { ...one, moved });
  }
  return [...merged.values()];
}

// Drawing ---------------------------------------------------------------------------------------------------------

const canvas = document.createElement("canvas").getContext("2d");
const widths = new Map();
function textWidth(text, font) {
  const key = font + text;
  if (!widths.has(key)) { canvas.font = font; widths.set(key, canvas.measureText(text).width); }
  return widths.get(key);
}
const BOLD = "600 13px system-ui, sans-serif", SMALL = "11px system-ui, sans-serif";
const ROOM = { condition: [1.5, 30, 1.6, 12], choice: [1.5, 38, 1.6, 18], loop: [1, 52, 1, 14], halt: [1, 44, 1, 20], fail: [1, 44, 1, 20], token: [1, 48, 1, 14] };

function remarks(figure) {
  const found = [];
  const { tally } = figure;
  if (tally && byId("run").checked) found.push(tallyText(tally));
  return found.filter(Boolean);
}

function tallyText(tally) {
  const standing = tally.standing.map(([status, count]) => `${count.toLocaleString("en")} ${status}`);
  if (!tally.visits) return standing.join(", ") || "never";
  const share = tally.share >= 0.005 ? `${Math.round(tally.share * 100)} %` : "";
  return [`${tally.visits.toLocaleString("en")}×`, tally.seconds ? duration(tally.seconds) : "", share, ...standing].filter(Boolean).join(" · ");
}

function duration(seconds) {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  return seconds >= 1e-3 ? `${Number((seconds * 1e3).toPrecision(3))} ms` : `${Math.round(seconds * 1e6)} µs`;
}

function badgesOf(figure) {
  if (!byId("findings").checked) return [];
  return [...new Map(figure.badges.map((badge) => [badge.code, badge])).values()].slice(0, 4);
}

function measure(figure) {
  if (figure.role === "entry" || figure.role === "exit") return { width: 22, height: 22 };
  const badges = badgesOf(figure);
  const width = Math.max(
    ...figure.lines.map((line) => textWidth(line, figure.port ? SMALL : BOLD)),
    ...[...figure.notes, ...remarks(figure)].map((line) => textWidth(line, SMALL)), badges.length * 62, 14) + (figure.change === "kept" ? 0 : 16);
  const height = figure.lines.length * (figure.port ? 14 : 17) + (figure.notes.length + remarks(figure).length) * 14 + (badges.length ? 16 : 0);
  const [across, more, up, above] = ROOM[figure.role] || [1, figure.port ? 16 : 26, 1, figure.port ? 6 : 14];
  return { width: width * across + more, height: height * up + above };
}

function make(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

function outline(role, w, h) {
  const x = w / 2, y = h / 2, cut = Math.min(12, h / 3), slope = Math.min(20, w / 4);
  switch (role) {
    case "condition": case "choice": return `M0 ${-y}L${x} 0L0 ${y}L${-x} 0Z`;
    case "loop": return `M${-x + slope} ${-y}H${x - slope}L${x} 0L${x - slope} ${y}H${-x + slope}L${-x} 0Z`;
    case "halt": case "fail": case "halted": case "failed":
      return `M${-x + cut} ${-y}H${x - cut}L${x} ${-y + cut}V${y - cut}L${x - cut} ${y}H${-x + cut}L${-x} ${y - cut}V${-y + cut}Z`;
    case "token": case "next_token": return `M${-x} ${-y}H${x - cut}L${x} 0L${x - cut} ${y}H${-x}Z`;
    case "stop": case "stopped": case "parallel": case "join": return `M${-x} ${-y}H${x}V${y}H${-x}Z`;
    default: { const r = Math.min(8, y); return `M${-x + r} ${-y}H${x - r}a${r} ${r} 0 0 1 ${r} ${r}V${y - r}a${r} ${r} 0 0 1 ${-r} ${r}H${-x + r}a${r} ${r} 0 0 1 ${-r} ${-r}V${-y + r}a${r} ${r} 0 0 1 ${r} ${-r}Z`; }
  }
}

const DOUBLE = new Set(["choice", "stopped", "failed", "subworkflow", "folded", "fail"]);
const SIGNS = { error: "✖", warning: "▲", info: "●" };
const CHANGED = { added: "+", removed: "−", moved: "→", changed: "~" };
let drawn = null, selected = null;

function draw() {
  drawn = layout(model, collapsed, visibleArrows(), measure);
  const stage = byId("stage");
  const frames = make("g", {}), lines = make("g", {}), figures = make("g", {});
  for (const frame of drawn.frames) drawFrame(frame, frames);
  const shared = sharing(drawn.lines);
  for (const line of drawn.lines) drawLine(line, shared(line), lines);
  for (const box of drawn.boxes) drawFigure(box, figures);
  stage.replaceChildren(frames, lines, figures);
  mark();
}

function drawFrame({ cluster, x, y, width, height }, parent) {
  const group = make("g", { class: `frame ${cluster.kind}` }, parent);
  make("rect", { x, y, width, height, rx: 8 }, group);
  if (!cluster.title && cluster.kind === "list") return;
  const title = make("text", { x: x + 10, y: y + 13, class: "title", tabindex: 0, role: "button" }, group);
  title.textContent = `▾ ${cluster.title}`;
  title.setAttribute("aria-label", `fold ${cluster.title}`);
  const toggle = () => { collapsed.add(cluster.key); redraw("folded " + cluster.key); };
  title.addEventListener("click", toggle);
  title.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
}

function drawFigure({ figure, x, y, width, height }, parent) {
  const { tally } = figure;
  const classes = ["figure", figure.role, figure.opaque ? "opaque" : "", figure.change];
  if (tally && byId("run").checked) classes.push(tally.standing.length ? "standing" : "", tally.visits ? `heat${tally.heat}` : tally.standing.length ? "" : "unvisited");
  const group = make("g", { class: classes.filter(Boolean).join(" "), transform: `translate(${x} ${y})`, "data-key": figure.key }, parent);
  if (figure.role === "entry") { make("circle", { r: 9 }, group); return; }
  if (figure.role === "exit") { make("circle", { r: 10, class: "ring" }, group); make("circle", { r: 6 }, group); return; }
  if (DOUBLE.has(figure.role)) make("path", { d: outline(figure.role, width + 8, height + 8), class: "outer" }, group);
  make("path", { d: outline(figure.role, width, height), class: "shape" }, group);
  writeTexts(figure, group);
  if (figure.about) {
    const { name, where, doc, module, source } = figure.about;
    make("title", {}, group).textContent = [`${name} ${where}`, doc, [module, source].filter(Boolean).join(" "), ...figure.badges.map((badge) => `${badge.code}: ${badge.message}`)].filter(Boolean).join("\n");
  }
  if (figure.port) return;
  group.setAttribute("tabindex", 0);
  group.setAttribute("role", "button");
  group.setAttribute("aria-label", [...figure.lines, ...figure.notes, figure.about ? figure.about.where : ""].join(" "));
  const act = () => figure.cluster ? (collapsed.delete(figure.cluster), redraw(model.clusters.get(figure.cluster).parts[0])) : select(figure.key);
  group.addEventListener("click", act);
  group.addEventListener("focus", () => { if (!figure.cluster) select(figure.key, false); });
  group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
}

function writeTexts(figure, group) {
  const badges = badgesOf(figure), extra = remarks(figure);
  const step = figure.port ? 14 : 17;
  const rows = [...figure.lines.map((text) => [text, step, "name"]), ...figure.notes.map((text) => [text, 14, "note"]), ...extra.map((text) => [text, 14, "tally"])];
  let y = -(rows.reduce((total, row) => total + row[1], 0) + (badges.length ? 16 : 0)) / 2;
  rows.forEach(([text, height, name], index) => {
    y += height;
    const sign = index === 0 && CHANGED[figure.change] ? `${CHANGED[figure.change]} ` : "";
    make("text", { y: y - 4, class: name }, group).textContent = sign + text;
  });
  badges.forEach((badge, index) => {
    const text = make("text", { x: (index - (badges.length - 1) / 2) * 62, y: y + 12, class: `badge ${badge.severity}` }, group);
    text.textContent = `${SIGNS[badge.severity] || ""} ${badge.code}`;
  });
}

function drawLine({ arrow, points }, shared, parent) {
  const classes = ["arrow", arrow.kind, arrow.certain ? "" : "may", arrow.change].filter(Boolean).join(" ");
  const group = make("g", { class: classes, "data-source": arrow.source, "data-target": arrow.target }, parent);
  const path = make("path", { d: rounded(points), "marker-end": `url(#head-${arrow.change === "kept" ? arrow.kind : arrow.change})` }, group);
  const run = byId("run").checked && arrow.count !== null;
  if (run) path.style.strokeWidth = `${0.8 + 4 * arrow.share}px`;
  const sign = { added: "+ ", removed: "− ", rewired: "⤳ " }[arrow.change] || "";
  const found = byId("findings").checked ? arrow.badges.map(([code, severity]) => `${SIGNS[severity] || ""} ${code}`) : [];
  const text = sign + [arrow.text, ...found, run && arrow.count ? `${arrow.count.toLocaleString("en")}×` : ""].filter(Boolean).join(" · ");
  if (!text) return;
  make("text", labelAt(points, shared), group).textContent = text;
}

// Where a line is told: at its beginning; where it shares that with others, at its last piece, if that leads down.
function labelAt(points, shared) {
  const [[x, y], [nextX, nextY]] = points;
  const [[cornerX, cornerY], [, endY]] = points.slice(-2);
  if (shared && points.length > 2 && endY > cornerY) {
    return { x: cornerX + 6, y: Math.min(cornerY + 13, endY - 3), "text-anchor": "start" };
  }
  const leftwards = nextX < x;
  return Math.abs(nextX - x) > Math.abs(nextY - y)
    ? { x: x + (leftwards ? -5 : 5), y: y - 4, "text-anchor": leftwards ? "end" : "start" }
    : { x: x + 5, y: y + (nextY > y ? 13 : -6), "text-anchor": "start" };
}

// Tells of a line whether it leaves its figure together with others.
function sharing(lines) {
  const way = ({ arrow, points: [[x, y], [nextX, nextY]] }) => [arrow.source, x, y, Math.sign(nextX - x), Math.sign(nextY - y)].join();
  const counts = new Map();
  for (const line of lines) counts.set(way(line), (counts.get(way(line)) || 0) + 1);
  return (line) => counts.get(way(line)) > 1;
}

function rounded(points) {
  const clean = points.filter(([x, y], index) => !index || Math.abs(x - points[index - 1][0]) + Math.abs(y - points[index - 1][1]) > 0.5);
  let path = `M${clean[0][0]} ${clean[0][1]}`;
  for (let index = 1; index < clean.length - 1; index++) {
    const [before, here, after] = clean.slice(index - 1, index + 2);
    const cut = (from) => {
      const length = Math.hypot(from[0] - here[0], from[1] - here[1]), part = Math.min(7, length / 2) / length;
      return [here[0] + (from[0] - here[0]) * part, here[1] + (from[1] - here[1]) * part];
    };
    const [one, other] = [cut(before), cut(after)];
    path += `L${one[0]} ${one[1]}Q${here[0]} ${here[1]} ${other[0]} ${other[1]}`;
  }
  const end = clean[clean.length - 1];
  return `${path}L${end[0]} ${end[1]}`;
}

function heads() {
  const shapes = { triangle: "M0 0L9 4.5L0 9Z", vee: "M0 0L9 4.5L0 9L3 4.5Z", diamond: "M0 4.5L4.5 1L9 4.5L4.5 8Z", box: "M2 1.5H8V7.5H2Z", tee: "M6 0H8.5V9H6Z", ring: "M8.5 4.5a3.5 3.5 0 1 1-7 0a3.5 3.5 0 1 1 7 0Z" };
  const of = { false: "triangle hollow", case: "vee", loop: "vee", jump: "triangle hollow", break: "tee", halt: "box", stop: "box", resume: "ring hollow", token: "diamond", join: "ring", error: "triangle hollow" };
  for (const kind of [...data.kinds, "added", "removed", "rewired"]) {
    const [shape, hollow] = (of[kind] || "triangle").split(" ");
    const marker = make("marker", { id: `head-${kind}`, viewBox: "0 0 9 9", refX: 9, refY: 4.5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, byId("heads"));
    make("path", { d: shapes[shape], class: `head ${kind} ${hollow || ""}` }, marker);
  }
}

// Looking around --------------------------------------------------------------------------------------------------

const view = { x: 0, y: 0, scale: 1 };
const picture = byId("picture");
function applyView() { byId("stage").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`); }
function zoom(factor, x = picture.clientWidth / 2, y = picture.clientHeight / 2) {
  const scale = Math.min(4, Math.max(0.05, view.scale * factor)), real = scale / view.scale;
  view.x = x - (x - view.x) * real; view.y = y - (y - view.y) * real; view.scale = scale;
  applyView();
}
function fit() {
  const { x, y, width, height } = drawn.bounds, w = picture.clientWidth, h = picture.clientHeight;
  // A long workflow is shown at its width, from the top: at its whole height nobody could read it.
  const whole = Math.min(w / width, h / height), scale = Math.min(1.1, whole > 0.55 ? whole : Math.min(w / width, 0.9));
  view.scale = scale;
  view.x = (w - width * scale) / 2 - x * scale;
  view.y = height * scale > h ? -y * scale : (h - height * scale) / 2 - y * scale;
  applyView();
}
function center(key) {
  const box = drawn.boxes.find((one) => one.figure.key === key);
  if (!box) return;
  view.x = picture.clientWidth / 2 - box.x * view.scale;
  view.y = picture.clientHeight / 2 - box.y * view.scale;
  applyView();
}
function redraw(anchor) {
  draw();
  if (anchor) { center(anchor); focusFigure(anchor); }
}
function groupOf(key) {
  return [...document.querySelectorAll("g.figure")].find((group) => group.dataset.key === key);
}
function focusFigure(key) {
  const group = groupOf(key);
  if (group) group.focus({ preventScroll: true });
}

picture.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) {
    const { left, top } = picture.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
  } else { view.x -= event.deltaX; view.y -= event.deltaY; applyView(); }
}, { passive: false });
let drag = null;
picture.addEventListener("pointerdown", (event) => { if (event.button === 0) drag = { x: event.clientX, y: event.clientY, moved: false }; });
window.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const x = event.clientX - drag.x, y = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(x, y) < 4) return;
  view.x += x; view.y += y; drag = { x: event.clientX, y: event.clientY, moved: true };
  picture.classList.add("dragging");
  applyView();
});
window.addEventListener("pointerup", () => { drag = null; picture.classList.remove("dragging"); });
// What a fold's focus scrolls into sight is the picture's business, not the browser's.
picture.addEventListener("scroll", () => { picture.scrollTop = 0; picture.scrollLeft = 0; });

// Details ---------------------------------------------------------------------------------------------------------

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function select(key, open = true) {
  selected = key;
  const figure = model.figures.get(key), panel = byId("details");
  panel.replaceChildren();
  if (!figure) { panel.hidden = true; mark(); return; }
  panel.hidden = !open && panel.hidden;
  const close = element("button", "×", "close");
  close.setAttribute("aria-label", "close the details");
  close.addEventListener("click", () => select(null));
  panel.append(close, element("h2", figure.about ? figure.about.name : figure.lines.join(" ")));
  const list = element("dl");
  const row = (name, value) => { if (value) list.append(element("dt", name), element("dd", value)); };
  row("what", new Map(data.legend.roles).get(figure.role));
  if (figure.about) {
    row("address", figure.about.where); row("module", figure.about.module);
    row("source", figure.about.source); row("identity", figure.about.identity);
  }
  row("made with", figure.notes.join(" "));
  if (figure.opaque) row("effects", "not known: it may do to the flow whatever an engine allows");
  if (figure.change !== "kept") row("change", figure.change);
  if (figure.tally) {
    row("items here", figure.tally.standing.map(([status, count]) => `${count} ${status}`).join(", "));
    if (data.measured) row("visits", String(figure.tally.visits));
    row("time", figure.tally.seconds ? `${duration(figure.tally.seconds)} (${Math.round(figure.tally.share * 100)} % of all)` : "");
  }
  panel.append(list);
  if (figure.about && figure.about.doc) panel.append(element("pre", figure.about.doc));
  for (const badge of figure.badges) {
    const found = element("p", undefined, `finding ${badge.severity}`);
    found.append(element("strong", `${SIGNS[badge.severity] || ""} ${badge.code} `), badge.message, element("em", badge.hint));
    panel.append(found);
  }
  const out = data.arrows.filter((arrow) => arrow.source === key);
  if (out.length) {
    panel.append(element("h3", "leads to"));
    for (const arrow of out) panel.append(wayTo(arrow));
  }
  mark();
}

function wayTo(arrow) {
  const target = model.figures.get(arrow.target), line = element("p", undefined, "way");
  const name = target.about ? `${target.about.name} ${target.about.where}` : target.lines.join(" ");
  const button = element("button", name);
  button.addEventListener("click", () => show(arrow.target));
  const told = [arrow.text || new Map(data.legend.kinds).get(arrow.kind), arrow.certain ? "" : "possibly", arrow.count !== null ? `${arrow.count}×` : ""];
  line.append(`${told.filter(Boolean).join(", ")} → `, button);
  return line;
}

function mark() {
  for (const group of document.querySelectorAll("g.figure.selected")) group.classList.remove("selected");
  const group = selected && groupOf(shown(selected));
  if (group) group.classList.add("selected");
  markStep();
}

// Unfold what holds a figure, and go there.
function show(key) {
  let unfolded = false;
  for (let around = parentOf.get(key); around; around = parentOf.get(around)) unfolded = collapsed.delete(around) || unfolded;
  if (unfolded) draw();
  select(key);
  center(key);
}

// Search ----------------------------------------------------------------------------------------------------------

let hits = [], hit = -1;
function search() {
  const wanted = byId("search").value.trim().toLowerCase();
  const has = (texts) => texts.join("\n").toLowerCase().includes(wanted);
  const inName = (figure) => has([...figure.lines, ...figure.notes]);
  const inRest = ({ about, badges }) => has([...(about ? [about.name, about.where, about.doc, about.module] : []), ...badges.map((one) => one.code)]);
  // What shows it in the picture comes before what only mentions it.
  hits = !wanted ? [] : [...data.figures.filter(inName), ...data.figures.filter((figure) => !inName(figure) && inRest(figure))];
  hit = -1;
  byId("hits").textContent = wanted ? `${hits.length} found` : "";
}
byId("search").addEventListener("input", search);
byId("search").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !hits.length) return;
  hit = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
  show(hits[hit].key);
  byId("hits").textContent = `${hit + 1} of ${hits.length}`;
});

// The recorded run ------------------------------------------------------------------------------------------------

let step = -1, playing = null;
const tokens = [...new Set(data.steps.map((one) => one[0]))];
function chosenSteps() {
  const token = byId("token").value;
  return token === "" ? data.steps : data.steps.filter((one) => String(one[0]) === token);
}
function go(to) {
  const steps = chosenSteps();
  step = Math.max(-1, Math.min(steps.length - 1, to));
  byId("position").max = steps.length - 1;
  byId("position").value = step;
  mark();
  const here = steps[step];
  if (here) {
    const box = drawn.boxes.find((one) => one.figure.key === shown(here[2]));
    const y = box ? box.y * view.scale + view.y : -1, x = box ? box.x * view.scale + view.x : -1;
    if (box && (y < 60 || x < 20 || y > picture.clientHeight - 60 || x > picture.clientWidth - 20)) center(box.figure.key);
  }
}
function markStep() {
  for (const group of document.querySelectorAll(".now, .passed")) group.classList.remove("now", "passed");
  const steps = chosenSteps(), here = steps[step];
  const target = here && (model.figures.get(here[2]) || { lines: [here[2]] });
  byId("told").textContent = here ? `step ${step + 1} of ${steps.length}: token ${here[0]} at ${(target.about ? target.about.name + " " + target.about.where : target.lines.join(" "))}` : steps.length ? `${steps.length} steps` : "";
  if (!here) return;
  const group = groupOf(shown(here[2]));
  if (group) group.classList.add("now");
  for (const line of document.querySelectorAll("g.arrow")) {
    if (line.dataset.source === shown(here[1]) && line.dataset.target === shown(here[2])) line.classList.add("passed");
  }
}
function play() {
  if (playing) { clearInterval(playing); playing = null; byId("play").textContent = "play"; return; }
  if (step >= chosenSteps().length - 1) go(-1);
  byId("play").textContent = "pause";
  playing = setInterval(() => { go(step + 1); if (step >= chosenSteps().length - 1) play(); }, 600);
}
if (data.steps.length) {
  byId("player").hidden = false;
  for (const token of tokens.slice(0, 500)) {
    const option = element("option", `token ${token}`);
    option.value = token;
    byId("token").append(option);
  }
  byId("token").addEventListener("change", () => go(-1));
  byId("back").addEventListener("click", () => go(step - 1));
  byId("next").addEventListener("click", () => go(step + 1));
  byId("play").addEventListener("click", play);
  byId("position").addEventListener("input", () => go(Number(byId("position").value)));
}

// Controls --------------------------------------------------------------------------------------------------------

const actions = {
  zoomin: () => zoom(1.25), zoomout: () => zoom(0.8), fit,
  fold: () => { foldOuter(); draw(); fit(); },
  unfold: () => { collapsed.clear(); draw(); fit(); },
  legendbutton: () => { byId("legend").hidden = !byId("legend").hidden; },
  helpbutton: () => { byId("help").hidden = !byId("help").hidden; },
  theme: () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  },
};
for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
for (const id of ["findings", "run"]) byId(id).addEventListener("change", () => draw());
byId("findings").parentElement.hidden = !data.figures.some((figure) => figure.badges.length);
byId("run").parentElement.hidden = !data.figures.some((figure) => figure.tally);
for (const id of ["fold", "unfold"]) byId(id).hidden = !foldable.length;

const keys = {
  "+": actions.zoomin, "=": actions.zoomin, "-": actions.zoomout, "0": fit, f: fit, c: actions.fold, e: actions.unfold, l: actions.legendbutton,
  t: actions.theme, "?": actions.helpbutton, n: () => go(step + 1), p: () => go(step - 1), r: () => data.steps.length && play(),
  "/": () => byId("search").focus(),
  Escape: () => { select(null); byId("help").hidden = true; },
  ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
};
function pan(x, y) { view.x += x; view.y += y; applyView(); }
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (["INPUT", "SELECT"].includes(event.target.tagName)) { if (event.key === "Escape") event.target.blur(); return; }
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});

function writeLegend() {
  const legend = byId("legend"), roles = new Set(data.figures.map((figure) => figure.role)), kinds = new Set(data.arrows.map((arrow) => arrow.kind));
  const sample = (text, fill) => {
    const row = element("p"), small = make("svg", { width: 44, height: 22, viewBox: "-22 -11 44 22", "aria-hidden": "true" });
    fill(small);
    row.append(small, text);
    legend.append(row);
  };
  for (const [role, text] of data.legend.roles) {
    if (roles.has(role)) sample(text, (small) => {
      const group = make("g", { class: `figure ${role}` }, small);
      if (DOUBLE.has(role)) make("path", { d: outline(role, 34, 18), class: "outer" }, group);
      make("path", { d: outline(role, DOUBLE.has(role) ? 28 : 34, DOUBLE.has(role) ? 13 : 18), class: "shape" }, group);
    });
  }
  if (data.figures.some((figure) => figure.opaque)) sample("effects not known", (small) => make("path", { d: outline("task", 34, 18), class: "shape" }, make("g", { class: "figure task opaque" }, small)));
  for (const [kind, text] of data.legend.kinds) {
    if (kinds.has(kind)) sample(text, (small) => make("path", { d: "M-20 0H18", "marker-end": `url(#head-${kind})` }, make("g", { class: `arrow ${kind}` }, small)));
  }
  if (data.arrows.some((arrow) => !arrow.certain)) sample("only possible", (small) => make("path", { d: "M-20 0H18", "marker-end": "url(#head-next)" }, make("g", { class: "arrow next may" }, small)));
}

heads();
writeLegend();
document.title = data.title;
byId("name").textContent = data.title;
for (const note of data.notes) byId("notes").append(element("li", note));
byId("notes").hidden = !data.notes.length;
draw();
fit();
document.documentElement.dataset.ready = "yes";
