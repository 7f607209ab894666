/** Learnwares that were picked in a list, to do something with all of them. */
import type { LocationQuery } from "vue-router";

/** Learnwares that are compared side by side, at most. */
export const MOST_COMPARED = 6;
/** Packages in one download, at most: the dock's limit. */
export const MOST_PACKAGES = 100;
const ID = /^\d{8,19}$/;

/** Read ids from an address (`ids=00000001,00000002`); what is none is left out. */
export function readIds(query: LocationQuery, name: string, most: number): string[] {
  const given = query[name];
  const text = (Array.isArray(given) ? given.join(",") : given) ?? "";
  return [...new Set(text.split(",").filter((one) => ID.test(one)))].slice(0, most);
}

/** Return the address of the packages of some learnwares: one is itself, several are one zip. */
export function packagesLink(ids: readonly string[]): string {
  const [first] = ids;
  if (ids.length === 1 && first !== undefined) return `/api/v1/learnwares/${first}/package`;
  return `/api/v1/packages?${ids.map((one) => `learnware_id=${one}`).join("&")}`;
}
