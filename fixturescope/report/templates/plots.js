// One set-up of the fixtures that cost most: how long, how far it varies, and what it holds.
const PLOTTED = 25;

function samplesOf(one) { return (one.measured || []).filter((each) => each.setup); }
function quartile(sorted, share) {
  const at = (sorted.length - 1) * share, low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
function figures(one) {
  const measured = samplesOf(one);
  const all = measured.flatMap((each) => each.setup.length > 2 ? each.setup.slice(2) : [each.setup[1]]).sort((a, b) => a - b);
  return { all, cold: Math.max(...measured.map((each) => each.setup[0])), median: quartile(all, .5), low: quartile(all, .25), high: quartile(all, .75) };
}
function strip(shapes, words) {
  return make("td", { class: "strip plot" }, draw("svg", { viewBox: "0 0 1000 18", preserveAspectRatio: "none", role: "img", "aria-label": words }, shapes));
}
// Marks keep their shape however far the strip is stretched: each is a line of its own width, drawn with round ends.
function mark(x, kind) {
  return draw("line", { x1: x, x2: x, y1: kind === "dot" ? 9 : 2, y2: kind === "dot" ? 9 : 16, class: kind, "vector-effect": "non-scaling-stroke" });
}
function timePlot(rows) {
  const known = rows.map((at) => [at, figures(fixtures[at])]);
  const positive = known.flatMap(([, one]) => [one.all[0], one.cold]).filter((value) => value > 0);
  const least = Math.log10(Math.min(...positive)), most = Math.log10(Math.max(...known.map(([, one]) => Math.max(one.cold, one.all[one.all.length - 1]))));
  const x = (value) => 10 + 980 * (Math.log10(Math.max(value, 10 ** least)) - least) / Math.max(most - least, .1);
  return known.map(([at, one]) => {
    const last = one.all[one.all.length - 1];
    return make("tr", {}, make("th", { scope: "row" }, link(at)), make("td", { class: "number" }, seconds(one.median)),
      make("td", { class: "number medium" }, one.median ? "± " + percent((one.high - one.low) / one.median / 2) : ""),
      make("td", { class: "number medium" }, seconds(one.cold)),
      strip([
        draw("line", { x1: 0, x2: 1000, y1: 9, y2: 9, class: "axis", "vector-effect": "non-scaling-stroke" }),
        draw("rect", { x: x(one.all[0]), width: Math.max(x(last) - x(one.all[0]), 1), y: 6, height: 6, class: "box" }),
        draw("rect", { x: x(one.low), width: Math.max(x(one.high) - x(one.low), 2), y: 3, height: 12, class: "dot" }),
        mark(x(one.median), "median"), mark(x(one.cold), "cold"),
      ], "from " + seconds(one.all[0]) + " to " + seconds(last) + ", the first " + seconds(one.cold)));
  });
}
function memoryPlot(rows) {
  const most = Math.max(1, ...rows.map((at) => fixtures[at].cost.peak || 0));
  return rows.map((at) => {
    const one = fixtures[at].cost, wide = (value) => Math.max(0, 1000 * (value || 0) / most);
    return make("tr", {}, make("th", { scope: "row" }, link(at)), make("td", { class: "number" }, bytes(one.peak)),
      make("td", { class: "number medium" }, bytes(one.retained)), make("td", { class: "number medium" }, bytes(one.leaked)),
      strip([
        draw("rect", { x: 0, width: wide(one.peak), y: 3, height: 12, class: "peak" }),
        draw("rect", { x: 0, width: wide(one.retained), y: 6, height: 6, class: "retained" }),
        draw("rect", { x: 0, width: wide(one.leaked), y: 12, height: 4, class: "leaked" }),
      ], "peak " + bytes(one.peak) + ", retained " + bytes(one.retained) + ", leaks " + bytes(one.leaked)));
  });
}
function plotTable(label, heads, rows) {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, make("table", { class: "plot" },
    make("thead", {}, make("tr", {}, heads.map(([words, kind]) => make("th", { scope: "col", class: kind }, words)))), make("tbody", {}, rows)));
}
function key(kind, words) { return make("span", {}, make("span", { class: "key " + kind }), words); }
function timesOf(rows) {
  return [
    make("div", { class: "legend" }, key("", "all samples"), key("deep", "their middle half"), key("line", "median"), key("first", "the first in a process"), "logarithmic scale"),
    plotTable("Time by fixture", [["fixture"], ["median", "number"], ["spread", "number medium"], ["first", "number medium"], ["one set-up, itself alone", "strip"]], timePlot(rows)),
  ];
}
function memoriesOf(rows) {
  return [
    make("div", { class: "legend" }, key("", "peak"), key("deep", "retained"), key("bad", "leaks")),
    plotTable("Memory by fixture", [["fixture"], ["peak", "number"], ["retained", "number medium"], ["leaks", "number medium"], ["bytes, itself alone", "strip"]], memoryPlot(rows)),
  ];
}
function buildPlots() {
  const timed = fixtures.map((_, at) => at).filter((at) => samplesOf(fixtures[at]).length).slice(0, PLOTTED);
  if (timed.length) show("times", ...timesOf(timed));
  const held = fixtures.map((_, at) => at).filter((at) => fixtures[at].cost && fixtures[at].cost.peak).sort((a, b) => fixtures[b].cost.peak - fixtures[a].cost.peak).slice(0, PLOTTED);
  if (held.length) show("memories", ...memoriesOf(held));
}
