// @vitest-environment node
import { expect, it } from "vitest";
import { innerProduct, similarity, squaredDistance } from "./mmd";
import { specificationOf, tableVector, vector } from "./testing";

const known = vector("kernel") as {
  rows: number[][];
  other: number[][];
  weights: number[];
  inner_product: number;
};
const one = { z: known.rows.slice(0, 9), beta: known.weights };
const other = { z: known.other, beta: known.other.map(() => 1 / known.other.length) };

it("inner products are those of the engine", () => {
  expect(innerProduct(one, other, 0.1)).toBeCloseTo(known.inner_product, 13);
  expect(innerProduct(other, one, 0.1)).toBeCloseTo(known.inner_product, 13);
});

it("a set is at no distance from itself, nor from the same set in another order", () => {
  const turned = { z: [...one.z].reverse(), beta: [...one.beta].reverse() };
  expect(squaredDistance(one, turned, 0.1)).toBeLessThan(1e-15);
  expect(similarity(one, turned, 0.1)).toBeCloseTo(1, 14);
  expect(similarity(one, other, 0.1)).toBeGreaterThan(0);
  expect(similarity(one, other, 0.1)).toBeLessThan(1);
});

it("distances do not change when all is moved, however far", () => {
  const moved = (set: typeof one): typeof one => ({
    ...set,
    z: set.z.map((point) => point.map((v) => v + 1e7)),
  });
  expect(squaredDistance(moved(one), moved(other), 0.1)).toBeCloseTo(squaredDistance(one, other, 0.1), 8);
});

it("the fit that a report tells is the distance to the rows", () => {
  const { matrix } = tableVector("iris");
  const spec = specificationOf(matrix);
  const rows = Array.from({ length: matrix.rows }, (_, i) => [...matrix.values.subarray(4 * i, 4 * i + 4)]);
  const table = { z: rows, beta: rows.map(() => 1 / rows.length) };
  expect(squaredDistance(table, spec, 0.1)).toBeCloseTo(spec.report?.mmd2 ?? NaN, 12);
  const engines = tableVector("iris").specification;
  if (!engines) throw new Error("the vector has the engine's own specification");
  expect(squaredDistance(table, engines, 0.1)).toBeCloseTo(engines.report?.mmd2 ?? NaN, 12);
});

it("sets of other columns are refused", () => {
  expect(() => innerProduct(one, { z: [[1]], beta: [1] }, 0.1)).toThrow("specifications-differ");
});
