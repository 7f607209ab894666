/** Texts for trials: one a line. */
import type { TrialTable } from "./table";

/** What a trial takes of texts. */
export interface TextRules {
  /** Texts at most. */
  most: number;
  /** Characters of all of them together, at most. */
  characters: number;
}

/** Texts that were entered, and how they keep to the rules. */
export interface EnteredTexts {
  /** Those that are sent: blank lines are none, and what is beyond the most is left out. */
  texts: string[];
  characters: number;
  cut: boolean;
  tooLong: boolean;
}

// Halves of characters, which JSON can hold and no text in UTF-8.
const HALVES = /\p{Cs}/gu;

/** Return the texts of some lines. */
export function textsIn(lines: string, { most, characters }: TextRules): EnteredTexts {
  const all = lines
    .replace(HALVES, "\ufffd")
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const texts = all.slice(0, most);
  // As the dock counts them: a character beyond the first plane is one.
  const found = texts.reduce((sum, one) => sum + [...one].length, 0);
  return { texts, characters: found, cut: all.length > most, tooLong: found > characters };
}

/** Return texts as a table of one column, as trials keep and show what was sent. */
export function textTable(texts: readonly string[], name: string, cut: boolean): TrialTable | null {
  return texts.length === 0 ? null : { name, columns: [name], rows: texts.map((one) => [one]), cut };
}

/** Return the lines of a table of texts. */
export function linesOf(table: TrialTable | null): string {
  const texts = (table?.rows ?? []).map(([first]) => first);
  return texts.every((one) => typeof one === "string") ? texts.join("\n") : "";
}
