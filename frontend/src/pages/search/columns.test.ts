import { describe, expect, it } from "vitest";
import { matchColumns, matchedCount, wordsOf } from "./columns";

const wanted = (...names: string[]) => names.map((name) => ({ name, description: "" }));
const offered = (...texts: string[]) => new Map(texts.map((text, place) => [place, text]));

describe("words of a description", () => {
  it("are in one spelling", () => {
    expect(wordsOf("Sepal Length (cm)")).toEqual(["sepal", "length", "cm"]);
    expect(wordsOf("sepalLength_cm")).toEqual(["sepal", "length", "cm"]);
    expect(wordsOf("the values of temperatures")).toEqual(["temperature"]);
  });

  it("are pairs of signs where there are no blanks", () => {
    expect(wordsOf("空气温度")).toEqual(["空气", "气温", "温度"]);
  });
});

describe("columns that are described alike", () => {
  it("are paired whatever their order, each once", () => {
    const matches = matchColumns(
      wanted("temperature", "wind_speed", "wind direction"),
      offered("wind speed in metres per second", "air temperature in degrees Celsius", "humidity"),
    );
    expect(matches.map((match) => match.offered?.place ?? null)).toEqual([1, 0, null]);
    expect(matchedCount(matches)).toBe(2);
  });

  it("prefer what is the same to what only contains it", () => {
    const matches = matchColumns(wanted("pressure"), offered("blood pressure before", "pressure"));
    expect(matches[0]?.offered?.place).toBe(1);
  });

  it("may be alike by their description, where the name says nothing", () => {
    const matches = matchColumns(
      [{ name: "x1", description: "monthly rent" }],
      offered("rent per month and square metre", "monthly rent in euros"),
    );
    expect(matches[0]?.offered?.place).toBe(1);
  });

  it("are none where nothing is said", () => {
    expect(matchColumns(wanted("", "  "), offered("price"))).toEqual([]);
    expect(matchedCount(matchColumns(wanted("price"), offered("", "of the")))).toBe(0);
  });
});
