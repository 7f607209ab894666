import { describe, expect, it } from "vitest";
import { addressOf, matching, pathIn } from "./datasets";

const dataset = (path: string) => ({ path, size: 1, sha256: "", added_at: "2026-11-21T00:00:00Z" });

it("addresses keep the folders and hide what would end a path", () => {
  expect(addressOf("air/train 1.csv")).toBe("/api/v1/datasets/air/train%201.csv");
  expect(addressOf("a#b/c?d")).toBe("/api/v1/datasets/a%23b/c%3Fd");
});

it.each([
  ["air", "train.csv", "air/train.csv"],
  ["/air/2020/", "train.csv", "air/2020/train.csv"],
  ["", "train.csv", "train.csv"],
  [" air ", "train.csv", "air/train.csv"],
])("the path of %j and %j", (folder, file, path) => {
  expect(pathIn(folder, file)).toBe(path);
});

describe("looking for data sets", () => {
  const items = [dataset("air/Train.csv"), dataset("air/test.csv"), dataset("digits.npz")];

  it("takes those that have all words", () => {
    expect(matching(items, "AIR tr").map(({ path }) => path)).toEqual(["air/Train.csv"]);
    expect(matching(items, "water")).toEqual([]);
  });

  it("takes all where nothing is looked for", () => {
    expect(matching(items, "  ")).toHaveLength(3);
  });
});
