import { SpecificationError } from "./errors";
import { unitKernel } from "./kernel";
import { type Matrix, dot, matrixOf, medianInPlace } from "./matrix";
import type { TableSpecification } from "./specification";

/** What distances need of a specification. */
export type PointSet = Pick<TableSpecification, "z" | "beta">;

// Kernel values below exp(-60) are zero here; they would not change any sum that can be shown.

/**
 * The inner product of two kernel mean embeddings, sum_ij a_i b_j exp(-gamma ||x_i - y_j||²).
 *
 * @throws SpecificationError if the sets have different columns.
 */
export function innerProduct(one: PointSet, other: PointSet, gamma: number): number {
  const columns = one.z[0]?.length ?? 0;
  const otherColumns = other.z[0]?.length ?? 0;
  if (columns !== otherColumns) {
    throw new SpecificationError("specifications-differ", { one: columns, other: otherColumns });
  }
  // Around the middle of one side, so that columns far from zero keep their digits.
  const origin = middle(other.z);
  const unit = 1 / Math.sqrt(2 * gamma);
  const kernel = unitKernel(around(one.z, origin, unit), around(other.z, origin, unit));
  const b = Float64Array.from(other.beta);
  return one.beta.reduce(
    (sum, weight, i) => sum + weight * dot(kernel.subarray(i * b.length, (i + 1) * b.length), b),
    0,
  );
}

/**
 * The squared MMD of two sets under one kernel, at least 0.
 *
 * @throws SpecificationError if the sets have different columns.
 */
export function squaredDistance(one: PointSet, other: PointSet, gamma: number): number {
  const own = innerProduct(one, one, gamma) + innerProduct(other, other, gamma);
  return Math.max(0, own - 2 * innerProduct(one, other, gamma));
}

/**
 * How alike two sets are under one kernel: the cosine of their embeddings, from 0 to 1 for weights that are not
 * negative.
 *
 * @throws SpecificationError if the sets have different columns.
 */
export function similarity(one: PointSet, other: PointSet, gamma: number): number {
  const lengths = innerProduct(one, one, gamma) * innerProduct(other, other, gamma);
  return lengths > 0 ? Math.min(1, innerProduct(one, other, gamma) / Math.sqrt(lengths)) : 0;
}

function middle(z: readonly (readonly number[])[]): number[] {
  return (z[0] ?? []).map((_, j) => medianInPlace(Float64Array.from(z, (point) => point[j] ?? NaN)));
}

function around(z: readonly (readonly number[])[], origin: readonly number[], unit: number): Matrix {
  return matrixOf(z.map((point) => point.map((value, j) => (value - (origin[j] ?? 0)) / unit)));
}
