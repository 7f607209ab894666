/** Which columns a specification is made of: numbers that a model takes, not what it predicts. */
import type { CsvColumn, CsvHead } from "@/specification/csv";

/** Why a column is left out at first; null for one that is taken. */
export type LeftOut = "text" | "empty" | "counter" | "target" | null;

/** A column of a file to choose. */
export interface Choice extends CsvColumn {
  chosen: boolean;
  leftOut: LeftOut;
}

// Names that people give to what is to be predicted.
const TARGET_NAMES = new Set(
  (
    "target label labels class classes y y_true output outcome response species cultivar diagnosis category " +
    "标签 标记 类别 目标 目标值"
  ).split(" "),
);
const FEW_VALUES = 12;
const LEAST_ROWS = 15;
/** Letters that the values of a column of texts have on average, at least; names and kinds have fewer. */
const LETTERS_OF_TEXTS = 20;

/** Return the columns of a file, those chosen that a specification is usually made of. */
export function choicesOf(head: CsvHead): Choice[] {
  const target = targetOf(head);
  return head.columns.map((column) => {
    const leftOut = reasonOf(column, target);
    return { ...column, chosen: leftOut === null, leftOut };
  });
}

function reasonOf(column: CsvColumn, target: number | null): LeftOut {
  if (column.index === target) return "target";
  if (column.kind === "text") return "text";
  if (column.kind === "empty") return "empty";
  return column.counter ? "counter" : null;
}

/**
 * Return the place of the column that is likely to be what a model predicts: one with such a name, else a last one of
 * words, else a last one of a few whole numbers beside columns of fractions.
 */
export function targetOf({ columns, rows }: CsvHead): number | null {
  if (columns.length < 2) return null;
  const named = columns.filter(({ name }) => namesTarget(name));
  const last = columns.at(-1);
  if (last === undefined) return null;
  if (named.length > 0) return (named.find(({ index }) => index === last.index) ?? named[0])?.index ?? null;
  const others = columns.slice(0, -1);
  if (last.kind === "text") return others.some(({ kind }) => kind === "number") ? last.index : null;
  const valuesOf = (index: number) =>
    rows.map((row) => (row[index] ?? "").trim()).filter((cell) => cell !== "");
  const values = valuesOf(last.index);
  const few =
    values.length >= LEAST_ROWS &&
    new Set(values).size <= FEW_VALUES &&
    values.every((one) => /^\d+$/.test(one));
  const fractions = others.filter(({ index }) => valuesOf(index).some((one) => /\d[.,]\d/.test(one))).length;
  return few && fractions > others.length / 2 ? last.index : null;
}

/** Return the column whose values are whole texts, the longest ones; null where there is none. */
export function textColumn({ columns, rows }: CsvHead): CsvColumn | null {
  const letters = (index: number) => {
    const cells = rows.map((row) => row[index] ?? "").filter((cell) => cell.trim() !== "");
    return cells.reduce((sum, cell) => sum + (cell.match(/\p{L}/gu)?.length ?? 0), 0) / cells.length;
  };
  const found = columns
    .filter(({ kind }) => kind === "text")
    .map((column) => ({ column, letters: letters(column.index) }))
    .filter((one) => one.letters >= LETTERS_OF_TEXTS)
    .sort((a, b) => b.letters - a.letters);
  return found[0]?.column ?? null;
}

/** Whether a name is one of these, or says outright that it is one: `PM2.5 (target)`, `target_price`. */
function namesTarget(name: string): boolean {
  const plain = name.trim().toLowerCase();
  return TARGET_NAMES.has(plain) || /(^|[^a-z])(target|label)([^a-z]|$)|目标|标签|标记/.test(plain);
}

/** Return the columns with one of them moved up or down by one place. */
export function moved(choices: readonly Choice[], at: number, by: -1 | 1): Choice[] {
  const next = [...choices];
  const [one] = next.splice(at, 1);
  if (one !== undefined) next.splice(Math.max(0, Math.min(next.length, at + by)), 0, one);
  return next;
}
