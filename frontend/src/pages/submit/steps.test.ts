import { describe, expect, it } from "vitest";
import { fromSemantic } from "@/learnware/editor/form";
import type { Vocabulary } from "@/learnware/editor/rules";
import { newDraft, type Draft } from "./drafts";
import { addressOf, columnsOf, obstacles, stepIn, stepOfPlace } from "./steps";

const vocabulary = {
  keys: {
    Data: { Type: "Class", Values: ["Table", "Image"] },
    Task: { Type: "Class", Values: ["Regression"] },
    Library: { Type: "Class", Values: ["Others"] },
    Scenario: { Type: "Tag", Values: ["Nature"] },
    License: { Type: "Class", Values: ["MIT"] },
    Model: { Type: "Optional", Values: [] },
  },
  tasks: { Table: ["Regression"], Image: ["Regression"] },
  lengths: { Name: { least: 5, most: 50 }, Description: { least: 10, most: 100 } },
} as unknown as Vocabulary;

const form = fromSemantic({
  Name: { Values: "Wine prices" },
  Description: { Values: "Prices of wines by their taste." },
  Data: { Values: ["Table"] },
  Task: { Values: ["Regression"] },
  Library: { Values: ["Others"] },
  Scenario: { Values: ["Nature"] },
  License: { Values: ["MIT"] },
  Input: { Dimension: 4, Description: {} },
  Output: { Dimension: 1, Description: {} },
});
const checked = {
  ok: true,
  findings: [],
  semantic: null,
  statistical: [{ type: "RKMETableSpecification", columns: 4 }],
  files: 3,
  bytes: 100,
};
const ready: Draft = { ...newDraft(1), form, file: { name: "wine.zip", size: 90 }, checked };
const whats = (changed: Partial<Draft>) =>
  obstacles({ ...ready, ...changed }, vocabulary, false).map(({ step, what }) => [
    step,
    typeof what === "string" ? what : what.code,
  ]);

describe("what is left to do", () => {
  it.each([
    ["nothing", {}, []],
    ["a package", { file: null, checked: null }, [["package", "package"]]],
    ["the check", { checked: null }, [["package", "again"]]],
    ["mending", { checked: { ...checked, ok: false } }, [["package", "mistakes"]]],
    ["texts", { form: { ...form, name: "" } }, [["about", "missing"]]],
    ["outputs", { form: { ...form, output: { dimension: 0, names: [] } } }, [["columns", "dimension"]]],
    [
      "columns that agree",
      { form: { ...form, input: { dimension: 5, names: [] } } },
      [["columns", "columns"]],
    ],
    ["a specification of this kind", { form: { ...form, data: "Image" } }, [["about", "kind"]]],
    ["nothing where the package stays", { keepsPackage: true, file: null, checked: null }, []],
  ] satisfies [string, Partial<Draft>, unknown][])("%s", (_, changed, expected) =>
    expect(whats(changed)).toEqual(expected),
  );
});

it("wants a new version to have something new", () => {
  const update: Draft = { ...ready, ...newDraft(1, "00000007"), form, filled: form };
  expect(obstacles(update, vocabulary, false)).toEqual([{ step: "about", what: "unchanged" }]);
  expect(obstacles({ ...update, form: { ...form, name: "Wine prices, mended" } }, vocabulary, false)).toEqual(
    [],
  );
  const other = { keepsPackage: false, file: ready.file, checked };
  expect(obstacles({ ...update, ...other }, vocabulary, false)).toEqual([]);
});

it("asks for the file again before its upload is complete", () => {
  expect(obstacles(ready, vocabulary, true)).toEqual([{ step: "package", what: "again" }]);
});

it("knows the columns of the package", () => {
  expect(columnsOf(ready)).toBe(4);
  expect(columnsOf({ ...ready, keepsPackage: true })).toBeNull();
  expect(columnsOf({ ...ready, form: { ...form, data: "Image" } })).toBeNull();
});

it("has its step in the address", () => {
  expect(stepIn({ step: "columns" })).toBe("columns");
  expect(stepIn({ step: "nowhere" })).toBe("package");
  expect(addressOf(ready, "send")).toEqual({ path: "/submit", query: { draft: ready.id, step: "send" } });
  expect(addressOf(newDraft(1, "00000007"), "about", "name")).toEqual({
    path: "/submit",
    query: { update: "00000007", step: "about", at: "name" },
  });
});

it.each([
  ["/semantic_specification/Name", "about"],
  ["/semantic_specification/Input/Dimension", "columns"],
  ["/semantic_specification/Output/Description", "columns"],
  ["package model.py", "package"],
  ["package", "package"],
  ["/upload_id", null],
])("%s is in the step %s", (place, step) => expect(stepOfPlace(place)).toBe(step));
