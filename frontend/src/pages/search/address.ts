/** Results by address: words and tags stand in it, so that they can be shared; data are only said to belong to it. */
import type { LocationQuery, RouteLocationRaw } from "vue-router";
import { readText, readValues, writeValues } from "@/learnware/facets";
import type { Requirement } from "./requirement";

/** Return the address of the results of a requirement. */
export function addressOfResults({ words, tags, specification }: Requirement): RouteLocationRaw {
  return {
    path: "/search/results",
    query: {
      ...(words.trim() ? { text: words.trim() } : {}),
      ...writeValues(tags),
      ...(specification ? { data: "own" } : {}),
    },
  };
}

/** Return the requirement that an address asks for, with what this browser knows of it. */
export function requirementAt(query: LocationQuery, known: Requirement): Requirement {
  const specification = query["data"] === "own" ? known.specification : null;
  return { ...known, words: readText(query, "text"), tags: readValues(query), specification };
}

/** Return whether an address is about data that this browser does not have. */
export function lacksData(query: LocationQuery, known: Requirement): boolean {
  return query["data"] === "own" && known.specification === null;
}
