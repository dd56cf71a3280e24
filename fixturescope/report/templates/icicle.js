// Where the suite's fixture time goes: each part as wide as its share, its own parts below it.
const icicle = { by: "place", at: 0, focused: 0, boxes: new Map() };
const HEIGHT = 28, NARROWEST = 1.5;

function treeOf(by) {
  const rows = data.trees[by], parts = rows.map(() => []);
  rows.forEach(([, above], at) => { if (above >= 0) parts[above].push(at); });
  const depth = rows.map(() => 0);
  rows.forEach(([, above], at) => { if (above >= 0) depth[at] = depth[above] + 1; });
  return { rows, parts, depth };
}
function partLabel(tree, at) {
  const [name, , spent] = tree.rows[at];
  return (at ? name : "all fixtures") + " " + seconds(spent);
}
function drawIcicle(place, width) {
  const tree = treeOf(icicle.by), boxes = [], whole = tree.rows[icicle.at][2] || 1;
  icicle.boxes = new Map();
  const ancestors = [];
  for (let at = tree.rows[icicle.at][1]; at >= 0; at = tree.rows[at][1]) ancestors.unshift(at);
  const put = (at, left, wide, level) => {
    const [, , spent, fixture] = tree.rows[at], label = partLabel(tree, at);
    const box = make("button", {
      type: "button", tabindex: "-1", title: label + " (" + percent(spent / (tree.rows[0][2] || 1)) + ")",
      "aria-label": label + ", " + percent(spent / (tree.rows[0][2] || 1)) + (tree.parts[at].length ? ", " + tree.parts[at].length + " parts" : ""),
      class: (fixture === undefined ? "" : fixtures[fixture].scope) + (wide < 24 ? " tiny" : ""),
      onclick: () => pick(at), onkeydown: (event) => move(event, at), onfocus: () => rove(at),
    }, wide < 24 ? "" : label);
    box.style.left = left + "px";
    box.style.top = level * HEIGHT + "px";
    box.style.width = Math.max(wide - 1, 1) + "px";
    icicle.boxes.set(at, box);
    boxes.push(box);
  };
  const rest = (left, wide, level, count) => {
    const box = make("div", { class: "rest", title: count + " parts that are too narrow to show" });
    box.style.left = left + "px";
    box.style.top = level * HEIGHT + "px";
    box.style.width = wide - 1 + "px";
    boxes.push(box);
    deepest = Math.max(deepest, level);
  };
  let deepest = ancestors.length;
  ancestors.forEach((at, level) => put(at, 0, width, level));
  const waiting = [[icicle.at, 0, width, ancestors.length]];
  while (waiting.length) {
    const [at, left, wide, level] = waiting.pop();
    put(at, left, wide, level);
    deepest = Math.max(deepest, level);
    let begin = left, left_out = 0;
    for (const part of tree.parts[at]) {  // the largest first
      const share = width * tree.rows[part][2] / whole;
      if (share < NARROWEST) { left_out++; continue; }
      waiting.push([part, begin, share, level + 1]);
      begin += share;
    }
    if (left_out && left + wide - begin > 2) rest(begin, left + wide - begin, level + 1, left_out);
  }
  place.replaceChildren(...boxes);
  place.style.height = (deepest + 1) * HEIGHT + "px";
  if (!icicle.boxes.has(icicle.focused)) icicle.focused = icicle.at;
  icicle.boxes.get(icicle.focused).tabIndex = 0;

  function pick(at) {
    const fixture = tree.rows[at][3];
    if (fixture !== undefined) { location.hash = address(fixture); return; }
    icicle.at = icicle.focused = at;
    drawIcicle(place, width);
    icicle.boxes.get(at).focus();
  }
  function rove(at) {
    for (const box of icicle.boxes.values()) box.tabIndex = -1;
    icicle.boxes.get(at).tabIndex = 0;
    icicle.focused = at;
  }
  function move(event, at) {
    const above = tree.rows[at][1], siblings = (above < 0 ? [at] : tree.parts[above]).filter((one) => icicle.boxes.has(one)), here = siblings.indexOf(at);
    const to = { ArrowUp: above, ArrowDown: tree.parts[at].find((one) => icicle.boxes.has(one)), ArrowLeft: siblings[here - 1], ArrowRight: siblings[here + 1], Home: siblings[0], End: siblings[siblings.length - 1] }[event.key];
    if (event.key === "Escape") { event.preventDefault(); pick(0); return; }
    if (to !== undefined && icicle.boxes.has(to)) { event.preventDefault(); icicle.boxes.get(to).focus(); }
  }
}
function buildIcicle() {
  if (!data.trees.place || data.trees.place.length < 2) return;
  const boxes = make("div", { class: "boxes", role: "group", "aria-label": "Fixture time by part; arrow keys move, Enter opens, Escape shows all" });
  const [label] = select("divided by", [["place", "folder and file"], ["scope", "scope"], ["category", "category"]], "place", (value) => {
    Object.assign(icicle, { by: value, at: 0, focused: 0 });
    drawIcicle(boxes, boxes.clientWidth);
  });
  show("icicle", make("div", { class: "tools" }, label), legend(), boxes,
    make("p", { class: "about" }, "The wider, the longer in a full run. Click a part to look into it, a part above to go back, a fixture to see what is known of it."));
  redrawn(boxes, (width) => drawIcicle(boxes, width));
}
