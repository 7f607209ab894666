// @vitest-environment node
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it, vi } from "vitest";
import { type Matrix, listsOf, zeros } from "./matrix";
import { Random } from "./random";
import type { TableSpecification } from "./specification";
import { specificationOf } from "./testing";

// It is computing that takes the time, which a busy machine has little of.
vi.setConfig({ testTimeout: 60_000 });

interface Judged {
  readonly nearest: string;
  readonly similarity: number;
  readonly report: TableSpecification["report"];
  readonly num_points: number;
  readonly mmd2: number;
}

/** Rows around a place, spread by a unit; the columns' scales differ by orders of magnitude. */
function table(seed: number, shift: number, scale: number): Matrix {
  const random = new Random(seed);
  const matrix = zeros(400, 4);
  matrix.values.forEach((_, at) => {
    matrix.values[at] = (random.normal() + shift * ((at % 4) + 1)) * (at % 4 === 1 ? scale : 1);
  });
  return matrix;
}

const tables = {
  near: table(1, 0.3, 1),
  far: table(2, 2, 1),
  between: table(3, 1, 1),
  other: table(4, -1, 1),
};
const specifications = Object.fromEntries(
  Object.entries(tables).map(([name, rows]) => [name, specificationOf(rows, { seed: 5 })]),
);
let judged: Record<string, Judged> = {};

// The engine of this checkout, started once.
beforeAll(async () => {
  const python =
    process.env["PYTHON"] ?? fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));
  const program = fileURLToPath(new URL("../../vectors/engine.py", import.meta.url));
  const asked = JSON.stringify({
    tables: Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, listsOf(rows)])),
    specifications: Object.fromEntries(
      Object.entries(specifications).map(([name, spec]) => [name, { [spec.type]: spec }]),
    ),
  });
  judged = await new Promise((resolve, reject) => {
    const child = execFile(python, [program], { maxBuffer: 1 << 24 }, (error, output) => {
      if (error) reject(error);
      else resolve(JSON.parse(output) as Record<string, Judged>);
    });
    child.stdin?.end(asked);
  });
}, 120_000);

it.each(Object.keys(tables))("the dock takes the specification of %s as it is", (name) => {
  expect(judged[name]?.report).toEqual(specifications[name]?.report);
  expect(judged[name]?.num_points).toBe(400);
});

it.each(Object.keys(tables))("its fit to %s is what it says", (name) => {
  expect(specifications[name]?.report?.kernel_scale).toBeNull();
  expect(judged[name]?.mmd2).toBeCloseTo(specifications[name]?.report?.mmd2 ?? NaN, 12);
});

it.each(Object.keys(tables))("a market finds the learnware of %s for it", (name) => {
  expect(judged[name]?.nearest).toBe(name);
  expect(judged[name]?.similarity).toBeGreaterThan(0.9);
});
