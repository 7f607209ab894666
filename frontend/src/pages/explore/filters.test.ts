import { describe, expect, it } from "vitest";
import { asParameters, choices, cleared, countOf, readFilters, toggled, writeFilters } from "./filters";

describe("filters in the address", () => {
  it("are read as they were written", () => {
    const query = {
      text: "air quality",
      task_type: ["Regression", "Others"],
      scenario: ["Nature"],
      sort: "name",
    };
    const filters = readFilters(query);
    expect(filters).toMatchObject({ text: "air quality", sort: "name", owner: "" });
    expect(filters.values.Task).toEqual(["Regression", "Others"]);
    expect(writeFilters(filters)).toEqual(query);
  });

  it("may be one value, and leave out what is usual", () => {
    const filters = readFilters({ data_type: "Table", sort: "newest", text: "  ", owner: "dora" });
    expect(filters.values.Data).toEqual(["Table"]);
    expect(writeFilters(filters)).toEqual({ data_type: ["Table"], owner: "dora" });
  });

  it("forget what the dock would refuse", () => {
    const long = "x".repeat(300);
    const many = Array.from({ length: 40 }, (_, i) => `v${String(i)}`);
    const filters = readFilters({
      sort: "best",
      data_type: [long, "", null, "Table", "Table"],
      text: long,
      license: many,
    });
    expect(filters.sort).toBe("newest");
    expect(filters.values.Data).toEqual(["Table"]);
    expect(filters.text).toHaveLength(256);
    expect(filters.values.License).toHaveLength(32);
  });
});

describe("filters", () => {
  const some = readFilters({ text: "iris", data_type: ["Table"], sort: "downloads" });

  it("are switched on and off", () => {
    const more = toggled(some, "Data", "Image");
    expect(more.values.Data).toEqual(["Table", "Image"]);
    expect(toggled(more, "Data", "Table").values.Data).toEqual(["Image"]);
    expect(some.values.Data).toEqual(["Table"]);
  });

  it("are counted and cleared, and the order stays", () => {
    expect(countOf(some)).toBe(2);
    expect(countOf(cleared(some))).toBe(0);
    expect(cleared(some).sort).toBe("downloads");
  });

  it("become parameters of the API", () => {
    expect(asParameters(some)).toEqual({
      text: "iris",
      sort: "downloads",
      data_type: ["Table"],
      task_type: [],
      library_type: [],
      scenario: [],
      license: [],
    });
  });
});

it("offers what there is in the vocabulary's order, and what is chosen though nothing has it", () => {
  expect(choices({ Text: 2, Sound: 1, Table: 9 }, ["Table", "Image", "Text"], ["Image"])).toEqual([
    { value: "Table", count: 9 },
    { value: "Image", count: 0 },
    { value: "Text", count: 2 },
    { value: "Sound", count: 1 },
  ]);
  expect(choices(undefined, ["Table"], [])).toEqual([]);
});
