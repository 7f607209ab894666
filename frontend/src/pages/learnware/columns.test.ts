import { expect, it } from "vitest";
import { columnRows, foundRows } from "./columns";

const described = (dimension: number | null, ...entries: [number, string][]) => ({
  dimension,
  descriptions: new Map(entries),
});

it("has a row for each described column, in order, and one for each run between them", () => {
  expect(columnRows(described(784, [3, "ink"], [0, "corner"]))).toEqual([
    { first: 0, last: 0, text: "corner" },
    { first: 1, last: 2, text: "" },
    { first: 3, last: 3, text: "ink" },
    { first: 4, last: 783, text: "" },
  ]);
});

it("takes what is described beyond the dimension, and none at all", () => {
  expect(columnRows(described(null, [1, "b"])).map(({ first }) => first)).toEqual([0, 1]);
  expect(columnRows(described(2, [4, "e"])).at(-1)).toEqual({ first: 4, last: 4, text: "e" });
  expect(columnRows(described(null))).toEqual([]);
  expect(columnRows(described(5))).toEqual([{ first: 0, last: 4, text: "" }]);
});

it("finds by words and by place", () => {
  const rows = columnRows(described(10, [2, "Wind speed"], [7, "month 2"]));
  expect(foundRows(rows, " WIND ").map(({ first }) => first)).toEqual([2]);
  expect(foundRows(rows, "2").map(({ first }) => first)).toEqual([2, 7]);
  expect(foundRows(rows, "9").map(({ first }) => first)).toEqual([8]);
  expect(foundRows(rows, "")).toBe(rows);
});
