/** What a user needs: words and tags, a specification of their data, and what its columns and outputs are. */
import { FACETS, noValues, type FacetValues } from "@/learnware/facets";

/** A column or an output in the user's words. */
export interface Described {
  name: string;
  description: string;
}

/** Where the columns of a specification come from, so that a program can read the same ones. */
export interface TableSource {
  encoding: string;
  decimal: "." | ",";
  separator: string;
  header: boolean;
  /** Places of the columns in the file. */
  columns: readonly number[];
}

/** A specification of the user's data, made here or read from a file; the data themselves are nowhere in it. */
export interface OwnSpecification {
  type: string;
  /** The JSON of the specification, as it is sent. */
  states: Readonly<Record<string, unknown>>;
  /** Name of the file, or of the example, that it is of. */
  name: string;
  table: TableSource | null;
}

export interface Requirement {
  words: string;
  tags: FacetValues;
  specification: OwnSpecification | null;
  inputs: readonly Described[];
  outputs: readonly Described[];
}

/** The part of a search's body that says what is looked for. */
export interface SearchBody {
  semantic_specification: Record<string, unknown> | null;
  statistical_specifications: Record<string, Record<string, unknown>> | null;
}

/** Return a requirement that asks for nothing. */
export function emptyRequirement(): Requirement {
  return { words: "", tags: noValues(), specification: null, inputs: [], outputs: [] };
}

/** Return whether a requirement asks for anything that the dock searches for. */
export function asksForNothing({ words, tags, specification }: Requirement): boolean {
  return (
    specification === null && words.trim() === "" && Object.values(tags).every((one) => one.length === 0)
  );
}

/** Return what is sent to the dock. Descriptions of columns stay here: the dock does not search by them. */
export function searchBody({ words, tags, specification }: Requirement): SearchBody {
  const conditions: Record<string, { Values: string | string[]; Type: string }> = {};
  if (words.trim()) conditions["Name"] = { Values: words.trim(), Type: "String" };
  for (const { key } of FACETS) {
    if (tags[key].length === 0) continue;
    conditions[key] = { Values: [...tags[key]], Type: key === "Scenario" ? "Tag" : "Class" };
  }
  return {
    semantic_specification: Object.keys(conditions).length > 0 ? conditions : null,
    statistical_specifications: specification && { [specification.type]: { ...specification.states } },
  };
}

/** Return the descriptions that say something. */
export function described(all: readonly Described[]): Described[] {
  return all.filter(({ name, description }) => name.trim() !== "" || description.trim() !== "");
}
