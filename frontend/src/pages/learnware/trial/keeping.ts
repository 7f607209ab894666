/** The table of a trial, kept in this tab of the browser: signing in and loading anew do not lose it. */
import type { TrialTable } from "./table";

const key = (learnwareId: string) => `trial:${learnwareId}`;

/** Keep a table; null forgets it. */
export function keepTable(learnwareId: string, table: TrialTable | null): void {
  try {
    if (table === null) sessionStorage.removeItem(key(learnwareId));
    else sessionStorage.setItem(key(learnwareId), JSON.stringify(table));
  } catch (error) {
    void error; // no room, or storage is forbidden: it stays as long as the page does
  }
}

/** Return the table that was kept. */
export function keptTable(learnwareId: string): TrialTable | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(learnwareId)) ?? "null") as TrialTable | null;
    return kept !== null && Array.isArray(kept.rows) && typeof kept.name === "string" ? kept : null;
  } catch (error) {
    void error; // storage is forbidden, or what is there is not ours
    return null;
  }
}
