/** What the search can be tried with; it lies in `public/examples` with the program that makes it. */
import type { DataType } from "@/specification/specification";

/** Tables, of which specifications are computed here, and specifications of images and texts. */
export const EXAMPLES = [
  { name: "iris", kind: "Table" },
  { name: "digits", kind: "Table" },
  { name: "wine", kind: "Table" },
  { name: "air", kind: "Table" },
  { name: "pictures", kind: "Image" },
  { name: "reference", kind: "Text" },
] as const satisfies readonly { name: string; kind: DataType }[];
export type Example = (typeof EXAMPLES)[number];

/** Fetch an example as if it had been chosen as a file. */
export async function exampleFile({ name, kind }: Example): Promise<File> {
  const file = kind === "Table" ? `${name}.csv` : `${name}.json`;
  const answer = await fetch(`/examples/${file}`);
  if (!answer.ok) throw new TypeError(`HTTP ${String(answer.status)}`);
  return new File([await answer.blob()], file, { type: kind === "Table" ? "text/csv" : "application/json" });
}
