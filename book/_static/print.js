// While a page is printed it is light, and what is folded (hints, the quiz's explanations) is open.
"use strict";

(() => {
  const root = document.documentElement;
  let theme = null;
  let opened = [];

  addEventListener("beforeprint", () => {
    if (theme !== null) return; // some browsers announce one printing twice
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll("article details:not([open])")];
    for (const folded of opened) folded.open = true;
  });

  addEventListener("afterprint", () => {
    if (theme === null) return;
    root.dataset.theme = theme;
    for (const folded of opened) folded.open = false;
    theme = null;
  });
})();
