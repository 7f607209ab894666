/** What is written in a table where a value is missing; in capitals or not. The engine's reader knows most of them. */
const MISSING = new Set([
  "",
  "-",
  "?",
  "na",
  "n/a",
  "#na",
  "#n/a",
  "#n/a n/a",
  "<na>",
  "nan",
  "-nan",
  "null",
  "none",
  "nat",
  "1.#ind",
  "-1.#ind",
  "1.#qnan",
  "-1.#qnan",
]);
const WORDS = new Map([
  ["true", 1],
  ["false", 0],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["+infinity", Infinity],
  ["-infinity", -Infinity],
]);
const POINT_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const COMMA_NUMBER = /^[+-]?(?:\d+,?\d*|,\d+)(?:e[+-]?\d+)?$/i;
// Only with a fraction it is certain that the other sign parts thousands.
const POINT_THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+\.\d+$/;
const COMMA_THOUSANDS = /^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/;

/** The sign before the fraction of a number. */
export type DecimalSign = "." | ",";

/**
 * The number in a cell: NaN where it is missing, null where the cell holds something else.
 *
 * True and false are one and zero.
 */
export function numberIn(cell: string, decimal: DecimalSign): number | null {
  if (decimal === ".") {
    // The quick way, which takes a few things more than numbers: blanks and other bases.
    const number = Number(cell);
    if (!Number.isNaN(number) && POINT_NUMBER.test(cell)) return number;
  }
  const text = cell.trim();
  const [plain, thousands] =
    decimal === "." ? [POINT_NUMBER, POINT_THOUSANDS] : [COMMA_NUMBER, COMMA_THOUSANDS];
  if (plain.test(text)) return Number(text.replace(",", "."));
  if (thousands.test(text)) {
    return Number(decimal === "." ? text.replaceAll(",", "") : text.replaceAll(".", "").replace(",", "."));
  }
  const word = text.toLowerCase();
  if (MISSING.has(word)) return NaN;
  return WORDS.get(word) ?? null;
}
