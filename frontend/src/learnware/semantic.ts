/** Reading a semantic specification as it comes over the wire. */
import type { Schema } from "@/api/client";

type Summary = Pick<Schema<"SummaryOut">, "semantic_specification">;

/** Return the values of a field of the semantic specification: `Data`, `Task`, `Library`, `Scenario`, `License`. */
export function semanticValues(of: Summary, field: string): string[] {
  const entry = of.semantic_specification[field];
  const values = typeof entry === "object" && entry !== null && "Values" in entry ? entry.Values : undefined;
  if (Array.isArray(values)) return values.map(String);
  return typeof values === "string" && values !== "" ? [values] : [];
}

/** Columns or outputs of a learnware: `Input` or `Output` of the semantic specification. */
export interface Columns {
  dimension: number | null;
  descriptions: ReadonlyMap<number, string>;
}

/** Return what a learnware says about its inputs or outputs, or null where it says nothing. */
export function semanticColumns(of: Summary, field: "Input" | "Output"): Columns | null {
  const entry = of.semantic_specification[field] as
    { Dimension?: unknown; Description?: unknown } | undefined;
  if (typeof entry !== "object") return null;
  const described =
    typeof entry.Description === "object" && entry.Description !== null ? entry.Description : {};
  return {
    dimension: typeof entry.Dimension === "number" ? entry.Dimension : null,
    descriptions: new Map(Object.entries(described).map(([key, text]) => [Number(key), String(text)])),
  };
}
