/** The columns or outputs of a learnware as rows of a table. */
import type { Columns } from "@/learnware/semantic";

/** One column, or a run of columns that nothing is said of. */
export interface ColumnRow {
  /** Places, from 0 on. */
  first: number;
  last: number;
  /** What it holds; empty where nothing is said. */
  text: string;
}

/** Return a row for each described column, and one for each run of columns between them. */
export function columnRows({ dimension, descriptions }: Columns): ColumnRow[] {
  const places = [...descriptions.keys()].filter((place) => Number.isInteger(place) && place >= 0);
  const described = places.sort((one, other) => one - other);
  const rows: ColumnRow[] = [];
  let next = 0;
  for (const place of described) {
    if (place > next) rows.push({ first: next, last: place - 1, text: "" });
    rows.push({ first: place, last: place, text: descriptions.get(place) ?? "" });
    next = place + 1;
  }
  if (dimension !== null && next < dimension) rows.push({ first: next, last: dimension - 1, text: "" });
  return rows;
}

/** Return the rows whose description, or whose place, is looked for. */
export function foundRows(rows: readonly ColumnRow[], words: string): readonly ColumnRow[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return rows;
  const place = /^\d+$/.test(wanted) ? Number(wanted) : null;
  return rows.filter(
    ({ first, last, text }) =>
      text.toLowerCase().includes(wanted) || (place !== null && first <= place && place <= last),
  );
}
