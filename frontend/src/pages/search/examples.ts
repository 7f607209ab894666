/** Tables to try the search with; they lie in `public/examples` with the program that makes them. */

export const EXAMPLES = ["iris", "digits", "wine", "air"] as const;
export type Example = (typeof EXAMPLES)[number];

/** Fetch an example as if it had been chosen as a file. */
export async function exampleFile(example: Example): Promise<File> {
  const answer = await fetch(`/examples/${example}.csv`);
  if (!answer.ok) throw new TypeError(`HTTP ${String(answer.status)}`);
  return new File([await answer.blob()], `${example}.csv`, { type: "text/csv" });
}
