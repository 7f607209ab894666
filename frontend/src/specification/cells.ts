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
  if (decimal === "." && isPlain(cell)) {
    const number = Number(cell);
    if (!Number.isNaN(number)) return number;
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

/** Whether what JavaScript takes for a number is one in a table, too: no blanks, no words, no other base. */
function isPlain(cell: string): boolean {
  const first = cell.charCodeAt(0);
  const second = cell.charCodeAt(1);
  const last = cell.charCodeAt(cell.length - 1);
  // From "+" to "9" are the signs, the point and the digits; of "0x1", "0b1" and "0o1" the second is a letter.
  const begins = first >= 0x2b && first <= 0x39 && first !== 0x2c && first !== 0x2f;
  const otherBase = first === 0x30 && second > 0x39 && second !== 0x45 && second !== 0x65;
  return begins && !otherBase && ((last >= 0x30 && last <= 0x39) || last === 0x2e);
}
