import { expect, it } from "vitest";
import type { Schema } from "@/api/client";
import { rowOf, sideOf } from "./rows";

const learnware = (name: string, input: unknown) =>
  ({ name, semantic_specification: { Input: input } }) as unknown as Schema<"DetailOut">;

it("says whether learnwares differ in a row", () => {
  const some = [learnware("a", {}), learnware("b", {})];
  expect(rowOf("name", "Name", some, (one) => one.name)).toMatchObject({ cells: ["a", "b"], differs: true });
  expect(rowOf("kind", "Kind", some, () => "x").differs).toBe(false);
});

it("puts the user's columns beside those that are described alike, in the learnware's order", () => {
  const one = learnware("a", { Dimension: 3, Description: { "2": "wind speed", "0": "air temperature" } });
  expect(sideOf(one, "Input", [{ name: "temp", description: "temperature" }])).toEqual({
    dimension: 3,
    columns: [
      { place: 0, text: "air temperature", matches: "temp" },
      { place: 2, text: "wind speed", matches: null },
    ],
  });
  expect(sideOf(one, "Output", [])).toEqual({ dimension: null, columns: [] });
});
