// The table of all fixtures: sorted and filtered as a whole, shown page by page.
const COLUMNS = [
  { name: "fixture", key: (one) => one.name.toLowerCase(), text: true, cell: (one, at) => [link(at, one.name), one.autouse ? " autouse" : "", one.params ? " × " + (one.params < 0 ? "?" : one.params) : ""] },
  { name: "full run", cost: "run", cell: (one) => [one.cost ? seconds(one.cost.run) : "–"] },
  { name: "share", cost: "share", class: "medium", cell: (one) => [one.cost ? percent(one.cost.share) : "–"] },
  { name: "set-ups", key: (one) => one.setups, cell: (one) => [String(one.setups)] },
  { name: "usage", key: (one) => one.usage, class: "medium", cell: (one) => [String(one.usage)] },
  { name: "scope", key: (one) => data.scopes.indexOf(one.scope), text: true, cell: (one) => [scope(one.scope)] },
  { name: "category", key: (one) => one.category || one.plugin || one.origin || "", text: true, class: "wide", cell: (one) => [one.category || one.plugin || one.origin || ""] },
  { name: "first", cost: "first", class: "wide", cell: (one) => [one.cost ? seconds(one.cost.first) : "–"] },
  { name: "set-up", cost: "setup", class: "medium", cell: (one) => [one.cost ? seconds(one.cost.setup) : "–"] },
  { name: "with needs", cost: "waits", class: "wide", cell: (one) => [one.cost ? seconds(one.cost.waits) : "–"] },
  { name: "peak", cost: "peak", class: "medium", cell: (one) => [one.cost ? bytes(one.cost.peak) : "–"] },
  { name: "retained", cost: "retained", class: "wide", cell: (one) => [one.cost ? bytes(one.cost.retained) : "–"] },
  { name: "leaks", cost: "leaked", class: "wide", cell: (one) => [one.cost ? bytes(one.cost.leaked) : "–"] },
  { name: "GPU", cost: "gpu", class: "wide", cell: (one) => [one.cost ? bytes(one.cost.gpu) : "–"] },
  { name: "status", key: (one) => status(one), text: true, class: "medium", cell: (one) => statusBadges(one) },
  { name: "where", key: (one) => one.where, text: true, class: "wide where", cell: (one) => [one.where] },
].filter((column) => !column.cost || fixtures.some((one) => one.cost && one.cost[column.cost] !== undefined));

function status(one) {
  const measured = one.status || (data.measured ? "not measured" : one.unused ? "" : "used");
  return [one.unused ? (one.unused === "certain" ? "unused" : "possibly unused") : "", measured].filter(Boolean).join(", ");
}
function statusBadges(one) {
  const badge = (kind, words) => make("span", { class: "badge " + kind }, words);
  const measured = one.status ? badge(one.status, one.status.replace("_", " ")) : data.measured ? make("small", {}, "not measured") : "";
  return [one.unused ? badge("unused", one.unused === "certain" ? "unused" : "possibly unused") : "", " ", measured].filter(Boolean);
}
function valueOf(column, one) {
  if (!column.cost) return column.key(one);
  const value = one.cost ? one.cost[column.cost] : undefined;
  return value === undefined || value === null ? -Infinity : value;
}

const PRINTED = 500;
const isOwn = (one) => !one.plugin && one.origin !== "builtin";
const SHOWN = {
  near: ["the project's own, and used", (one) => isOwn(one) || one.usage > 0 || !!one.status],
  all: ["all", () => true],
  own: ["the project's own", isOwn],
  used: ["used", (one) => one.usage > 0],
  unused: ["unused", (one) => !!one.unused],
  measured: ["measured", (one) => !!one.cost],
  failed: ["not measured, or failed", (one) => !one.cost || (one.status && one.status !== "ok")],
};
// What words are looked for in, one text a fixture.
const TEXTS = fixtures.map((one) => [one.name, one.id, one.where, one.category || "", one.plugin || ""].join(" ").toLowerCase());
const table = { sorted: COLUMNS.findIndex((one) => one.name === (data.measured ? "full run" : "set-ups")), down: true, page: 0, rows: 50, words: "", scope: "", category: null, shown: "near", order: [] };

function matching() {
  const words = table.words.toLowerCase().split(/\s+/).filter(Boolean), accept = SHOWN[table.shown][1];
  const found = [];
  fixtures.forEach((one, at) => {
    if (table.scope && one.scope !== table.scope) return;
    if (table.category !== null && (one.category || "") !== table.category) return;
    if (!accept(one)) return;
    if (words.every((word) => TEXTS[at].includes(word))) found.push(at);
  });
  const column = COLUMNS[table.sorted], keys = fixtures.map((one) => valueOf(column, one)), sign = table.down ? -1 : 1;
  return found.sort((a, b) => (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b));
}

function row(at) {
  const one = fixtures[at];
  return make("tr", {}, COLUMNS.map((column, number) => {
    const kind = [column.class || "", column.text ? "" : "number"].join(" ").trim();
    return number ? make("td", { class: kind || null }, ...column.cell(one, at)) : make("th", { scope: "row" }, ...column.cell(one, at));
  }));
}

let tableBody, tableCount, tableHeads, tablePager;
function showRows(order = table.order, from = table.page * table.rows, to = from + table.rows) {
  tableBody.replaceChildren(...order.slice(from, to).map(row));
}
function refresh() {
  table.order = matching();
  const pages = Math.max(1, Math.ceil(table.order.length / table.rows));
  table.page = Math.min(table.page, pages - 1);
  showRows();
  const [before, label, after] = tablePager.children, from = table.page * table.rows;
  before.disabled = table.page === 0;
  after.disabled = table.page >= pages - 1;
  label.textContent = table.order.length ? (from + 1) + " to " + Math.min(from + table.rows, table.order.length) : "none";
  tableCount.textContent = table.order.length + " of " + fixtures.length + " fixtures";
  tableHeads.forEach((head, at) => {
    if (at === table.sorted) head.setAttribute("aria-sort", table.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
}
function sortBy(at) {
  table.down = table.sorted === at ? !table.down : !COLUMNS[at].text;
  table.sorted = at;
  table.page = 0;
  refresh();
}
function choose(change) {
  Object.assign(table, change);
  table.page = 0;
  refresh();
}

function select(label, options, chosen, onchange) {
  const box = make("select", { onchange: (event) => onchange(event.target.value) },
    options.map(([value, words]) => make("option", { value, selected: value === chosen }, words)));
  return [make("label", {}, label, box), box];
}
let scopeBox, shownBox, wordsBox;
function buildTable() {
  const scopes = data.scopes.filter((name) => fixtures.some((one) => one.scope === name));
  let scopeLabel, shownLabel, rowsLabel;
  [scopeLabel, scopeBox] = select("scope", [["", "all"], ...scopes.map((name) => [name, name])], "", (value) => choose({ scope: value, category: null }));
  [shownLabel, shownBox] = select("show", Object.entries(SHOWN).map(([value, [words]]) => [value, words]), "near", (value) => choose({ shown: value, category: null }));
  [rowsLabel] = select("rows", [["50", "50"], ["200", "200"], ["1000", "1000"]], "50", (value) => choose({ rows: Number(value) }));
  wordsBox = make("input", { type: "search", placeholder: "name, file, category, plugin", oninput: (event) => choose({ words: event.target.value }) });
  tableCount = make("p", { class: "about", role: "status" });
  tableHeads = COLUMNS.map((column, at) => make("th", { scope: "col", class: [(column.class || "").replace("where", ""), column.text ? "" : "number"].join(" ").trim() || null },
    make("button", { type: "button", onclick: () => sortBy(at) }, column.name)));
  tableBody = make("tbody");
  const turn = (by) => () => { table.page += by; refresh(); };
  tablePager = make("div", { class: "tools pager" }, make("button", { type: "button", onclick: turn(-1) }, "← previous"), make("span", {}), make("button", { type: "button", onclick: turn(1) }, "next →"));
  show("table",
    make("div", { class: "tools" }, make("label", {}, "find", wordsBox), scopeLabel, shownLabel, rowsLabel),
    tableCount,
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of fixtures" }, make("table", {}, make("thead", {}, make("tr", {}, tableHeads)), tableBody)),
    tablePager);
  refresh();
  addEventListener("beforeprint", () => showRows(table.order, 0, PRINTED));
  addEventListener("afterprint", () => showRows());
}

function buildHeat() {
  for (const cell of document.querySelectorAll(".heat td[data-scope]")) {
    const { scope: narrow, category } = cell.dataset;
    cell.replaceChildren(make("button", { type: "button", onclick: () => {
      scopeBox.value = narrow;
      choose({ scope: narrow, category, shown: shownBox.value = "all", words: wordsBox.value = "" });
      document.getElementById("fixtures").scrollIntoView();
      tableCount.textContent += ", " + (category || "plugins and pytest") + ", " + narrow;
    } }, cell.textContent));
  }
}
