import { readFileSync } from "node:fs";
import type { Matrix } from "./matrix";
import { type TableSummary, TableCollector } from "./sample";
import type { TableSpecification } from "./specification";
import { type ReductionOptions, reduceTable } from "./table";

/** A table and what the engine makes of it; see `vectors/make.py`. */
export interface TableVector {
  readonly rows: { readonly kind: "uint8" | "float64"; rows: number; columns: number; data: string };
  readonly frame: {
    centre: number[];
    scale: number[];
    gamma: number;
    raw: boolean;
    mean_kernel: number | null;
  };
  readonly points: readonly number[];
  readonly mmd2: readonly number[];
  readonly fewest_rows: readonly number[];
  readonly specification: TableSpecification | null;
}

/** The content of a file of test vectors. */
export function vector(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), "utf8"));
}

/** A table of the test vectors. */
export function tableVector(name: string): TableVector & { matrix: Matrix } {
  const found = vector(`table-${name}`) as TableVector;
  const bytes = Uint8Array.from(Buffer.from(found.rows.data, "base64"));
  const values = found.rows.kind === "uint8" ? Float64Array.from(bytes) : new Float64Array(bytes.buffer);
  return { ...found, matrix: { rows: found.rows.rows, columns: found.rows.columns, values } };
}

/** What is known of a table after it was read. */
export function summaryOf(matrix: Matrix, seed = 0): TableSummary {
  const collector = new TableCollector(
    Array.from({ length: matrix.columns }, (_, j) => `c${j}`),
    seed,
  );
  collector.add(matrix.values);
  return collector.finish();
}

/** The specification of a table. */
export function specificationOf(matrix: Matrix, options: ReductionOptions = {}): TableSpecification {
  const steps = reduceTable(summaryOf(matrix, options.seed), options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
