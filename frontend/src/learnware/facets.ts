/** The tags that learnwares are filtered by: the key in semantic specifications, the name in addresses and the API. */
import type { LocationQuery } from "vue-router";

export const FACETS = [
  { key: "Data", parameter: "data_type" },
  { key: "Task", parameter: "task_type" },
  { key: "Library", parameter: "library_type" },
  { key: "Scenario", parameter: "scenario" },
  { key: "License", parameter: "license" },
] as const;

export type FacetKey = (typeof FACETS)[number]["key"];

/** Chosen values of each facet: any of them will do. */
export type FacetValues = Readonly<Record<FacetKey, readonly string[]>>;

/** Characters of a text that the dock looks for, at most. */
export const LONGEST_TEXT = 256;
const LONGEST_VALUE = 64;
const MOST_VALUES = 32;

/** Return values that choose nothing. */
export function noValues(): FacetValues {
  return { Data: [], Task: [], Library: [], Scenario: [], License: [] };
}

/** Read the values of a parameter of an address; what the dock would refuse is left out. */
export function readList(query: LocationQuery, name: string): string[] {
  const given = query[name];
  const values = (Array.isArray(given) ? given : [given]).filter((one) => typeof one === "string");
  return [...new Set(values.filter((one) => one !== "" && one.length <= LONGEST_VALUE))].slice(
    0,
    MOST_VALUES,
  );
}

/** Read a text of an address. */
export function readText(query: LocationQuery, name: string): string {
  const given = query[name];
  return (typeof given === "string" ? given : "").slice(0, LONGEST_TEXT);
}

/** Read the chosen values from an address. */
export function readValues(query: LocationQuery): FacetValues {
  const entries = FACETS.map(({ key, parameter }) => [key, readList(query, parameter)] as const);
  return { ...noValues(), ...Object.fromEntries(entries) };
}

/** Write chosen values into an address. */
export function writeValues(values: FacetValues): Record<string, string[]> {
  return Object.fromEntries(
    FACETS.flatMap(({ key, parameter }) => (values[key].length > 0 ? [[parameter, [...values[key]]]] : [])),
  );
}

/** Return the values with one of a facet chosen, or not chosen any more. */
export function toggledValue(values: FacetValues, key: FacetKey, value: string): FacetValues {
  const now = values[key];
  const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  return { ...values, [key]: next };
}
