"use strict";
// What all parts of the page share: the data, how figures are written, and how elements are made. Text is only ever set as text.
const data = JSON.parse(document.getElementById("data").textContent);
const fixtures = data.fixtures;
const byId = new Map(fixtures.map((one, at) => [one.id, at]));

function three(value) { return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0); }
function seconds(value) {
  if (value === undefined || value === null) return "–";
  if (value < 0) return "-" + seconds(-value);
  if (value >= 100) return Math.floor(value / 60) + " m " + String(Math.round(value % 60)).padStart(2, "0") + " s";
  if (value >= 1) return three(value) + " s";
  if (value * 1e3 >= 1) return three(value * 1e3) + " ms";
  return Math.round(value * 1e6) + " µs";
}
function bytes(value) {
  if (value === undefined || value === null) return "–";
  const sign = value < 0 ? "-" : "";
  let size = Math.abs(value), at = 0;
  while (size >= 1024 && at < 4) { size /= 1024; at++; }
  return sign + (at ? three(size) : Math.round(size)) + " " + ["B", "KiB", "MiB", "GiB", "TiB"][at];
}
function percent(share) { return share > 0 && share < .01 ? "< 1 %" : Math.floor(share * 100 + 1e-9) + " %"; }

const SVG = "http://www.w3.org/2000/svg";
function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function draw(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function address(at) { return "#fixture=" + encodeURIComponent(fixtures[at].id); }
function called(at) { return fixtures[at].label || fixtures[at].name; }
function link(at, words) { return make("a", { class: "name", href: address(at), title: fixtures[at].id }, words || called(at)); }
function scope(name) { return make("span", { class: "scope " + name }, name); }
function shorten(text, longest) {
  if (text.length <= longest) return text;
  const head = Math.floor((longest - 1) / 2);
  return text.slice(0, head) + "…" + text.slice(text.length - (longest - 1 - head));
}
function legend() {
  const used = data.scopes.filter((name) => fixtures.some((one) => one.scope === name));
  return make("div", { class: "legend" }, used.map(scope));
}
function show(id, ...children) {
  const place = document.getElementById(id);
  if (!place) return null;
  place.replaceChildren(...children);
  place.hidden = false;
  return place;
}
function redrawn(place, drawing) {
  let width = 0;
  const again = () => {
    if (place.clientWidth && place.clientWidth !== width) { width = place.clientWidth; drawing(width); }
  };
  addEventListener("resize", again);
  again();
}
