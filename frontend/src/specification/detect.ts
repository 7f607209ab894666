import Papa from "papaparse";
import { type DecimalSign, numberIn } from "./cells";
import { SEPARATORS } from "./dialect";
import { SpecificationError } from "./errors";

// Rows by which separators are compared.
const LOOKED_AT = 200;

/** The encoding of a file that begins so. */
export function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = head.subarray(0, 4096).reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  // Programs that export to UTF-16 sometimes leave the mark out: every second byte of plain text is zero then.
  if (zeros > 0 && 2.5 * zeros > Math.min(head.length, 4096) && (head[0] === 0) !== (head[1] === 0)) {
    return head[0] === 0 ? "utf-16be" : "utf-16le";
  }
  if (zeros > 0 || isArchive(head)) throw new SpecificationError("csv-binary");
  if (decodes(head, "utf-8")) return "utf-8";
  return decodes(head, "gb18030") && isMostlyChinese(head) ? "gb18030" : "windows-1252";
}

/** Workbooks and other containers, by their first bytes. */
function isArchive(head: Uint8Array): boolean {
  const begin = String.fromCharCode(...head.subarray(0, 4));
  return ["PK\x03\x04", "PAR1", "\x1f\x8b\x08", "%PDF", "\x93NUM", "\xd0\xcf\x11\xe0"].some((mark) =>
    begin.startsWith(mark),
  );
}

function decodes(head: Uint8Array, encoding: string): boolean {
  try {
    // As a stream: the head may end within a character.
    new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
    return true;
  } catch (error) {
    void error; // that it does not is the answer
    return false;
  }
}

/** Whether the bytes beyond ASCII come in pairs, as in Chinese; letters with accents stand among ASCII. */
function isMostlyChinese(head: Uint8Array): boolean {
  let pairs = 0;
  let single = 0;
  for (let i = 0; i < head.length; i++) {
    if ((head[i] ?? 0) < 0x80) continue;
    if ((head[i + 1] ?? 0x80) >= 0x80) {
      pairs++;
      i++;
    } else single++;
  }
  return pairs > single;
}

/** The rows of a text; blank ones are there, too. `partial` leaves out a last row that may go on. */
export function parseRows(
  text: string,
  separator: string,
  options: { partial: boolean; preview?: number },
): { rows: string[][]; end: number } {
  const parser = new Papa.Parser({
    delimiter: separator,
    newline: text.includes("\n") ? "\n" : "\r",
    // In the fast mode, rows of a preview end one too late.
    ...(options.preview !== undefined && { preview: options.preview, fastMode: false }),
  });
  const found = parser.parse(text, 0, options.partial) as { data: string[][]; meta: { cursor: number } };
  return { rows: found.data, end: found.meta.cursor };
}

/** Whether a row is an empty line. */
export function isBlank(row: readonly string[]): boolean {
  return row.length === 1 && row[0]?.trim() === "";
}

/** The separator and the decimal sign of a text that begins so. */
export function guessSeparator(text: string, partial: boolean): { separator: string; decimal: DecimalSign } {
  let best = { separator: ",", decimal: "." as DecimalSign };
  let highest = 0;
  for (const separator of SEPARATORS) {
    const rows = parseRows(text, separator, { partial }).rows.filter((row) => !isBlank(row));
    const looked = rows.slice(0, LOOKED_AT);
    for (const decimal of [".", ","] as const) {
      const score = likelihood(looked, decimal);
      if (score > highest + 1e-9) {
        highest = score;
        best = { separator, decimal };
      }
    }
  }
  return best;
}

/** How much rows look like a table: of one width, with more than one column, of numbers. */
function likelihood(rows: readonly string[][], decimal: DecimalSign): number {
  const widths = new Map<number, number>();
  for (const { length } of rows) widths.set(length, (widths.get(length) ?? 0) + 1);
  const [width, count] = [...widths].sort((one, other) => other[1] - one[1])[0] ?? [0, 0];
  // The first row may be names.
  const cells = rows.slice(rows.length > 1 ? 1 : 0).flat();
  const numbers = cells.filter((cell) => numberIn(cell, decimal) !== null).length;
  const consistent = (count / Math.max(rows.length, 1)) ** 2;
  return consistent * (0.5 + (0.5 * numbers) / Math.max(cells.length, 1)) * (width > 1 ? 1 : 0.3);
}

/** Whether the first row names columns: where most values below are numbers, it has something else. */
export function guessHeader(rows: readonly (readonly string[])[], decimal: DecimalSign): boolean {
  const [first = [], ...rest] = rows;
  let numeric = false;
  for (const [j, cell] of first.entries()) {
    const below = rest.map((row) => row[j] ?? "").filter((value) => !Number.isNaN(numberIn(value, decimal)));
    const numbers = below.filter((value) => numberIn(value, decimal) !== null).length;
    if (numbers === 0 || 2 * numbers < below.length) continue;
    numeric = true;
    if (numberIn(cell, decimal) === null) return true;
  }
  // Without any numbers below, names are as likely as not; a row of numbers names nothing.
  return !numeric && first.every((cell) => numberIn(cell, decimal) === null);
}
