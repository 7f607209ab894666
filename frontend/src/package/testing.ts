import { BlobReader, BlobWriter, ZipWriter, type ZipWriterAddDataOptions } from "@zip.js/zip.js";

/** A file to be written: its content, and how it is written. */
export interface Written {
  readonly content: string | Uint8Array<ArrayBuffer>;
  readonly options?: ZipWriterAddDataOptions;
}

export const STATISTICAL = {
  z: [
    [0, 1],
    [2, 3],
  ],
  beta: [0.25, 0.75],
  gamma: 0.1,
  num_points: 40,
  type: "RKMETableSpecification",
};

export const SEMANTIC = {
  Data: { Values: ["Table"], Type: "Class" },
  Task: { Values: ["Classification"], Type: "Class" },
  Library: { Values: ["Scikit-learn"], Type: "Class" },
  Scenario: { Values: ["Business", "Health"], Type: "Tag" },
  License: { Values: ["MIT"], Type: "Class" },
  Model: { Values: [], Type: "Optional" },
  Description: { Values: "What it does, in some words.", Type: "String" },
  Name: { Values: "A learnware", Type: "String" },
  Input: { Dimension: 2, Description: { 0: "length", 1: "width" } },
  Output: { Dimension: 2, Description: { 0: "no", 1: "yes" } },
};

/** The files of a good package. */
export const FILES: Readonly<Record<string, string>> = {
  "__init__.py": "class Model: ...\n",
  "learnware.yaml": "model: {class_name: Model}\nstat_specifications: [{file_name: stat.json}]\n",
  "requirements.txt": "numpy\n",
  "semantic_specification.json": JSON.stringify(SEMANTIC),
  "stat.json": JSON.stringify(STATISTICAL),
};

/** A zip of a good package with some files changed, added or (with null) left out. */
export async function packageOf(changes: Record<string, string | null> = {}): Promise<Blob> {
  const files = Object.entries({ ...FILES, ...changes }).filter(([, content]) => content !== null);
  return zipOf(files.map(([name, content]) => [name, { content: content ?? "" }]));
}

/** A zip of some files. */
export async function zipOf(files: readonly (readonly [string, Written])[]): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter("application/zip"), {
    useWebWorkers: false,
    extendedTimestamp: false,
  });
  for (const [name, { content, options }] of files) {
    await writer.add(name, new BlobReader(new Blob([content])), options);
  }
  return writer.close();
}

/** The same bytes with all occurrences of a text replaced by one of equal length. */
export async function patched(blob: Blob, from: string, to: string): Promise<Blob> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const text = String.fromCharCode(...bytes).replaceAll(from, to);
  return new Blob([Uint8Array.from(text, (char) => char.charCodeAt(0))]);
}
