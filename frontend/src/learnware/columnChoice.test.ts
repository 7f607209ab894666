import { describe, expect, it } from "vitest";
import type { CsvHead } from "@/specification/csv";
import { choicesOf, moved, targetOf, textColumn } from "./columnChoice";

/** The beginning of a file with these names and rows; columns of words are told by their cells. */
function head(names: string[], rows: string[][], counters: string[] = []): CsvHead {
  return {
    dialect: { encoding: "utf-8", separator: ",", decimal: ".", header: true },
    columns: names.map((name, index) => ({
      index,
      name,
      kind: rows.every((row) => row[index] === "")
        ? "empty"
        : rows.some((row) => Number.isNaN(Number(row[index])))
          ? "text"
          : "number",
      counter: counters.includes(name),
      missing: 0,
      example: null,
    })),
    rows,
    looked: rows.length,
    whole: true,
  };
}
const twenty = (row: (i: number) => string[]) => Array.from({ length: 20 }, (_, i) => row(i));

it("a column of whole texts is told from one of words", () => {
  const review = "A film that begins slowly, and does not end.";
  expect(textColumn(head(["title", "review"], [["The lake", review]]))?.name).toBe("review");
  expect(
    textColumn(head(["评论"], [["这部电影开头很慢，而且一直没有结束，看完以后觉得不太值得。"]]))?.name,
  ).toBe("评论");
  expect(textColumn(head(["day", "kind"], [["2026-11-21T18:05:00+00:00", "red"]]))).toBeNull();
  expect(textColumn(head(["a"], [["1"]]))).toBeNull();
});

describe("the likely target", () => {
  it("is a column with such a name, wherever it is", () => {
    expect(targetOf(head(["Species", "a", "b"], [["1", "2", "3"]]))).toBe(0);
    expect(targetOf(head(["a", "y", "class"], [["1", "2", "3"]]))).toBe(2);
    expect(targetOf(head(["a", "PM2.5 (target)", "c"], [["1", "2.5", "3"]]))).toBe(1);
    expect(targetOf(head(["a", "target_price", "relabelled"], [["1", "2", "3"]]))).toBe(1);
  });

  it("is a last column of words", () => {
    expect(targetOf(head(["a", "b", "kind"], [["1", "2", "red"]]))).toBe(2);
    expect(targetOf(head(["a", "b"], [["x", "red"]]))).toBeNull();
  });

  it("is a last column of classes beside fractions", () => {
    expect(
      targetOf(
        head(
          ["a", "b", "c"],
          twenty((i) => [`0.${String(i)}`, `${String(i)}.5`, String(i % 3)]),
        ),
      ),
    ).toBe(2);
    // Digits are whole numbers everywhere.
    expect(
      targetOf(
        head(
          ["a", "b", "c"],
          twenty((i) => [String(i), "3", String(i % 3)]),
        ),
      ),
    ).toBeNull();
    expect(
      targetOf(
        head(
          ["a", "b", "c"],
          twenty((i) => ["0.5", "0.25", `${String(i)}.1`]),
        ),
      ),
    ).toBeNull();
  });

  it("is none of one column", () => {
    expect(targetOf(head(["target"], [["1"]]))).toBeNull();
  });
});

it("takes numbers, and says why it leaves out the rest", () => {
  const choices = choicesOf(
    head(["", "a", "city", "nothing", "b", "label"], [["0", "1.5", "Rome", "", "2.5", "1"]], [""]),
  );
  expect(choices.map((one) => one.leftOut)).toEqual(["counter", null, "text", "empty", null, "target"]);
  expect(choices.filter((one) => one.chosen).map((one) => one.name)).toEqual(["a", "b"]);
});

it("moves a column by one place, and not beyond the ends", () => {
  const choices = choicesOf(head(["a", "b", "c"], [["1", "2", "3"]]));
  const names = (at: number, by: -1 | 1) =>
    moved(choices, at, by)
      .map((one) => one.name)
      .join("");
  expect([names(1, -1), names(1, 1), names(0, -1), names(2, 1)]).toEqual(["bac", "acb", "abc", "abc"]);
});
