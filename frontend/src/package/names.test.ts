import { expect, it } from "vitest";
import { collisions } from "./names";

const codes = (files: readonly string[], most: number) =>
  collisions(files, [], most).map(({ words }) => words.split(".").at(-1));

it("folders that only names of files tell of count, each of them once", () => {
  const deep = (top: string) => `${top}/${"d/".repeat(500)}x`;
  // A million folders; their names alone would be half a gigabyte.
  const many = Array.from({ length: 2000 }, (_, i) => deep(String(i)));
  expect(codes(many, 10_000)).toEqual(["folders-many"]);
  const shared = Array.from({ length: 2000 }, (_, i) => `${deep("same")}${String(i)}`);
  expect(codes(shared, 501)).toEqual([]);
  expect(codes(shared, 500)).toEqual(["folders-many"]);
});

it("what lies deep is compared with what it lies in", () => {
  expect(codes(["a/B/c/x", "a/b/c/y"], 10)).toEqual(["name-case", "name-case"]);
  expect(codes(["a/b", "a/b/c/x"], 10)).toEqual(["name-folder"]);
});
