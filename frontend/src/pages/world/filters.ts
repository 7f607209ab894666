/** What the map is narrowed to, as it stands in the address; the same names as where learnwares are listed. */
import type { LocationQuery } from "vue-router";
import { readList, readText } from "@/learnware/facets";
import type { Resident } from "./plan";

/** Tags that learnwares on the map are told apart by. */
export const TAGS = [
  { key: "Data", parameter: "data_type", of: (one: Resident) => [one.data_type] },
  { key: "Task", parameter: "task_type", of: (one: Resident) => [one.task_type] },
  { key: "Scenario", parameter: "scenario", of: (one: Resident) => one.scenarios },
] as const;

export interface WorldFilters {
  text: string;
  /** The chosen value of each tag, in the order of `TAGS`; empty for all. */
  tags: readonly string[];
}

/** Read filters from an address. */
export function readWorldFilters(query: LocationQuery): WorldFilters {
  return {
    text: readText(query, "text"),
    tags: TAGS.map(({ parameter }) => readList(query, parameter)[0] ?? ""),
  };
}

/** Write filters into an address; what chooses nothing is left out of it. */
export function writeWorldFilters({ text, tags }: WorldFilters): Record<string, string> {
  return {
    ...(text.trim() ? { text: text.trim() } : {}),
    ...Object.fromEntries(
      TAGS.flatMap(({ parameter }, at) => (tags[at] ? [[parameter, tags[at] ?? ""]] : [])),
    ),
  };
}

/** Whether anything is chosen. */
export function narrows({ text, tags }: WorldFilters): boolean {
  return text.trim() !== "" || tags.some((value) => value !== "");
}

/** Return whether a learnware is among those that are looked for: all words are in its name, number or owner. */
export function matcher({ text, tags }: WorldFilters): (one: Resident) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (one) => {
    const told = `${one.name} ${one.learnware_id} ${one.username}`.toLowerCase();
    return (
      words.every((word) => told.includes(word)) &&
      TAGS.every(({ of }, at) => !tags[at] || of(one).includes(tags[at] ?? ""))
    );
  };
}

/** Return the values of a tag that learnwares have, the most frequent first. */
export function valuesOf(tag: (typeof TAGS)[number], learnwares: readonly Resident[]): string[] {
  const counts = new Map<string, number>();
  for (const one of learnwares)
    for (const value of tag.of(one)) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([one, n], [other, m]) => m - n || (one < other ? -1 : 1)).map(([value]) => value);
}
