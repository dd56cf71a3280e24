// Everything that is drawn, from the top of the page down.
function buildTheme() {
  const button = document.getElementById("theme"), root = document.documentElement;
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const say = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; say(); });
  button.hidden = false;
  say();
}
// What is folded away is printed, too, where it says why a change is advised.
function buildPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("#changes details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
}
buildTheme();
buildPrint();
buildTable();
buildHeat();
buildIcicle();
buildPlots();
buildNetwork();
buildCard();
