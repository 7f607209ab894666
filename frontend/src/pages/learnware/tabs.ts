/** The parts of a learnware's page, as they stand in its address: `?tab=files`. */
import type { LocationQuery } from "vue-router";

export const TABS = ["about", "data", "try", "code", "files", "versions", "verification"] as const;
export type Tab = (typeof TABS)[number];

/** Read the part from an address; the first one, where it names none. */
export function tabIn(query: LocationQuery): Tab {
  return TABS.find((one) => one === query["tab"]) ?? "about";
}

/** Read the number of a version from an address. */
export function versionIn(query: LocationQuery): number | null {
  const given = query["version"];
  return typeof given === "string" && /^[1-9]\d{0,5}$/.test(given) ? Number(given) : null;
}
