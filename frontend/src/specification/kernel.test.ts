// @vitest-environment node
import { describe, expect, it } from "vitest";
import { KernelMean, expOfNegative, finish, selfProduct, unitKernel } from "./kernel";
import { matrixOf, zeros } from "./matrix";
import { RowGuard, rowsBehind } from "./privacy";
import { Random } from "./random";
import { minimise, startPoints } from "./reduction";
import { simplexWeights } from "./simplex";
import { vector } from "./testing";

interface KernelVector {
  rows: number[][];
  points: number[][];
  weights: number[];
  value: number;
  gradient_points: number[];
  gradient_weights: number[];
  self_product: number;
  rows_behind: number[];
  nearest: number;
  programmes: { gram: number[]; linear: number[]; solution: number[]; value: number }[];
}

const known = vector("kernel") as KernelVector;
const rows = matrixOf(known.rows);
const points = matrixOf(known.points);
const weights = Float64Array.from(known.weights);

function close(found: ArrayLike<number>, wanted: readonly number[], tolerance = 1e-12): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThanOrEqual(tolerance));
}

describe("against the engine", () => {
  it("the objective and its gradients are the same", () => {
    const found = finish(new KernelMean(rows).objective(points, weights));
    close([found.value], [known.value]);
    close(found.gradientZ, known.gradient_points);
    close(found.gradientB, known.gradient_weights);
  });

  it("the rows' own product is the same", () => {
    close([finish(selfProduct(rows))], [known.self_product]);
  });

  it("privacy is measured in the same way", () => {
    close(rowsBehind(rows, points, weights), known.rows_behind, 1e-9);
    close([new RowGuard(rows, 5).nearest(points) ?? NaN], [known.nearest]);
  });

  it("weights on the simplex are as good, and the same where that is not arbitrary", () => {
    for (const { gram, linear, solution, value } of known.programmes) {
      const n = linear.length;
      const found = simplexWeights(Float64Array.from(gram), Float64Array.from(linear));
      let objective = 0;
      for (let i = 0; i < n; i++) {
        objective -= (linear[i] ?? NaN) * (found[i] ?? NaN);
        for (let j = 0; j < n; j++)
          objective += 0.5 * (found[i] ?? NaN) * (gram[i * n + j] ?? NaN) * (found[j] ?? NaN);
      }
      expect(found.every((weight) => weight >= 0)).toBe(true);
      close([objective], [value], 1e-12);
      close(found, solution, 1e-5);
    }
  });
});

it("the quick exponential is as good as the slow one", () => {
  for (let x = 0; x > -59; x -= 0.0137) {
    expect(Math.abs(expOfNegative(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
  }
  expect([expOfNegative(0), expOfNegative(1e-9), expOfNegative(-1e9)]).toEqual([1, 1, 0]);
  expect(expOfNegative(NaN)).toBeNaN();
});

it.each([1, 2, 3, 4, 5, 7, 130])("kernels of %i rows are those of the definition", (count) => {
  const random = new Random(count);
  const [A, B] = [zeros(count, 3), zeros(6, 3)];
  for (const { values } of [A, B]) values.forEach((_, i) => (values[i] = random.normal()));
  const kernel = unitKernel(A, B);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 6; k++) {
      let squared = 0;
      for (let j = 0; j < 3; j++)
        squared += ((A.values[i * 3 + j] ?? NaN) - (B.values[k * 3 + j] ?? NaN)) ** 2;
      expect(kernel[i * 6 + k]).toBeCloseTo(Math.exp(-squared / 2), 13);
    }
  }
});

it("the search never ends above its start, and gradients are those of differences", () => {
  const mean = new KernelMean(rows);
  const start = startPoints(rows, 6, new Random(1));
  const own = finish(selfProduct(rows));
  const value = (found: { points: typeof rows; weights: Float64Array }): number =>
    finish(mean.objective(found.points, found.weights)).value + own;
  const counts: number[] = [];
  const found = finish(
    minimise(mean, start, own, { evaluations: 60, tolerance: 0.001 }, (n) => counts.push(n)),
  );
  expect(value(found)).toBeLessThan(0.7 * value(start));
  expect(counts).toEqual(counts.map((_, i) => i + 1));
  const stopped = finish(minimise(mean, start, own, { evaluations: 1, tolerance: 0 }, () => undefined));
  expect(value(stopped)).toBeCloseTo(value(start), 12);
  const gradient = finish(mean.objective(start.points, start.weights)).gradientZ;
  for (let at = 0; at < start.points.values.length; at += 7) {
    const moved = [1e-5, -1e-5].map((step) => {
      const values = start.points.values.slice();
      values[at] = (values[at] ?? NaN) + step;
      return value({ ...start, points: { ...start.points, values } });
    });
    expect(((moved[0] ?? NaN) - (moved[1] ?? NaN)) / 2e-5).toBeCloseTo(gradient[at] ?? NaN, 8);
  }
});

it("there are no more start points than different rows, and their weights are shares of rows", () => {
  const twice = matrixOf([...known.rows.slice(0, 5), ...known.rows.slice(0, 5)]);
  const start = startPoints(twice, 8, new Random(0));
  expect(start.points.rows).toBe(5);
  close(start.weights, [0.2, 0.2, 0.2, 0.2, 0.2]);
});
