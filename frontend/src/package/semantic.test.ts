// @vitest-environment node
import { expect, it } from "vitest";
import { vector } from "@/specification/testing";
import { normalised, promised, semanticFindings } from "./semantic";
import { SEMANTIC } from "./testing";

interface SemanticVector {
  readonly given: Record<string, unknown>;
  readonly kept: unknown;
  readonly keys: readonly (string | null)[];
}

const LARGEST = 128 << 10;

it.each(vector("semantics") as SemanticVector[])("%# $keys", ({ given, kept, keys }) => {
  expect(normalised(given)).toEqual(kept);
  const found = semanticFindings(kept, LARGEST);
  expect(found.map(({ key }) => key ?? null)).toEqual(keys);
  expect(found.every(({ level, part }) => level === "error" && part === "semantic")).toBe(true);
});

it("what is no object, and what is too large, is refused", () => {
  for (const value of [null, [], "text", 3]) {
    expect(semanticFindings(value, LARGEST)).toMatchObject([{ words: "package.findings.semantic-object" }]);
  }
  expect(semanticFindings(SEMANTIC, 300)).toMatchObject([
    { words: "package.findings.semantic-large", key: "Description", values: { most: 300 } },
  ]);
});

it("what is promised is what is valid", () => {
  expect(promised(SEMANTIC)).toEqual({ dataType: "Table", task: "Classification", inputs: 2, outputs: 2 });
  expect(promised({ ...SEMANTIC, Data: { Values: ["Video"] } })).toMatchObject({
    dataType: null,
    inputs: null,
  });
  expect(promised({ ...SEMANTIC, Output: { Dimension: 1 } })).toMatchObject({ outputs: null });
  expect(promised("text")).toEqual({ dataType: null, task: null, inputs: null, outputs: null });
});
