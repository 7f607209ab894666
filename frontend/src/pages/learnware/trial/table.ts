/** Tables for trials: from a file, from what was pasted, or the points of the specification. */
import { targetOf } from "@/learnware/columnChoice";
import { numberIn } from "@/specification/cells";
import type { CsvColumn, CsvHead } from "@/specification/csv";
import { isBlank, parseRows } from "@/specification/detect";
import type { CsvDialect } from "@/specification/dialect";
import { SpecificationError } from "@/specification/errors";

/** A table as it is sent. */
export interface TrialTable {
  /** Where it comes from. */
  name: string;
  /** Names of the columns, where they have any. */
  columns: string[] | null;
  /** Cells of each row; of texts, the text alone. */
  rows: (number | string | null)[][];
  /** Whether there were more rows than a trial takes. */
  cut: boolean;
}

/** Bytes of a file that are looked at: more than a trial takes. */
export const MOST_BYTES = 16 << 20;
const LONGEST_EXAMPLE = 40;

const plain = (name: string) =>
  name
    .normalize("NFKC")
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");

/**
 * Return the places of the columns that a learnware is likely to take: those that it describes by these names, else all
 * columns of numbers but those that count rows or are to be predicted, where that is as many as it takes.
 *
 * @param described - descriptions of the learnware's columns by their places.
 * @param width - how many columns it takes.
 */
export function likelyColumns(
  head: CsvHead,
  described: ReadonlyMap<number, string>,
  width: number,
): number[] {
  const byName = new Map(head.columns.map(({ index, name }) => [plain(name), index]));
  const wanted = Array.from({ length: width }, (_, place) => byName.get(plain(described.get(place) ?? "")));
  const named = wanted.filter((place) => place !== undefined);
  if (head.dialect.header && named.length === width && new Set(named).size === width) return named;
  const numbers = head.columns.filter(({ kind }) => kind !== "text");
  const target = targetOf(head);
  const candidates: (readonly CsvColumn[])[] = [
    numbers.filter(({ counter, index }) => !counter && index !== target),
    numbers.filter(({ counter }) => !counter),
    numbers,
    head.columns,
  ];
  const fitting = candidates.find((columns) => columns.length === width) ?? candidates[0] ?? [];
  return fitting.map(({ index }) => index);
}

/**
 * Return the rows of chosen columns.
 *
 * @param chosen - places of the columns, in the order that the learnware takes.
 * @param most - rows that a trial takes; the rest is left out.
 * @param whole - whether the text ends where the file does.
 * @throws SpecificationError that names the line, and the column.
 */
export function tableRows(
  text: string,
  dialect: CsvDialect,
  chosen: readonly CsvColumn[],
  most: number,
  whole: boolean,
): Pick<TrialTable, "rows" | "cut"> {
  // Blank lines and the header are rows, too, and one more tells whether there are more.
  const blank = (text.match(/^[ \t]*\r?$/gm) ?? []).length;
  const preview = most + 2 + blank;
  const parsed = parseRows(text, dialect.separator, { partial: !whole, preview }).rows;
  const rows: (number | null)[][] = [];
  let expected = 0;
  for (const [at, row] of parsed.entries()) {
    if (isBlank(row)) continue;
    const first = expected === 0;
    expected ||= row.length;
    if (first && dialect.header) continue;
    if (rows.length === most) return { rows, cut: true };
    checkLength(row, expected, at + 1);
    rows.push(chosen.map((column) => cellOf(row[column.index] ?? "", column.name, at + 1, dialect)));
  }
  if (rows.length === 0) throw new SpecificationError("table-no-rows");
  return { rows, cut: !whole };
}

/** Empty cells at the end are some programs' habit. */
function checkLength(row: readonly string[], expected: number, line: number): void {
  if (row.length < expected || row.slice(expected).some((cell) => cell.trim() !== "")) {
    throw new SpecificationError("csv-row-length", { line, found: row.length, expected });
  }
}

function cellOf(cell: string, column: string, line: number, { decimal }: CsvDialect): number | null {
  const value = numberIn(cell, decimal);
  if (value === null || Math.abs(value) === Infinity) {
    const text = cell.trim();
    const shown = text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE)}…` : text;
    throw new SpecificationError("csv-not-a-number", { line, column, value: shown });
  }
  return Number.isNaN(value) ? null : value;
}
