/** The rows of a comparison: what is told of each learnware, and whether they differ in it. */
import type { Schema } from "@/api/client";
import { matchColumns, type ColumnMatch } from "@/pages/search/columns";
import type { Requirement } from "@/pages/search/requirement";
import { semanticColumns } from "@/learnware/semantic";

type Detail = Schema<"DetailOut">;

/** A row with a text for each learnware. */
export interface Row {
  name: string;
  label: string;
  cells: readonly string[];
  /** Whether not all of them say the same. */
  differs: boolean;
}

/** Make a row. */
export function rowOf(
  name: string,
  label: string,
  learnwares: readonly Detail[],
  text: (one: Detail) => string,
): Row {
  const cells = learnwares.map(text);
  return { name, label, cells, differs: new Set(cells).size > 1 };
}

/** Columns or outputs of a learnware beside those of the user. */
export interface Side {
  dimension: number | null;
  columns: readonly { place: number; text: string; matches: string | null }[];
}

/** Return what a learnware says of its columns or outputs, with the user's that are described alike. */
export function sideOf(learnware: Detail, field: "Input" | "Output", wanted: Requirement["inputs"]): Side {
  const said = semanticColumns(learnware, field);
  const matches: ColumnMatch[] = said === null ? [] : matchColumns(wanted, said.descriptions);
  const nameOf = (place: number): string | null => {
    const match = matches.find(({ offered }) => offered?.place === place);
    return match === undefined ? null : match.wanted.name || match.wanted.description;
  };
  const columns = [...(said?.descriptions ?? [])]
    .sort(([one], [other]) => one - other)
    .map(([place, text]) => ({ place, text, matches: nameOf(place) }));
  return { dimension: said?.dimension ?? null, columns };
}
