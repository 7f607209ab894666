import { describe, expect, it } from "vitest";
import { answersOf, resultCsv } from "./result";

const words = {
  prediction: "Prediction",
  output: (place: number) => `Output ${String(place)}`,
  certainty: "Share",
};
const kinds = new Map([
  [0, "setosa"],
  [1, "virginica"],
]);
const trial = (outputs: unknown[], probabilities: number[][] | null = null) => ({ outputs, probabilities });

describe("answersOf", () => {
  it("names classes by their numbers", () => {
    expect(answersOf(trial([1, 0, 7]), kinds, true, words)).toEqual({
      names: ["Prediction"],
      rows: [["1 · virginica"], ["0 · setosa"], ["7"]],
      certainty: null,
    });
  });

  it("names the one output of a regression, and shows six digits", () => {
    const found = answersOf(trial([0.123456789, 12]), new Map([[0, "price"]]), false, words);
    expect(found).toEqual({ names: ["price"], rows: [["0.123457"], ["12"]], certainty: null });
  });

  it("has a column for each of several outputs", () => {
    const found = answersOf(trial([[1, 0.5], [0, 2]]), new Map([[1, "b"]]), false, words); // prettier-ignore
    expect(found.names).toEqual(["Output 0", "b"]);
    expect(found.rows).toEqual([["1", "0.5"], ["0", "2"]]); // prettier-ignore
  });

  it("tells how sure the model is, and shows what is in lists in lists", () => {
    const found = answersOf(trial(["small", [[1, 2]]], [[0.2, 0.8], [1, 0]]), kinds, true, words); // prettier-ignore
    expect(found.certainty).toEqual([0.8, 1]);
    expect(found.rows).toEqual([["small"], ["[1,2]"]]);
  });
});

describe("resultCsv", () => {
  it("has rows, answers and shares", () => {
    const table = {
      name: "a.csv",
      columns: ["x, y", "z"],
      rows: [
        [1.5, null],
        [-2, 3],
      ],
      cut: false,
    };
    const csv = resultCsv(table, trial([1, 0], [[0.25, 0.75], [1, 0]]), kinds, words); // prettier-ignore
    expect(csv.split("\r\n")).toEqual([
      '"x, y",z,Prediction,Share: setosa,Share: virginica',
      "1.5,,1,0.25,0.75",
      "-2,3,0,1,0",
    ]);
  });

  it("keeps formulas from acting, and works without the rows", () => {
    expect(resultCsv(null, trial(["=1+1", -3]), kinds, words)).toBe('Prediction\r\n"\'=1+1"\r\n-3');
  });
});
