// Before the first paint: the theme that was chosen, else the system's (the styles follow it by themselves).
(function () {
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    void error; // storage may be forbidden: then the system's theme
  }
})();
