/** What a list is narrowed to, as it stands in the address: `?text=air&task_type=Regression&sort=name`. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import {
  readList,
  readText,
  readValues,
  toggledValue,
  writeValues,
  type FacetKey,
  type FacetValues,
} from "@/learnware/facets";

export const SORTS = ["newest", "updated", "downloads", "name", "oldest"] as const;
export type Sort = (typeof SORTS)[number];

export interface Filters {
  text: string;
  /** Name of a user. */
  owner: string;
  sort: Sort;
  values: FacetValues;
}

/** Read filters from an address; what the dock would refuse in it is left out. */
export function readFilters(query: LocationQuery): Filters {
  const sort = readList(query, "sort")[0];
  return {
    text: readText(query, "text"),
    owner: readList(query, "owner")[0] ?? "",
    sort: SORTS.find((one) => one === sort) ?? "newest",
    values: readValues(query),
  };
}

/** Write filters into an address; what is usual is left out of it. */
export function writeFilters(filters: Filters): LocationQueryRaw {
  return {
    ...(filters.text.trim() ? { text: filters.text.trim() } : {}),
    ...(filters.owner ? { owner: filters.owner } : {}),
    ...writeValues(filters.values),
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
  return { ...filters, values: toggledValue(filters.values, key, value) };
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
