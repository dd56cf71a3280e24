// Fixtures as boxes, whoever asks on the left and whoever answers on the right. Each box is a link to its fixture.
const BOX = { width: 190, height: 40, gap: 12, between: 70 };

function layersOf(nodes, links) {
  const layer = nodes.map(() => 0);
  for (let round = 0; round < nodes.length; round++) {
    let moved = false;
    for (const [source, target] of links) {
      if (source !== target && layer[target] <= layer[source] && layer[source] < nodes.length) { layer[target] = layer[source] + 1; moved = true; }
    }
    if (!moved) break;
  }
  const layers = [];
  layer.forEach((number, node) => { (layers[number] ||= []).push(node); });
  return layers.filter(Boolean);
}
function ordered(layers, links) {
  const place = new Map();
  const number = (nodes) => nodes.forEach((node, at) => place.set(node, at));
  layers.forEach(number);
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const nodes of sweep % 2 ? [...layers].reverse() : layers) {
      const weight = new Map(nodes.map((node) => {
        const near = links.filter(([source, target]) => source === node || target === node).map(([source, target]) => place.get(source === node ? target : source));
        return [node, near.length ? near.reduce((sum, one) => sum + one, 0) / near.length : place.get(node)];
      }));
      nodes.sort((a, b) => weight.get(a) - weight.get(b) || place.get(a) - place.get(b));
      number(nodes);
    }
  }
  return layers;
}
function drawNetwork(nodes, links, label, layers, center) {
  const rows = Math.max(...layers.map((one) => one.length)), height = rows * (BOX.height + BOX.gap) + BOX.gap;
  const width = layers.length * BOX.width + (layers.length - 1) * BOX.between + 2 * BOX.gap, spot = new Map();
  layers.forEach((layer, column) => layer.forEach((node, at) => {
    const top = (height - layer.length * (BOX.height + BOX.gap) + BOX.gap) / 2 + at * (BOX.height + BOX.gap);
    spot.set(node, [BOX.gap + column * (BOX.width + BOX.between), top]);
  }));
  const curves = links.map(([source, target, via, tests]) => {
    const [x1, y1] = spot.get(source), [x2, y2] = spot.get(target), begin = x1 + BOX.width, middle = BOX.height / 2, bend = Math.max(30, Math.abs(x2 - begin) / 2);
    return draw("path", { d: `M${begin} ${y1 + middle}C${begin + bend} ${y1 + middle} ${x2 - bend} ${y2 + middle} ${x2} ${y2 + middle}`, class: via },
      draw("title", {}, via + (tests === undefined ? "" : ", in " + tests + " tests")));
  });
  const boxes = nodes.map((at, node) => {
    const one = fixtures[at], [x, y] = spot.get(node), cost = one.cost ? seconds(one.cost.run) + " in a run" : one.setups + " set-ups";
    return draw("a", { href: address(at), class: one.scope + (node === center ? " center" : "") + (one.unused ? " unused" : "") },
      draw("title", {}, one.id), draw("rect", { x, y, width: BOX.width, height: BOX.height, rx: 6 }),
      draw("text", { x: x + 8, y: y + 17 }, shorten(called(at), 24)), draw("text", { x: x + 8, y: y + 32, class: "small" }, one.scope + " · " + cost));
  });
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, curves, boxes);
  return make("div", { class: "net", tabindex: "0", role: "region", "aria-label": label }, svg);
}
function buildNetwork() {
  const nodes = data.network.fixtures, linked = new Set(data.network.links.flatMap(([source, target]) => [source, target]));
  const kept = nodes.map((_, node) => node).filter((node) => linked.has(node)), place = new Map(kept.map((node, at) => [node, at]));
  const links = data.network.links.map(([source, target, ...rest]) => [place.get(source), place.get(target), ...rest]);
  const shown = kept.map((node) => nodes[node]), alone = nodes.filter((_, node) => !linked.has(node));
  if (!nodes.length) return;
  show("network",
    make("p", { class: "about" }, "The " + nodes.length + " fixtures that matter most; whoever asks stands left of whoever answers. Open one to walk on from it." + (data.network.left_out ? " " + data.network.left_out + " others are not in the picture." : "")),
    legend(),
    shown.length ? drawNetwork(shown, links, "Graph of fixtures", ordered(layersOf(shown, links), links)) : "",
    alone.length ? make("p", {}, "Without a link to any of these: ", alone.flatMap((at, number) => [number ? ", " : "", link(at)])) : "");
}
