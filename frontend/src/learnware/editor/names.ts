/** Names of columns from what people paste and drop: a CSV header, a row of a sheet, a list. */
import Papa from "papaparse";

/** What was read of the beginning of a CSV file. */
export interface Header {
  /** The names; empty where the first line is no header. */
  names: string[];
  /** How many columns the first line has. */
  columns: number;
}

const DELIMITERS = ["\t", ",", ";", "|"];
// Of a file, for its first line. A header longer than that is none.
const MOST_BYTES = 4 * 2 ** 20;

/**
 * Return the names in a text: one line of a CSV file or a sheet, the header of a CSV text of more lines, or a name a
 * line.
 */
export function splitNames(text: string): string[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "");
  if (lines.length === 0) return [];
  if (lines.length === 1 || isTable(lines)) return headerOf(text).names;
  return lines.map((line) => line.trim());
}

/** Return the names in the first line of a CSV file. No more than that is read. */
export async function readHeader(file: Blob): Promise<Header> {
  const bytes = new Uint8Array(await file.slice(0, MOST_BYTES).arrayBuffer());
  const end = endOfRecord(bytes);
  return headerOf(decode(end === -1 ? bytes : bytes.subarray(0, end)));
}

function headerOf(text: string): Header {
  const trimmed = text.replace(/^\uFEFF/, "").replace(/^[\r\n]+/, "");
  const parsed = Papa.parse<string[]>(trimmed, { preview: 1, delimitersToGuess: DELIMITERS });
  const names = (parsed.data[0] ?? []).map((name) => name.trim());
  // A line of numbers is data.
  const isHeader = names.some((name) => name !== "" && !isNumber(name));
  return { names: isHeader ? names : [], columns: names.length };
}

/** Whether lines are a header with rows of as many values below it, most of them numbers. */
function isTable(lines: readonly string[]): boolean {
  const { data } = Papa.parse<string[]>(lines.slice(0, 5).join("\n"), { delimitersToGuess: DELIMITERS });
  const width = data[0]?.length ?? 0;
  const rows = data.slice(1);
  if (width < 2 || rows.some((row) => row.length !== width)) return false;
  const values = rows.flat();
  return values.filter(isNumber).length * 2 >= values.length;
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text.trim().replace(",", ".")));
}

/** Where the first record ends: at the first line end outside of quotes that has something before it; -1 if nowhere. */
function endOfRecord(bytes: Uint8Array): number {
  let quoted = false;
  let seen = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === 0x22) quoted = !quoted;
    if (!quoted && (byte === 0x0a || byte === 0x0d)) {
      if (seen) return index;
    } else seen = true;
  }
  return -1;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    // Sheets on Chinese systems are often saved so; it reads every byte as something.
    if (error instanceof TypeError) return new TextDecoder("gb18030").decode(bytes);
    throw error;
  }
}
