/** Paths of data sets. */
import type { Schema } from "@/api/client";

export type Dataset = Schema<"DatasetOut">;

/** Return the address that a data set is downloaded from. */
export function addressOf(path: string): string {
  return `/api/v1/datasets/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** Return a path for a file in a folder, as it was typed: `air/`, `/air`, `air` are the same. */
export function pathIn(folder: string, file: string): string {
  return [...folder.split("/"), file]
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("/");
}

/** Return those whose paths have all words of a text, whatever their case. */
export function matching(items: readonly Dataset[], text: string): Dataset[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
}
