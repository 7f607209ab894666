import { expect, it } from "vitest";
import { matcher, narrows, readWorldFilters, TAGS, valuesOf, writeWorldFilters } from "./filters";

const resident = (more: object) => ({
  learnware_id: "00000001",
  name: "Air of the North",
  username: "ada",
  data_type: "Table",
  task_type: "Regression",
  scenarios: ["Nature", "Health"],
  downloads: 0,
  ...more,
});

it("comes back from the address as it was", () => {
  const filters = { text: "air", tags: ["Table", "", "Nature"] };
  const query = writeWorldFilters(filters);
  expect(query).toEqual({ text: "air", data_type: "Table", scenario: "Nature" });
  expect(readWorldFilters(query)).toEqual(filters);
  expect(writeWorldFilters(readWorldFilters({}))).toEqual({});
  expect([narrows(filters), narrows(readWorldFilters({ text: " " }))]).toEqual([true, false]);
});

it.each([
  ["north AIR", ["", "", ""], true],
  ["ada 0001", ["", "", ""], true],
  ["air south", ["", "", ""], false],
  ["", ["Table", "Regression", "Health"], true],
  ["", ["", "Classification", ""], false],
  ["", ["", "", "Sports"], false],
])("finds %j with %j: %s", (text, tags, found) => {
  expect(matcher({ text, tags })(resident({}))).toBe(found);
});

it("has the values that there are, the most frequent first", () => {
  const [, task, scenario] = TAGS;
  const some = [resident({ task_type: "Ranking" }), resident({}), resident({}), resident({ scenarios: [] })];
  expect(valuesOf(task, some)).toEqual(["Regression", "Ranking"]);
  expect(valuesOf(scenario, some)).toEqual(["Health", "Nature"]);
});
