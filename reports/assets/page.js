"use strict";
// Sorts and filters tables, steps through prediction pictures, draws plots (uPlot). Without it a page shows everything as is.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const make = (name, given = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), given);
  made.append(...inside);
  return made;
};
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");

// Tables: a click on a heading sorts, a third one restores the order of the page.

function cellValue(row, at, words) {
  const text = row.cells[at].textContent.trim().replace(/\u2212/g, "-");
  if (text === "\u2013" || text === "") return null;
  const number = words ? null : text.match(/^[^\d+-]*([+-]?\d+(?:\.\d+)?)/);
  return number ? Number(number[1]) : text;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

function sortable(table) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], order = [...body.rows];
  if (order.length < 3) return;
  heads.forEach((head, at) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort || "none"];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      table.classList.toggle("sorted", next !== "none");
      let rows = order;
      if (next !== "none") {
        head.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1, words = head.classList.contains("name");
        rows = order.map((row) => [cellValue(row, at, words), row]);
        // Cells without a value stay last.
        rows.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
        rows = rows.map(([, row]) => row);
      }
      body.append(...rows);
    });
  });
}

const LONG = 20; // rows, from which on a table has a filter

function filterable(table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < LONG) return;
  const words = rows.map((row) => row.textContent.toLowerCase());
  const input = make("input", { type: "search", size: 18 }), told = make("span", { className: "quiet" });
  told.setAttribute("role", "status");
  const controls = make("div", { className: "controls" }, make("label", {}, "words ", input));
  const chosen = [];
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    if (!head.classList.contains("select")) return;
    const values = [...new Set(rows.map((row) => row.cells[at].textContent.trim()))].sort(compare);
    const select = make("select", {}, make("option", { value: "" }, "all"), ...values.map((value) => make("option", {}, value)));
    chosen.push((row) => !select.value || row.cells[at].textContent.trim() === select.value);
    controls.append(make("label", {}, `${head.textContent.trim()} `, select));
    select.addEventListener("change", show);
  });
  function show() {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, at) => {
      row.hidden = !(wanted.every((word) => words[at].includes(word)) && chosen.every((fits) => fits(row)));
    });
    told.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  }
  input.addEventListener("input", show);
  controls.append(told);
  table.closest(".table").prepend(controls);
  show();
}

// A table that is wider than its box can be reached and scrolled by keyboard.
function reachable() {
  all(".wide").forEach((box) => {
    const wider = box.scrollWidth > box.clientWidth + 1;
    if (wider) Object.entries({ tabindex: 0, role: "region", "aria-label": "table, scrolls sideways" }).forEach((pair) => box.setAttribute(...pair));
    else ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
  });
}

// Prediction pictures: one board and one panel of its strip at a time, all inputs beside each other.

const VIEWS = ["pseudo-RGB", "truth", "prediction", "errors"];

function gallery(box) {
  const figures = all("figure", box), captures = [...new Set(figures.map((figure) => figure.dataset.capture))];
  const range = (max, value) => make("input", { type: "range", min: 0, max, value, step: 1 });
  const board = range(captures.length - 1, 0), view = range(VIEWS.length - 1, 2);
  const boardSaid = make("output"), viewSaid = make("output");
  function show() {
    const capture = captures[board.value];
    figures.forEach((figure) => { figure.hidden = figure.dataset.capture !== capture; });
    box.style.setProperty("--view", view.value);
    boardSaid.textContent = capture;
    viewSaid.textContent = VIEWS[view.value];
    board.setAttribute("aria-valuetext", capture);
    view.setAttribute("aria-valuetext", VIEWS[view.value]);
  }
  [board, view].forEach((slider) => slider.addEventListener("input", show));
  const controls = make("div", { className: "controls" }, make("label", {}, "picture ", view), viewSaid);
  if (captures.length > 1) controls.append(make("label", {}, "board ", board), boardSaid);
  box.before(controls);
  box.classList.add("live");
  show();
}

// Plots: panels of series (boardbench.report.plots says what they hold).

const written = (value) => String(Number(value.toPrecision(3)));

function ticks(low, high) {
  const found = [], steps = high > 10 * low ? [1, 2, 5] : [1, 1.5, 2, 3, 5, 7];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) found.push(Number((step * 10 ** power).toPrecision(2)));
  }
  return found.filter((value) => value >= low && value <= high);
}

function axisOf(given, side) {
  const axis = { side, label: given.label, labelSize: 20, labelGap: 0, size: side === 3 ? 44 : 28, stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  axis.font = axis.labelFont = `12px ${getComputedStyle(document.body).fontFamily}`;
  axis.values = (_, splits) => splits.map((value) => (value === null ? "" : written(value)));
  if (given.log) Object.assign(axis, { splits: (_, __, low, high) => ticks(low, high), filter: (_, splits) => splits });
  return axis;
}

function scaleOf(given, values) {
  const known = values.filter((value) => value !== null && (!given.log || value > 0));
  let low = given.min ?? Math.min(...known), high = given.max ?? Math.max(...known);
  const room = given.log ? (high / low) ** 0.05 || 1.1 : (high - low || Math.abs(high) || 1) * 0.05;
  if (given.min === undefined) low = given.log ? low / Math.max(room, 1.01) : low - room;
  if (given.max === undefined) high = given.log ? high * Math.max(room, 1.01) : high + room;
  return { time: false, distr: given.log ? 3 : 1, range: [low, high] };
}

// uPlot draws over one ascending x: points are sorted, and equal ones moved apart by less than a pixel.
function sorted(series, nudge) {
  const points = series.x.map((x, at) => ({ x, y: series.y[at], low: series.low?.[at], high: series.high?.[at] }));
  const kept = points.filter((point) => point.x !== null).sort((a, b) => a.x - b.x);
  kept.forEach((point, at) => { if (at && point.x <= kept[at - 1].x) point.x = kept[at - 1].x + nudge; });
  return kept;
}

function drawPanel(given, holder, off, alt) {
  const xs = given.series.flatMap((one) => one.x), ys = given.series.flatMap((one) => [...one.y, ...(one.low || []), ...(one.high || [])]);
  const nudge = 1e-7 * (Math.max(...xs) - Math.min(...xs) || 1);
  const lines = given.series.map((one) => ({ ...one, points: sorted(one, nudge), ink: one.colour === "#000000" ? color("--text") : one.colour }));
  if (given.title) holder.append(make("p", {}, given.title));
  const look = (line) => {
    const dots = line.show === "points";
    const common = { stroke: line.ink, show: !off.has(line.group), spanGaps: true, width: line.step || !line.name ? 1 : 1.5 };
    if (line.dash) common.dash = [2, 3];
    if (line.step) common.paths = uPlot.paths.stepped({ align: 1 });
    if (dots) common.paths = () => null;
    common.points = { show: dots, size: 9, width: 1.5, stroke: line.ink, fill: line.hollow ? color("--page") : line.ink };
    return common;
  };
  function over(plot) {
    const { ctx, bbox } = plot;
    const at = (value, axis) => plot.valToPos(value, axis, true);
    const stroke = (ink, dash, path) => {
      ctx.save(); ctx.strokeStyle = ink; ctx.lineWidth = devicePixelRatio; ctx.setLineDash(dash); ctx.beginPath(); path(); ctx.stroke(); ctx.restore();
    };
    lines.filter((line) => line.low && !off.has(line.group)).forEach((line) => line.points.forEach((point) => {
      stroke(line.ink, [], () => { ctx.moveTo(at(point.x, "x"), at(point.low, "y")); ctx.lineTo(at(point.x, "x"), at(point.high, "y")); });
    }));
    (given.marks || []).forEach((mark) => {
      const x = at(mark.x, "x");
      stroke(color("--quiet"), [4, 4], () => { ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); });
      ctx.save(); ctx.fillStyle = color("--quiet"); ctx.font = `${11 * devicePixelRatio}px sans-serif`; ctx.textAlign = "right";
      ctx.fillText(mark.label, x - 4 * devicePixelRatio, bbox.top + bbox.height - 6 * devicePixelRatio); ctx.restore();
    });
  }
  const options = {
    width: holder.clientWidth, height: parseInt(getComputedStyle(holder).getPropertyValue("--height")) || 250, padding: [8, 8, 0, 0],
    legend: { show: false }, cursor: { show: false },
    scales: { x: scaleOf(given.x, [...xs, ...(given.marks || []).map((mark) => mark.x)]), y: scaleOf(given.y, ys) },
    axes: [axisOf(given.x, 2), axisOf(given.y, 3)],
    series: [{}, ...lines.map(look)],
    hooks: { draw: [over] },
  };
  const table = (line) => [line.points.map((point) => point.x), line.points.map((point) => (given.y.log && point.y <= 0 ? null : point.y))];
  const plot = new uPlot(options, uPlot.join(lines.map(table)), holder);
  pointed(plot, given, lines.filter((line) => line.name && !off.has(line.group)), alt);
}

// The pointer, or the arrow keys, name the nearest point.
function pointed(plot, given, lines, alt) {
  const points = lines.flatMap((line) => line.points.filter((point) => point.y !== null).map((point) => ({ ...point, name: line.name })));
  const tip = make("div", { className: "tip", hidden: true }), ring = make("div", { className: "ring", hidden: true });
  tip.setAttribute("role", "status");
  plot.over.append(tip, ring);
  Object.entries({ tabindex: 0, role: "group", "aria-label": `${alt} Arrow keys step through its points.` }).forEach((pair) => plot.over.setAttribute(...pair));
  const place = (point) => [plot.valToPos(point.x, "x"), plot.valToPos(point.y, "y")];
  let at = -1;
  function show(next) {
    at = next;
    tip.hidden = ring.hidden = at < 0;
    if (at < 0) return;
    const [x, y] = place(points[at]), left = x > plot.over.clientWidth / 2;
    tip.replaceChildren(make("b", {}, points[at].name), make("br"), `${given.y.label}: ${written(points[at].y)}`, make("br"), `${given.x.label}: ${written(points[at].x)}`);
    Object.assign(tip.style, { left: left ? "" : `${x + 12}px`, right: left ? `${plot.over.clientWidth - x + 12}px` : "", top: `${Math.min(y, plot.over.clientHeight - 60)}px` });
    Object.assign(ring.style, { left: `${x}px`, top: `${y}px` });
  }
  plot.over.addEventListener("pointermove", (event) => {
    const box = plot.over.getBoundingClientRect();
    let best = -1, least = 40;
    points.forEach((point, index) => {
      const [x, y] = place(point), away = Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top);
      if (away < least) [best, least] = [index, away];
    });
    show(best);
  });
  plot.over.addEventListener("pointerleave", () => show(-1));
  plot.over.addEventListener("blur", () => show(-1));
  plot.over.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !points.length) return;
    event.preventDefault();
    show((at + step + points.length) % points.length);
  });
}

function plotted(figure) {
  const panels = JSON.parse(figure.querySelector("script").textContent), alt = figure.querySelector("img").alt;
  const box = make("div", { className: "panels" }), chips = make("div", { className: "chips" }), off = new Set();
  const groups = new Map(panels.flatMap((panel) => panel.series).filter((one) => one.group).map((one) => [one.group, one.colour]));
  const draw = () => {
    const holders = panels.map(() => make("div", { className: "panel" }));
    box.replaceChildren(...holders);
    panels.forEach((panel, at) => drawPanel(panel, holders[at], off, alt));
  };
  groups.forEach((colour, group) => {
    const swatch = make("i");
    swatch.style.background = colour === "#000000" ? "var(--text)" : colour;
    const chip = make("button", { type: "button" }, swatch, group);
    chip.setAttribute("aria-pressed", "true");
    chip.addEventListener("click", () => {
      if (!off.delete(group)) off.add(group);
      chip.setAttribute("aria-pressed", String(!off.has(group)));
      draw();
    });
    chips.append(chip);
  });
  figure.prepend(chips, box);
  draw();
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth && box.clientWidth !== width) { width = box.clientWidth; draw(); }
  }).observe(box);
  dark.addEventListener("change", draw);
}

all(".table table").forEach((table) => { sortable(table); filterable(table); });
all(".gallery").forEach(gallery);
all("figure.plot").forEach(plotted);
reachable();
addEventListener("resize", reachable);
all("details").forEach((details) => details.addEventListener("toggle", reachable));
