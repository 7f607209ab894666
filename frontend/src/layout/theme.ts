/** Light, dark, or as the system has it. */
import { ref } from "vue";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED = "theme";
const chosen = ref<Theme>(stored());

/** The theme that was chosen, and choosing. `public/theme.js` sets it before the first paint next time. */
export function useTheme() {
  const choose = (next: Theme) => {
    chosen.value = next;
    show(next);
    try {
      if (next === "system") localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, next);
    } catch (error) {
      void error; // storage may be forbidden: the choice holds until the page is closed
    }
  };
  return { theme: chosen, choose };
}

/** The style sheet has a rule for each. */
function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

function stored(): Theme {
  try {
    const theme = localStorage.getItem(STORED);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch (error) {
    void error;
    return "system";
  }
}
