/** What came of a trial, as a table of answers and rows. */
import Papa from "papaparse";
import type { Schema } from "@/api/client";
import type { TrialTable } from "./table";

type Trial = Pick<Schema<"TrialOut">, "outputs" | "probabilities">;

/** Words that the dock does not know. */
export interface ResultWords {
  prediction: string;
  /** Of the output at a place. */
  output: (place: number) => string;
  certainty: string;
}

/** Answers in columns: what each is called, and the cells of each row. */
export interface Answers {
  names: string[];
  rows: string[][];
  /** The share of the likeliest class of each row, where the model tells any. */
  certainty: number[] | null;
}

/**
 * Return the answers as they are shown.
 *
 * @param described - descriptions of the learnware's outputs by their places.
 * @param classifies - whether outputs are classes, which single numbers name.
 */
export function answersOf(
  trial: Trial,
  described: ReadonlyMap<number, string>,
  classifies: boolean,
  words: ResultWords,
): Answers {
  const outputs: readonly unknown[] = trial.outputs ?? [];
  const first = outputs[0];
  const width = Array.isArray(first) ? first.length : null;
  const single = (!classifies && described.get(0)) || words.prediction;
  const names =
    width === null
      ? [single]
      : Array.from({ length: width }, (_, place) => described.get(place) ?? words.output(place));
  const rows = outputs.map((output) => {
    if (Array.isArray(output)) return output.map((one) => shown(one));
    const name = classifies && Number.isInteger(output) ? described.get(Number(output)) : undefined;
    return [name === undefined || name === shown(output) ? shown(output) : `${shown(output)} · ${name}`];
  });
  const certainty = trial.probabilities?.map((row) => Math.max(...row)) ?? null;
  return { names, rows, certainty };
}

/** Return rows and answers as a CSV file: inputs first, then what the model made of them. */
export function resultCsv(
  table: TrialTable | null,
  trial: Trial,
  described: ReadonlyMap<number, string>,
  words: ResultWords,
): string {
  const outputs: readonly unknown[] = trial.outputs ?? [];
  const first = outputs[0];
  const answers = Array.isArray(first)
    ? first.map((_, place) => described.get(place) ?? words.output(place))
    : [words.prediction];
  const classes = (trial.probabilities?.[0] ?? []).map(
    (_, place) => `${words.certainty}: ${described.get(place) ?? String(place)}`,
  );
  const inputs = table?.columns ?? (table?.rows[0] ?? []).map((_, place) => String(place));
  const data = outputs.map((output, at) => [
    ...(table?.rows[at] ?? inputs.map(() => null)).map((cell) => cell ?? ""),
    ...(Array.isArray(output) ? output : [output]).map((cell) =>
      typeof cell === "number" ? cell : shown(cell),
    ),
    ...(trial.probabilities?.[at] ?? []),
  ]);
  // What models answer in words must not be a formula where it is opened.
  return Papa.unparse({ fields: [...inputs, ...answers, ...classes], data }, { escapeFormulae: true });
}

function shown(value: unknown): string {
  if (typeof value === "number") {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
