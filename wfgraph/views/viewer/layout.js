// The layout of structured workflows: one column from the top down, branches side by side, everything else in between
// routed along the sides of the block that holds it.
//
// The tree is made of figures, sequences (one below the other, on one axis) and rows (side by side). An arrow climbs
// from its source out of each sequence until it is where its target is, too; on the way it may take a gap (the space
// below an item of a sequence) and a track (beside some items of one). First all arrows choose their gaps and tracks,
// then the sizes follow from that, then the coordinates. All of it is linear in what is drawn, but for the tracks.
"use strict";

const GAP = 26, LINE = 7, TRACK = 13, PAD = 12, TITLE = 18, COLUMN = 26;

// Tree ------------------------------------------------------------------------------------------------------------

// Build the tree of what is visible. `model` has figures and clusters by key; `collapsed` is a set of cluster keys.
function treeOf(model, collapsed) {
  const entry = model.figures.get("entry"), exit = model.figures.get("exit");
  const root = sequence(null, model.clusters.get("root"), model, collapsed);
  root.items.unshift(leaf(entry));
  if (exit) root.items.push(leaf(exit));
  link(root, null, 0);
  return root;
}

function leaf(figure) {
  return { type: "figure", figure, key: figure.key, ports: [] };
}

function sequence(frame, cluster, model, collapsed) {
  const made = { type: "sequence", frame, key: cluster.key, items: [] };
  let row = null; // the row of branches that is being filled
  for (let index = 0; index < cluster.parts.length; index++) {
    const key = cluster.parts[index], arm = cluster.arms[index];
    const part = partOf(key, model, collapsed);
    const inner = model.clusters.get(key);
    const beside = inner && inner.kind === "lane" ? key : cluster.forked && arm >= 0 ? arm : null;
    if (part.type === "figure" && part.figure.port && last(made.items, row)) {
      last(made.items, row).ports.push(part.figure);
      continue;
    }
    if (beside === null) {
      row = null;
      made.items.push(part);
      continue;
    }
    if (row === null) {
      row = { type: "row", items: [], arms: [] };
      made.items.push(row);
    }
    let column = row.arms.indexOf(beside);
    if (column < 0) {
      column = row.arms.push(beside) - 1;
      row.items.push({ type: "sequence", frame: null, key: null, items: [] });
    }
    row.items[column].items.push(part);
  }
  return made;
}

// The figure that a port stands beside: the last one that was put anywhere.
function last(items, row) {
  const at = row ? row.items[row.items.length - 1].items : items;
  const found = at[at.length - 1];
  return found && found.type === "figure" ? found : null;
}

function partOf(key, model, collapsed) {
  const cluster = model.clusters.get(key);
  if (!cluster) return leaf(model.figures.get(key));
  if (collapsed.has(key)) return leaf(cluster.folded);
  return sequence(cluster, cluster, model, collapsed);
}

function link(node, parent, index) {
  node.parent = parent;
  node.index = index;
  node.depth = parent ? parent.depth + 1 : 0;
  if (node.type === "figure") return;
  node.gaps = new Map(); // index of the item above -> Map of key -> number
  node.tracks = { left: [], right: [] };
  node.items.forEach((item, number) => link(item, node, number));
}

// Routes ----------------------------------------------------------------------------------------------------------

// Choose the gaps and tracks of an arrow. The route is [side of the source, steps, side of the target].
function routeOf(source, target, key) {
  let one = source, other = target;
  while (one.depth > other.depth) one = one.parent;
  while (other.depth > one.depth) other = other.parent;
  while (one.parent !== other.parent) { one = one.parent; other = other.parent; }
  const common = one.parent;
  if (one !== other && common.type === "row") return { start: "right", steps: [], end: "right", free: true };
  const steps = [];
  let start = "bottom", end = "top";
  if (other.index > one.index) {
    start = climb(source, one, key, steps, other.index === one.index + 1);
    if (other.index > one.index + 1) {
      if (one === source && !source.ports.length) start = "right";
      else steps.push(gap(common, one.index, key));
      steps.push(track(common, "right", one.index + (one === source ? 0 : 1), other.index - 1, key));
    }
    steps.push(gap(common, other.index - 1, key));
    descend(target, other, key, steps);
  } else {
    start = one === source ? "left" : climb(source, one, key, steps, false);
    if (one !== source) steps.push(gap(common, one.index, key));
    steps.push(track(common, "left", other.index, one.index, key));
    if (other === target) end = "left";
    else { steps.push(gap(common, other.index - 1, key)); descend(target, other, key, steps); }
  }
  // Right above the branches that it leads to, a condition may send its lines sideways and down.
  return { start, steps, end, above: one === source && other.type === "row" };
}

// From a figure to below the item `top` that holds it.
function climb(source, top, key, steps) {
  let start = "bottom";
  for (let node = source; node !== top; node = node.parent) {
    const around = node.parent;
    if (around.type === "row" || node.index === around.items.length - 1) continue;
    if (node === source && !source.ports.length) start = "right";
    else steps.push(gap(around, node.index, key));
    steps.push(track(around, "right", node.index + (node === source ? 0 : 1), around.items.length - 1, key));
  }
  return start;
}

// From above the item `top` to a figure in it.
function descend(target, top, key, steps) {
  const path = [];
  for (let node = target; node !== top; node = node.parent) path.push(node);
  for (const node of path.reverse()) {
    const around = node.parent;
    if (around.type === "row" || node.index === 0) continue;
    steps.push(gap(around, -1, key));
    steps.push(track(around, "left", 0, node.index - 1, key));
    steps.push(gap(around, node.index - 1, key));
  }
}

function gap(node, index, key) {
  if (!node.gaps.has(index)) node.gaps.set(index, new Map());
  const lines = node.gaps.get(index);
  if (!lines.has(key)) lines.set(key, lines.size);
  return { type: "gap", node, index, key };
}

// Arrows to one target share a track; it grows to hold all of them.
function track(node, side, from, to, key) {
  const known = node.tracks[side].find((one) => one.key === key);
  if (known) {
    known.from = Math.min(known.from, from);
    known.to = Math.max(known.to, to);
    return { type: "track", track: known };
  }
  const made = { key, from, to, side, node, at: 0 };
  node.tracks[side].push(made);
  return { type: "track", track: made };
}

// Sizes -----------------------------------------------------------------------------------------------------------

// Work out how far a node reaches from its axis to the left and right, and how high it is.
function size(node, measure) {
  if (node.type === "figure") return sizeFigure(node, measure);
  node.items.forEach((item) => size(item, measure));
  if (node.type === "row") return sizeRow(node);
  let y = node.frame ? TITLE : 0;
  y += gapHeight(node, -1) && gapHeight(node, -1) - 8;
  node.offsets = [];
  node.items.forEach((item, index) => {
    node.offsets.push(y);
    y += item.height;
    if (index < node.items.length - 1 || node.gaps.has(index)) y += gapHeight(node, index) || GAP;
  });
  node.height = y + (node.frame ? PAD : 0);
  for (const side of ["left", "right"]) {
    const tracks = node.tracks[side].sort((one, other) => (one.to - one.from) - (other.to - other.from));
    let reach = Math.max(10, ...node.items.map((item) => item[side]));
    tracks.forEach((one, number) => {
      let at = 0;
      for (let index = one.from; index <= one.to; index++) at = Math.max(at, node.items[index][side]);
      at += TRACK;
      for (const other of tracks.slice(0, number)) {
        if (other.from <= one.to + 1 && one.from <= other.to + 1) at = Math.max(at, other.at + TRACK);
      }
      one.at = at;
      reach = Math.max(reach, at + (side === "right" ? 4 : 4));
    });
    node[side] = reach + (node.frame ? PAD : 0);
  }
}

function gapHeight(node, index) {
  const lines = node.gaps.get(index);
  return lines ? GAP + LINE * (lines.size - 1) + (node.items[index + 1] && node.items[index + 1].frame ? 4 : 0) : 0;
}

function sizeFigure(node, measure) {
  const box = measure(node.figure);
  Object.assign(node, { width: box.width, height: box.height, left: box.width / 2, right: box.width / 2 });
  let below = 0;
  for (const port of node.ports) {
    const small = measure(port);
    port.box = { width: small.width, height: small.height, x: node.width / 2 + 34 + small.width / 2, y: below + small.height / 2 };
    node.right = Math.max(node.right, node.width / 2 + 34 + small.width);
    below += small.height + 6;
  }
  node.height = Math.max(node.height, below - 6);
  node.tall = box.height;
}

function sizeRow(node) {
  let x = 0;
  node.axes = [];
  node.height = 0;
  node.items.forEach((item, index) => {
    x += index ? COLUMN : 0;
    node.axes.push(x + item.left);
    x += item.left + item.right;
    node.height = Math.max(node.height, item.height);
  });
  // The axis runs through the middle of the outermost axes, so that the branches stand symmetrically.
  const middle = (node.axes[0] + node.axes[node.axes.length - 1]) / 2;
  node.axes = node.axes.map((axis) => axis - middle);
  node.left = middle;
  node.right = x - middle;
}

// Coordinates -----------------------------------------------------------------------------------------------------

function place(node, x, y, boxes, frames) {
  node.x = x;
  node.y = y;
  if (node.type === "figure") {
    boxes.push({ figure: node.figure, x, y: y + node.tall / 2, width: node.width, height: node.tall, node });
    for (const port of node.ports) {
      boxes.push({ figure: port, x: x + port.box.x, y: y + port.box.y, width: port.box.width, height: port.box.height, node });
    }
  } else if (node.type === "row") {
    node.items.forEach((item, index) => place(item, x + node.axes[index], y, boxes, frames));
  } else {
    if (node.frame) {
      frames.push({ cluster: node.frame, x: x - node.left, y, width: node.left + node.right, height: node.height });
    }
    node.items.forEach((item, index) => place(item, x, y + node.offsets[index], boxes, frames));
  }
}

function gapY(step) {
  const { node, index, key } = step;
  const number = node.gaps.get(index).get(key);
  if (index < 0) return node.y + (node.frame ? TITLE : 0) - 6 + LINE * number;
  const item = node.items[index];
  return node.y + node.offsets[index] + item.height + 11 + LINE * number;
}

function trackX(track) {
  return track.node.x + (track.side === "left" ? -track.at : track.at);
}

// The corners of an arrow, from a box to a box.
function corners(route, from, to) {
  const half = from.width / 2;
  const straight = route.steps.length === 1 && route.start === "bottom" && route.end === "top" && route.steps[0].type === "gap";
  if (route.free) return [[from.x + half, from.y], [to.x + to.width / 2 + 30, (from.y + to.y) / 2], [to.x + to.width / 2, to.y]];
  const top = to.y - to.height / 2, away = to.x - from.x;
  if (straight && Math.abs(away) < 1) return [[from.x, from.y + from.height / 2], [to.x, top]];
  if (straight && route.above && from.figure.forks && Math.abs(away) > half + 8) {
    const side = away < 0 ? -1 : 1;
    return [[from.x + side * half, from.y], [to.x, from.y], [to.x, top]];
  }
  const points = [];
  let x = from.x, y = from.y + from.height / 2;
  if (route.start === "right") { x = from.x + half; y = from.y; }
  if (route.start === "left") { x = from.x - half; y = from.y; }
  points.push([x, y]);
  route.steps.forEach((step, number) => {
    if (step.type === "track") {
      x = trackX(step.track);
      points.push([x, y]);
    } else {
      y = gapY(step);
      points.push([x, y]);
      const next = route.steps[number + 1];
      if (!next) { x = to.x; points.push([x, y]); }
    }
  });
  if (route.end === "left") {
    points.push([x, to.y], [to.x - to.width / 2, to.y]);
  } else {
    points.push([to.x, top]);
  }
  return points;
}

// All of it: positions of figures and frames, corners of arrows.
function layout(model, collapsed, arrows, measure) {
  const tree = treeOf(model, collapsed);
  const places = new Map();
  const walk = (node) => {
    if (node.type === "figure") { places.set(node.key, node); return; }
    node.items.forEach(walk);
  };
  walk(tree);
  const routed = arrows.map((arrow) => {
    const source = places.get(arrow.source), target = places.get(arrow.target);
    return { arrow, route: source && target ? routeOf(source, target, arrow.target) : null };
  });
  size(tree, measure);
  const boxes = [], frames = [];
  place(tree, 0, 0, boxes, frames);
  const byKey = new Map(boxes.map((box) => [box.figure.key, box]));
  const lines = [];
  for (const { arrow, route } of routed) {
    const from = byKey.get(arrow.source), to = byKey.get(arrow.target);
    if (!from || !to) continue;
    const points = route ? corners(route, from, to) : beside(from, to);
    lines.push({ arrow, points });
  }
  const left = -tree.left, right = tree.right;
  return { boxes, frames, lines, bounds: { x: left - 20, y: -20, width: right - left + 40, height: tree.height + 40 } };
}

// An arrow to a port: from the side of its figure.
function beside(from, to) {
  const x = from.x + from.width / 2, middle = x + 14;
  if (Math.abs(to.y - from.y) < 1) return [[x, from.y], [to.x - to.width / 2, to.y]];
  return [[x, from.y], [middle, from.y], [middle, to.y], [to.x - to.width / 2, to.y]];
}

if (typeof module !== "undefined") module.exports = { layout };
