import { describe, expect, it } from "vitest";
import { emptyForm, fillNames, fromSemantic, isEmpty, toSemantic, type SemanticForm } from "./form";
import { breaches, tasksFor, type Vocabulary } from "./rules";

const vocabulary: Vocabulary = {
  keys: {
    Data: { Type: "Class", Values: ["Table", "Image"] },
    Task: { Type: "Class", Values: ["Classification", "Regression", "Segmentation"] },
    Library: { Type: "Class", Values: ["Scikit-learn"] },
    Scenario: { Type: "Tag", Values: ["Nature", "Health"] },
    License: { Type: "Class", Values: ["MIT"] },
    Model: { Type: "Optional", Values: ["Base Model"] },
    Name: { Type: "String", Values: null },
    Description: { Type: "String", Values: null },
  },
  tasks: { Table: ["Classification", "Regression"], Image: ["Classification", "Segmentation"] },
  lengths: { Name: { least: 5, most: 50 }, Description: { least: 10, most: 10_000 } },
} as unknown as Vocabulary;

const good: SemanticForm = {
  name: "Iris kinds",
  description: "Kinds of iris flowers by their measures.",
  data: "Table",
  task: "Classification",
  library: "Scikit-learn",
  scenarios: ["Nature"],
  license: "MIT",
  model: "",
  input: { dimension: 4, names: ["sepal length", "", "petal length"] },
  output: { dimension: 3, names: [] },
};
const codes = (changes: Partial<SemanticForm>) =>
  breaches({ ...good, ...changes }, vocabulary).map((one) => `${one.field} ${one.code}`);

describe("the form of a specification", () => {
  it("comes back as it was", () => {
    expect(fromSemantic(toSemantic(good))).toEqual(good);
    expect(isEmpty(fromSemantic({}))).toBe(true);
    expect(isEmpty(good)).toBe(false);
  });

  it("says only what is meant", () => {
    const semantic = toSemantic({ ...good, input: { dimension: 2, names: [" a ", "", "c"] } });
    expect(semantic["Input"]).toEqual({ Dimension: 2, Description: { "0": "a" } });
    expect(toSemantic({ ...good, data: "Image", task: "Segmentation" })).not.toHaveProperty("Input");
    expect(toSemantic({ ...good, task: "Segmentation" })).not.toHaveProperty("Output");
    expect(semantic["Model"]).toEqual({ Values: [], Type: "Optional" });
  });

  it("reads what is broken as far as that goes", () => {
    const form = fromSemantic({
      Name: 5,
      Data: { Values: "Table" },
      Input: { Dimension: "four", Description: { "0": "a" } },
      Output: { Dimension: 2, Description: { "7": "far", "1": "no", x: "?" } },
    });
    expect(form.name).toBe("");
    expect(form.data).toBe("Table");
    expect(form.input).toEqual({ dimension: null, names: [] });
    expect(form.output).toEqual({ dimension: 2, names: ["", "no"] });
  });
});

describe("names that are pasted", () => {
  const four = { dimension: 4, names: ["a", "b"] };
  it.each([
    [["x", "y"], 0, { dimension: 4, names: ["x", "y"] }],
    [["x", "y"], 1, { dimension: 4, names: ["a", "x", "y"] }],
    [["x"], 3, { dimension: 4, names: ["a", "b", "", "x"] }],
    [["x", "y", "z"], 3, { dimension: 6, names: ["a", "b", "", "x", "y", "z"] }],
  ])("%j from row %i", (pasted, from, filled) => expect(fillNames(four, pasted, from)).toEqual(filled));

  it("make the columns where there were none", () =>
    expect(fillNames({ dimension: null, names: [] }, ["x", "y"], 0)).toEqual({
      dimension: 2,
      names: ["x", "y"],
    }));
});

describe("the rules", () => {
  it("finds nothing in what is right", () => expect(codes({})).toEqual([]));

  it.each([
    [{ name: " Iri " }, "name short"],
    [{ name: "x".repeat(51) }, "name long"],
    [{ name: "two\nlines" }, "name lines"],
    [{ description: "with a\u0000 zero" }, "description control"],
    [{ description: "  " }, "description missing"],
    [{ data: "" }, "data missing"],
    [{ data: "Sound" }, "data unknown"],
    [{ task: "Segmentation" }, "task task"],
    [{ scenarios: [] }, "scenarios missing"],
    [{ scenarios: ["Nowhere"] }, "scenarios unknown"],
    [{ model: "Huge" }, "model unknown"],
    [{ input: { dimension: null, names: [] } }, "input missing"],
    [{ input: { dimension: 1.5, names: [] } }, "input dimension"],
    [{ output: { dimension: 1, names: [] } }, "output dimension"],
    [{ output: { dimension: 2, names: ["a\u0007"] } }, "output names"],
  ] satisfies [Partial<SemanticForm>, string][])("%j", (changes, code) =>
    expect(codes(changes)).toEqual([code]),
  );

  it("counts characters as the dock does", () => {
    expect(codes({ name: "𝒜𝒷𝒸𝒹" })).toEqual(["name short"]);
    expect(codes({ name: "𝒜".repeat(50) })).toEqual([]);
  });

  it("finds everything in an empty form", () => {
    expect(breaches(emptyForm(), vocabulary).map((one) => one.field)).toEqual([
      "name",
      "description",
      "data",
      "task",
      "library",
      "license",
      "scenarios",
    ]);
  });

  it("offers the tasks of the kind of data", () => {
    expect(tasksFor("Image", vocabulary)).toEqual(["Classification", "Segmentation"]);
    expect(tasksFor("", vocabulary)).toHaveLength(3);
  });
});
