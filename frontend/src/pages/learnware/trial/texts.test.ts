import { expect, it } from "vitest";
import { linesOf, textsIn, textTable } from "./texts";

const rules = { most: 3, characters: 20 };

it("takes a text a line, however lines end, and no blank lines", () => {
  expect(textsIn(" one \r\n\r\n二\rthree\n", rules)).toEqual({
    texts: ["one", "二", "three"],
    characters: 9,
    cut: false,
    tooLong: false,
  });
  expect(textsIn(" \n\t\n", rules)).toMatchObject({ texts: [], cut: false });
});

it("leaves out what is beyond the most, and counts the characters of the rest as the dock does", () => {
  expect(textsIn("a\nb\nc\nd", rules)).toMatchObject({ texts: ["a", "b", "c"], cut: true, tooLong: false });
  expect(textsIn("😀".repeat(20), rules)).toMatchObject({ characters: 20, tooLong: false });
  expect(textsIn("x".repeat(21), rules)).toMatchObject({ tooLong: true });
});

it("replaces halves of characters", () => {
  expect(textsIn("a\ud800b", rules).texts).toEqual(["a\ufffdb"]);
});

it("keeps texts as a table, and finds them in it", () => {
  const table = textTable(["one", "two"], "Texts", false);
  expect(table).toEqual({ name: "Texts", columns: ["Texts"], rows: [["one"], ["two"]], cut: false });
  expect(linesOf(table)).toBe("one\ntwo");
  expect(textTable([], "Texts", false)).toBeNull();
  expect(linesOf({ name: "a.csv", columns: null, rows: [[1, 2]], cut: false })).toBe("");
});
