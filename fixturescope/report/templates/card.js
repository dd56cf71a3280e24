// All that is known of one fixture, over the page; its neighbours are links, so one can walk on.
const card = document.getElementById("card");
const NEAR = 8;

function neighbourhood(at) {
  const one = fixtures[at], left = (one.needed_by || []).slice(0, NEAR), right = (one.needs || []).slice(0, NEAR);
  if (!left.length && !right.length) return "";
  const nodes = [...left.map(([other]) => other), at, ...right.map(([other]) => other)], center = left.length;
  const links = [...left.map(([, via, tests], node) => [node, center, via, tests]), ...right.map(([, via, tests], node) => [center, center + 1 + node, via, tests])];
  const layers = [left.map((_, node) => node), [center], right.map((_, node) => center + 1 + node)].filter((layer) => layer.length);
  return drawNetwork(nodes, links, "Neighbours of " + one.name, layers, center);
}
function list(title, items) { return items && items.length ? [make("h3", {}, title), make("ul", {}, items.map((item) => make("li", {}, item)))] : []; }
function neighbours(title, rows) {
  return list(title, (rows || []).map(([other, via, tests]) => [link(other), " ", scope(fixtures[other].scope), " " + via + (tests ? ", in " + tests + (tests === 1 ? " test" : " tests") : ""), fixtures[other].cost ? ", " + seconds(fixtures[other].cost.run) + " in a run" : ""]));
}
function tiles(one) {
  const cost = one.cost || {}, shown = [
    ["in a full run", one.cost && seconds(cost.run)], ["of all fixtures", one.cost && percent(cost.share)],
    ["place", one.cost && (cost.best === cost.worst ? cost.best : cost.best + "–" + cost.worst)],
    ["set-ups", one.setups], ["test items", one.usage], ["first set-up", one.cost && seconds(cost.first)], ["set-up", one.cost && seconds(cost.setup)],
    ["with needs", one.cost && seconds(cost.waits)], ["teardown", one.cost && seconds(cost.teardown)], ["peak", cost.peak !== undefined && bytes(cost.peak)],
    ["retained", cost.retained !== undefined && bytes(cost.retained)], ["leaks", cost.leaked !== undefined && bytes(cost.leaked)],
    ["GPU", cost.gpu !== undefined && bytes(cost.gpu)], ["recorded in a run", one.recorded !== undefined && seconds(one.recorded)],
  ].filter(([, value]) => value !== undefined && value !== false && value !== null);
  return make("dl", { class: "tiles" }, shown.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value)))));
}
function measurement(one) {
  const parts = [];
  if (one.reason) parts.push(make("pre", {}, one.reason));
  const facts = [one.setup && "set-up " + seconds(one.setup[1]) + ", first " + seconds(one.setup[0]) + ", " + (one.setup.length - 2) + " samples", one.teardown && "teardown " + seconds(one.teardown[1]) + ", first " + seconds(one.teardown[0]),
    one.memory && "peak " + bytes(one.memory[0]) + ", with needs " + bytes(one.memory[1]) + ", retained " + bytes(one.memory[2]) + ", left after teardown " + bytes(one.memory[3]) + ", " + one.memory[4] + " allocations",
    one.no_memory && "no memory figures: " + one.no_memory, one.rss && "resident memory grew by " + bytes(one.rss) + " at its peak",
    ...(one.gpu || []).map(([device, allocated, peak, leaked]) => device + ": allocated " + bytes(allocated) + ", peak " + bytes(peak) + ", leaked " + bytes(leaked)),
    one.carrier && "set up for " + one.carrier + (one.isolation ? " (" + one.isolation + ")" : ""),
    one.imports && "imports " + one.imports.join(", ") + (one.more_imports ? " and " + one.more_imports + " more" : ""), one.left && "left running: " + one.left.join(", ")].filter(Boolean);
  parts.push(make("ul", {}, facts.map((fact) => make("li", {}, fact))));
  if (one.sites && one.sites.length) {
    const most = one.sites[0][0] || 1;
    parts.push(make("details", {}, make("summary", {}, "What holds its memory at the peak"), make("table", { class: "plot" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "number" }, "bytes"), make("th", { scope: "col", class: "number" }, "allocations"), make("th", { scope: "col" }, "place, and below it who called"), make("th", { scope: "col" }, "share"))),
      make("tbody", {}, one.sites.map(([size, count, ...stack]) => make("tr", {}, make("td", { class: "number" }, bytes(size)), make("td", { class: "number" }, String(count)),
        make("td", {}, make("code", {}, stack.flatMap((frame, depth) => [depth ? make("br") : "", data.frames[frame]]))), strip([draw("rect", { x: 0, width: 1000 * size / most, y: 3, height: 12, class: "peak" })], bytes(size))))))));
  }
  return make("section", {}, make("h4", {}, make("span", { class: "badge " + one.status }, one.status), one.param === undefined ? "" : " with " + one.param), parts);
}
function showCard(at) {
  const one = fixtures[at], why = (one.why || []).map(([via, name, target]) => [name, " (" + via + ") → ", typeof target === "number" ? link(target) : target, typeof target === "number" ? make("span", { class: "where" }, " " + fixtures[target].where) : ""]);
  const timed = samplesOf(one).length ? timesOf([at]) : [];
  card.replaceChildren(
    make("div", { class: "head" }, make("h2", { id: "card-title", tabindex: "-1" }, one.name), scope(one.scope), make("button", { type: "button", onclick: () => card.close() }, "Close")),
    make("p", {}, make("code", { class: "where" }, one.where), " ", [one.autouse && "autouse", one.is_async && "async", one.teardown && "has a teardown", one.category, one.plugin && "of " + one.plugin, one.origin === "generated" && "generated", one.params && (one.params < 0 ? "an unknown number of parameters" : one.params + " parameters")].filter(Boolean).join(" · ")),
    one.doc ? make("p", {}, one.doc) : "",
    tiles(one),
    ...list("Advice", (one.changes || []).map((place) => make("a", { href: "#change-" + place, onclick: () => card.close() }, place + ". " + data.changes[place]))),
    ...(one.why_unused ? list("Why it is unused", [one.why_unused]) : []),
    neighbourhood(at),
    ...list("Why it is set up, in the first test that uses it", why.length ? [[make("code", {}, one.tests[0])], ...why] : []),
    ...neighbours("It asks for", one.needs), ...neighbours("It is asked for by", one.needed_by),
    ...list("Used by " + one.users + (one.users === 1 ? " test function" : " test functions"), (one.tests || []).map((test) => make("code", {}, test))),
    ...list("Others of this name", [...(one.namesakes || []).map((other) => [link(other), " ", make("span", { class: "where" }, fixtures[other].where)]), ...(one.more_namesakes ? ["and " + one.more_namesakes + " more"] : [])]),
    ...list("What made it", one.made),
    ...(one.measured ? [make("h3", {}, "Measured"), ...timed, ...one.measured.map(measurement)] : []),
    make("p", { class: "about" }, one.id),
  );
  if (!card.open) card.showModal();
  card.scrollTop = 0;
  document.getElementById("card-title").focus();
}
function follow() {
  const found = /^#fixture=(.*)$/.exec(location.hash);
  let at;
  try { at = found ? byId.get(decodeURIComponent(found[1])) : undefined; } catch { at = undefined; }
  if (at !== undefined) showCard(at);
  else if (card.open) card.close();
}
function buildCard() {
  card.addEventListener("close", () => {
    if (location.hash.startsWith("#fixture=")) history.pushState(null, "", location.pathname + location.search);
  });
  card.addEventListener("click", (event) => { if (event.target === card) card.close(); });
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  follow();
}
