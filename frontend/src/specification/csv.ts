import { numberIn } from "./cells";
import { encodingOf, guessHeader, guessSeparator, isBlank, parseRows } from "./detect";
import type { CsvDialect } from "./dialect";
import { SpecificationError } from "./errors";

export type { CsvDialect } from "./dialect";

/** What is known of a column from the beginning of the file. */
export interface CsvColumn {
  /** Its position, from 0 on. */
  readonly index: number;
  /** Its name; its number, from 1 on, where the file does not name it. */
  readonly name: string;
  /** `empty`: there is no value; `text`: some values are no numbers. */
  readonly kind: "number" | "text" | "empty";
  /** Whether it only counts the rows, as a saved data frame's index does. */
  readonly counter: boolean;
  readonly missing: number;
  /** The first value that is no number, of a column of text. */
  readonly example: string | null;
}

/** The beginning of a table in a file. */
export interface CsvHead {
  readonly dialect: CsvDialect;
  readonly columns: readonly CsvColumn[];
  /** The first rows, as they are written. */
  readonly rows: readonly (readonly string[])[];
  /** Rows that `columns` were judged by. */
  readonly looked: number;
  /** Whether that were all rows. */
  readonly whole: boolean;
}

/** Columns of a file, at most. */
export const MOST_COLUMNS = 10_000;

const HEAD_BYTES = 1 << 20;
const BLOCK_BYTES = 1 << 20;
// Characters that separators are guessed from.
const GUESSED_CHARS = 1 << 16;
const SHOWN_ROWS = 20;
// Characters of one row: beyond it, a quotation mark was left open.
const LONGEST_ROW = 1 << 22;
const COUNTER_NAMES = /^(|index|unnamed: ?0|row|rownames|no\.?|#)$/i;
const LONGEST_EXAMPLE = 40;

/**
 * Look at the beginning of a table: how it is written, and what its columns are.
 *
 * @param known - What the user says of the dialect; the rest is guessed.
 * @throws SpecificationError if it is no table.
 */
export async function inspectCsv(file: Blob, known: Partial<CsvDialect> = {}): Promise<CsvHead> {
  if (file.size === 0) throw new SpecificationError("csv-empty");
  const head = new Uint8Array(await bytesOf(file.slice(0, HEAD_BYTES)));
  const encoding = known.encoding ?? encodingOf(head);
  const whole = file.size <= HEAD_BYTES;
  const text = new TextDecoder(encoding).decode(head, { stream: !whole });
  if (text.trim() === "") throw new SpecificationError("csv-empty");
  const sample = text.slice(0, GUESSED_CHARS);
  const guessed = guessSeparator(sample, !whole || sample.length < text.length);
  const separator = known.separator ?? guessed.separator;
  const decimal = known.decimal ?? guessed.decimal;
  const rows = parseRows(text, separator, { partial: !whole }).rows.filter((row) => !isBlank(row));
  if (rows.length === 0) throw new SpecificationError("csv-record-too-long", { line: 1 });
  const header = known.header ?? guessHeader(rows, decimal);
  const dialect: CsvDialect = { encoding, separator, decimal, header };
  const width = rows[0]?.length ?? 0;
  if (width > MOST_COLUMNS) {
    throw new SpecificationError("csv-too-many-columns", { found: width, most: MOST_COLUMNS });
  }
  const names = header ? (rows[0] ?? []) : [];
  const data = header ? rows.slice(1) : rows;
  if (data.length === 0) throw new SpecificationError("table-no-rows");
  const columns = Array.from({ length: width }, (_, index) =>
    describeColumn(data, index, names[index], dialect),
  );
  return { dialect, columns, rows: data.slice(0, SHOWN_ROWS), looked: data.length, whole };
}

/** Read on where a table goes on. */
export interface CsvReading {
  /** Called with rows of the chosen columns, one after the other; NaN where a value is missing. */
  readonly onRows: (values: Float64Array) => void;
  /** Called with the number of bytes that were read. */
  readonly onBytes?: (bytes: number) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Read columns of a table, in memory of fixed size.
 *
 * @param names - The names of the chosen columns, by their positions; errors tell them.
 * @throws SpecificationError that names the line, and the column.
 */
export async function readCsv(
  file: Blob,
  dialect: CsvDialect,
  names: ReadonlyMap<number, string>,
  { onRows, onBytes, signal }: CsvReading,
): Promise<void> {
  const decoder = new TextDecoder(dialect.encoding);
  const reader = new RowReader(dialect, names);
  let rest = "";
  for (let begin = 0; begin < file.size; begin += BLOCK_BYTES) {
    signal?.throwIfAborted();
    const last = begin + BLOCK_BYTES >= file.size;
    const bytes = await bytesOf(file.slice(begin, begin + BLOCK_BYTES));
    const text = rest + decoder.decode(bytes, { stream: !last });
    const end = reader.read(text, !last, onRows);
    rest = text.slice(end);
    if (rest.length > LONGEST_ROW) throw new SpecificationError("csv-record-too-long", { line: reader.line });
    onBytes?.(Math.min(begin + BLOCK_BYTES, file.size));
  }
}

/** Turns texts, one after the other, into rows of numbers. */
class RowReader {
  /** Number of the next line, from 1 on. */
  line = 1;
  readonly #dialect: CsvDialect;
  readonly #names: ReadonlyMap<number, string>;
  readonly #chosen: readonly number[];
  #width = 0;

  constructor(dialect: CsvDialect, names: ReadonlyMap<number, string>) {
    this.#dialect = dialect;
    this.#names = names;
    this.#chosen = [...names.keys()];
  }

  /** Read the rows of a text, and return where the last one ends. */
  read(text: string, partial: boolean, onRows: (values: Float64Array) => void): number {
    const { separator, decimal, header } = this.#dialect;
    const { rows, end } = parseRows(text, separator, { partial });
    const values = new Float64Array(rows.length * this.#chosen.length);
    let at = 0;
    rows.forEach((row, i) => {
      if (isBlank(row)) return;
      const first = this.#width === 0;
      if (first) this.#begin(row.length);
      else if (row.length !== this.#width) this.#checkLength(row, () => this.#lineOf(text, i));
      if (first && header) return;
      for (const index of this.#chosen) {
        const cell = row[index] ?? "";
        const value = numberIn(cell, decimal);
        if (value === null) {
          const column = this.#names.get(index) ?? String(index + 1);
          const example = shortened(cell);
          throw new SpecificationError("csv-not-a-number", {
            line: this.#lineOf(text, i),
            column,
            value: example,
          });
        }
        values[at++] = value;
      }
    });
    if (at > 0) onRows(values.subarray(0, at));
    this.line += linesIn(text, end);
    return end;
  }

  #begin(width: number): void {
    this.#width = width;
    if (this.#chosen.some((index) => index >= width)) {
      throw new SpecificationError("csv-columns-changed", { found: width });
    }
  }

  /** Empty cells at the end are some programs' habit; anything else has lost a value, or has one too many. */
  #checkLength(row: readonly string[], line: () => number): void {
    const more = row.slice(this.#width);
    if (row.length > this.#width && more.every((cell) => cell.trim() === "")) return;
    throw new SpecificationError("csv-row-length", {
      line: line(),
      found: row.length,
      expected: this.#width,
    });
  }

  /** The line in which a row of a text begins; a row may have several. */
  #lineOf(text: string, row: number): number {
    if (row === 0) return this.line;
    const { end } = parseRows(text, this.#dialect.separator, { partial: false, preview: row });
    return this.line + linesIn(text, end);
  }
}

function describeColumn(
  rows: readonly (readonly string[])[],
  index: number,
  given: string | undefined,
  { decimal }: CsvDialect,
): CsvColumn {
  let missing = 0;
  let counts = true;
  let example: string | null = null;
  let before: number | null = null;
  for (const row of rows) {
    const cell = row[index] ?? "";
    const value = numberIn(cell, decimal);
    if (value === null) example ??= shortened(cell);
    else if (Number.isNaN(value)) missing++;
    counts &&=
      value !== null && Number.isInteger(value) && (before === null ? value <= 1 : value === before + 1);
    before = value;
  }
  const trimmed = given?.trim() ?? "";
  return {
    index,
    name: trimmed || String(index + 1),
    kind: example !== null ? "text" : missing === rows.length ? "empty" : "number",
    counter: counts && rows.length > 2 && given !== undefined && COUNTER_NAMES.test(trimmed),
    missing,
    example,
  };
}

async function bytesOf(part: Blob): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer();
  } catch (error) {
    throw Object.assign(new SpecificationError("file-unreadable"), { cause: error });
  }
}

function linesIn(text: string, end: number): number {
  const mark = text.includes("\n") ? "\n" : "\r";
  let count = 0;
  for (let at = text.indexOf(mark); at !== -1 && at < end; at = text.indexOf(mark, at + 1)) count++;
  return count;
}

function shortened(cell: string): string {
  const text = cell.trim();
  return text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE)}…` : text;
}
