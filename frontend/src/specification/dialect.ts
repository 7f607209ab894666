import type { DecimalSign } from "./cells";

/** How a table is written down. */
export interface CsvDialect {
  /** A label of the Encoding Standard: utf-8, gb18030, windows-1252, utf-16le … */
  readonly encoding: string;
  /** What stands between two values. */
  readonly separator: string;
  readonly decimal: DecimalSign;
  /** Whether the first row names the columns. */
  readonly header: boolean;
}

/** Values that may stand between two others, the likelier first. */
export const SEPARATORS = [",", ";", "\t", "|", " "] as const;
/** The encodings that are told apart, and offered. */
export const ENCODINGS = ["utf-8", "gb18030", "windows-1252", "utf-16le", "utf-16be"] as const;
