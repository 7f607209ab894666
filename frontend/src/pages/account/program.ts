/** What a browser calls itself, for people: "Firefox 140" on "Windows" instead of a line of numbers. */

export interface Program {
  browser: string;
  system: string;
}

/** Those that call themselves by the names of others, too, come before them. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Windows/, "Windows"],
  [/iPhone|iPad|iPod/, "iOS"],
  [/Android/, "Android"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** Return the browser and the system that a `User-Agent` names; null for other programs. */
export function programOf(userAgent: string): Program | null {
  for (const [form, name] of BROWSERS) {
    const found = form.exec(userAgent);
    const system = SYSTEMS.find(([one]) => one.test(userAgent))?.[1];
    if (found && system) return { browser: `${name} ${found[1] ?? ""}`.trim(), system };
  }
  return null;
}
