import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import { noValues } from "@/learnware/facets";
import { keep, restore } from "./keeping";
import { asksForNothing, described, emptyRequirement, searchBody, type Requirement } from "./requirement";

const full: Requirement = {
  words: "  air quality ",
  tags: { ...noValues(), Data: ["Table"], Scenario: ["Nature", "Health"] },
  specification: {
    type: "RKMETableSpecification",
    states: { z: [[1, 2]], beta: [1] },
    name: "mine.csv",
    table: { encoding: "utf-8", decimal: ".", separator: ",", header: true, columns: [0, 1] },
  },
  inputs: [{ name: "PM10", description: "" }],
  outputs: [{ name: "", description: " " }],
};

it("sends words, tags and the specification, and nothing else", () => {
  expect(searchBody(full)).toEqual({
    semantic_specification: {
      Name: { Values: "air quality", Type: "String" },
      Data: { Values: ["Table"], Type: "Class" },
      Scenario: { Values: ["Nature", "Health"], Type: "Tag" },
    },
    statistical_specifications: { RKMETableSpecification: { z: [[1, 2]], beta: [1] } },
  });
  expect(searchBody(emptyRequirement())).toEqual({
    semantic_specification: null,
    statistical_specifications: null,
  });
});

it("knows what asks for nothing, and which descriptions say something", () => {
  expect(asksForNothing(emptyRequirement())).toBe(true);
  expect(asksForNothing({ ...emptyRequirement(), inputs: full.inputs })).toBe(true);
  expect(asksForNothing({ ...emptyRequirement(), words: "x" })).toBe(false);
  expect(described([...full.inputs, ...full.outputs])).toEqual(full.inputs);
});

it("keeps the requirement of a tab for a day", async () => {
  const day = 24 * 60 * 60 * 1000;
  await keep(full, 1000);
  expect(await restore(1000 + day)).toEqual(full);
  expect(await restore(1001 + day)).toBeNull();
  await keep(full);
  await keep(null);
  expect(await restore()).toBeNull();
});
