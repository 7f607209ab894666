// @vitest-environment node
import { describe, expect, it } from "vitest";
import { type WeightedSet, projectSets } from "./plane";
import { Random } from "./random";

function cloud(random: Random, count: number, scales: readonly number[], shift = 0): WeightedSet {
  const points = Array.from({ length: count }, () => scales.map((scale) => scale * random.normal() + shift));
  return { points, weights: points.map(() => 1 / count) };
}

describe.each([
  ["more points than columns", 3, 40],
  ["more columns than points", 60, 12],
])("with %s", (_, columns, count) => {
  const random = new Random(2);
  // Two hidden directions and a little noise in each column.
  const mixing = Array.from({ length: columns }, () => [random.normal(), random.normal()] as const);
  const sets = [0, 3].map((shift) => {
    const hidden = cloud(random, count, [1, 0.5], shift);
    const points = hidden.points.map(([a = 0, b = 0]) =>
      mixing.map(([p, q]) => p * a + q * b + 1e-4 * random.normal()),
    );
    return { points, weights: hidden.weights };
  });

  it("a plane is found where there is one", () => {
    const { explained, shares } = projectSets(sets);
    expect(explained).toBeGreaterThan(0.9999);
    expect(shares[0]).toBeGreaterThan(shares[1]);
  });

  it("axes are uncorrelated, and around zero", () => {
    const points = projectSets(sets).sets.flat();
    const mean = (value: (point: (typeof points)[number]) => number): number =>
      points.reduce((sum, point) => sum + point.weight * value(point), 0) / 2;
    expect(mean(({ x }) => x)).toBeCloseTo(0, 10);
    expect(mean(({ y }) => y)).toBeCloseTo(0, 10);
    expect(mean(({ x, y }) => x * y)).toBeCloseTo(0, 6);
  });

  it("pictures do not depend on the order, the units or the sign of chance", () => {
    const first = projectSets(sets);
    const turned = projectSets([...sets].reverse());
    const scaled = projectSets(
      sets.map(({ points, weights }) => ({ points: points.map((p) => p.map((v) => 1e6 * v)), weights })),
    );
    first.sets[0]?.forEach(({ x, y, weight }, i) => {
      for (const other of [turned.sets[1]?.[i], scaled.sets[0]?.[i]]) {
        expect(other?.x).toBeCloseTo(x, 6);
        expect(other?.y).toBeCloseTo(y, 5);
        expect(other?.weight).toBe(weight);
      }
    });
  });
});

it("distances in two columns stay as they are, in units of the columns", () => {
  const { sets, explained } = projectSets([cloud(new Random(4), 30, [5, 5])]);
  expect(explained).toBeCloseTo(1, 12);
  expect(sets[0]).toHaveLength(30);
});

it.each([
  ["nothing", []],
  ["an empty set", [{ points: [], weights: [] }]],
  ["one point", [{ points: [[1, 2, 3]], weights: [1] }]],
  [
    "equal points",
    [
      {
        points: [
          [1e9, 0],
          [1e9, 0],
        ],
        weights: [0.5, 0.5],
      },
    ],
  ],
  ["one column", [{ points: [[1], [2], [4]], weights: [0.5, 0.25, 0.25] }]],
  [
    "no weight",
    [
      {
        points: [
          [1, 5],
          [2, 3],
        ],
        weights: [0, 0],
      },
    ],
  ],
  [
    "values beyond squares",
    [
      {
        points: [
          [1e150, -1e150],
          [-1e150, 3],
          [0, 1e150],
        ],
        weights: [1, 1, 1],
      },
    ],
  ],
])("there is a picture of %s", (_, sets) => {
  const found = projectSets(sets);
  expect(found.explained).toBeCloseTo(1, 9);
  expect(found.sets.map((points) => points.length)).toEqual(sets.map(({ points }) => points.length));
  expect(found.sets.flat().every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
});

it("sets of other columns are refused", () => {
  const sets = [
    { points: [[1, 2]], weights: [1] },
    { points: [[1]], weights: [1] },
  ];
  expect(() => projectSets(sets)).toThrow("specifications-differ");
});
