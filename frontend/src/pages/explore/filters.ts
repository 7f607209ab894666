/** What a list is narrowed to, as it stands in the address: `?text=air&task_type=Regression&sort=name`. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";

/** Facets by the key of semantic specifications, each with its name in the address and in the API. */
export const FACETS = [
  { key: "Data", parameter: "data_type" },
  { key: "Task", parameter: "task_type" },
  { key: "Library", parameter: "library_type" },
  { key: "Scenario", parameter: "scenario" },
  { key: "License", parameter: "license" },
] as const;

export type Facet = (typeof FACETS)[number];
export type FacetKey = Facet["key"];

export const SORTS = ["newest", "updated", "downloads", "name", "oldest"] as const;
export type Sort = (typeof SORTS)[number];

export interface Filters {
  text: string;
  /** Name of a user. */
  owner: string;
  sort: Sort;
  /** Chosen values of each facet: any of them will do. */
  values: Readonly<Record<FacetKey, readonly string[]>>;
}

const LONGEST_TEXT = 256;
const LONGEST_VALUE = 64;
const MOST_VALUES = 32;

/** Read filters from an address; what the dock would refuse in it is left out. */
export function readFilters(query: LocationQuery): Filters {
  const list = (name: string): string[] => {
    const given = query[name];
    const values = (Array.isArray(given) ? given : [given]).filter((one) => typeof one === "string");
    return [...new Set(values.filter((one) => one !== "" && one.length <= LONGEST_VALUE))].slice(
      0,
      MOST_VALUES,
    );
  };
  const text = query["text"];
  const sort = list("sort")[0];
  return {
    text: (typeof text === "string" ? text : "").slice(0, LONGEST_TEXT),
    owner: list("owner")[0] ?? "",
    sort: SORTS.find((one) => one === sort) ?? "newest",
    values: Object.fromEntries(
      FACETS.map(({ key, parameter }) => [key, list(parameter)]),
    ) as unknown as Filters["values"],
  };
}

/** Write filters into an address; what is usual is left out of it. */
export function writeFilters(filters: Filters): LocationQueryRaw {
  return {
    ...(filters.text.trim() ? { text: filters.text.trim() } : {}),
    ...(filters.owner ? { owner: filters.owner } : {}),
    ...Object.fromEntries(
      FACETS.flatMap(({ key, parameter }) =>
        filters.values[key].length > 0 ? [[parameter, [...filters.values[key]]]] : [],
      ),
    ),
    ...(filters.sort === "newest" ? {} : { sort: filters.sort }),
  };
}

/** Return the filters as the API takes them. */
export function asParameters({ text, owner, sort, values }: Filters) {
  return {
    ...(text.trim() ? { text: text.trim() } : {}),
    ...(owner ? { owner } : {}),
    sort,
    data_type: [...values.Data],
    task_type: [...values.Task],
    library_type: [...values.Library],
    scenario: [...values.Scenario],
    license: [...values.License],
  };
}

/** Return the filters with a value of a facet chosen, or not chosen any more. */
export function toggled(filters: Filters, key: FacetKey, value: string): Filters {
  const now = filters.values[key];
  const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  return { ...filters, values: { ...filters.values, [key]: next } };
}

/** Return how many conditions there are. */
export function countOf({ text, owner, values }: Filters): number {
  const chosen = Object.values(values).reduce((sum, list) => sum + list.length, 0);
  return chosen + (text.trim() ? 1 : 0) + (owner ? 1 : 0);
}

/** Return filters without a condition, in the same order. */
export function cleared({ sort }: Filters): Filters {
  return { ...readFilters({}), sort };
}

/**
 * Return the values of a facet to choose from, each with its count: in the vocabulary's order, unknown ones last; those
 * that nothing has are left out, unless they are chosen.
 */
export function choices(
  counts: Readonly<Record<string, number>> | undefined,
  vocabulary: readonly string[],
  chosen: readonly string[],
): { value: string; count: number }[] {
  const values = new Set([...vocabulary, ...Object.keys(counts ?? {}), ...chosen]);
  return [...values]
    .map((value) => ({ value, count: counts?.[value] ?? 0 }))
    .filter(({ value, count }) => count > 0 || chosen.includes(value));
}
