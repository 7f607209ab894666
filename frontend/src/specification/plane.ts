/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { SpecificationError } from "./errors";

/** Weighted points with any number of columns. */
export interface WeightedSet {
  readonly points: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

/** A point in the plane. */
export interface PlanePoint {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** Sets in one plane, and how much of their spread the plane shows. */
export interface Projection {
  readonly sets: readonly (readonly PlanePoint[])[];
  /** Share of the points' spread along x, along y, and of both together; 1 where there is no spread at all. */
  readonly shares: readonly [number, number];
  readonly explained: number;
}

// Directions that are sought at once; the two that are shown converge with the gap to the last of them.
const DIRECTIONS = 6;
const ROUNDS = 200;

/**
 * The plane in which some sets are seen best: weighted principal components of all of their points, each set with
 * the same weight. Columns are measured in their standard deviation, since raw columns differ by orders of
 * magnitude.
 *
 * Equal sets give equal pictures: the sign of a direction is that of its largest coordinate.
 *
 * @throws SpecificationError if the sets have different columns.
 */
export function projectSets(sets: readonly WeightedSet[]): Projection {
  const columns = sets.find(({ points }) => points.length)?.points[0]?.length ?? 0;
  for (const { points } of sets) {
    const other = points.find((point) => point.length !== columns);
    if (other) throw new SpecificationError("specifications-differ", { one: columns, other: other.length });
  }
  const rows = standardised(sets, columns);
  const directions = principalDirections(rows, columns);
  const total = rows.reduce((sum, { weight, values }) => sum + weight * norm2(values), 0);
  const places = rows.map(({ values }) => directions.map((direction) => product(values, direction)));
  const spread = [0, 1].map((axis) =>
    rows.reduce((sum, { weight }, i) => sum + weight * (places[i]?.[axis] ?? 0) ** 2, 0),
  );
  const shares = spread.map((value) => (total > 0 ? value / total : 1)) as [number, number];
  let next = 0;
  return {
    sets: sets.map(({ points, weights }) =>
      points.map((_, i) => {
        const [x = 0, y = 0] = places[next++] ?? [];
        return { x, y, weight: weights[i] ?? 0 };
      }),
    ),
    shares: total > 0 ? shares : [1, 0],
    explained: total > 0 ? Math.min(1, shares[0] + shares[1]) : 1,
  };
}

interface Row {
  readonly values: Float64Array;
  /** Its share of all sets. */
  readonly weight: number;
}

/** The points of all sets around their mean, in standard deviations. */
function standardised(sets: readonly WeightedSet[], columns: number): Row[] {
  const rows = sets.flatMap(({ points, weights }) => {
    const sizes = weights.map(Math.abs);
    const sum = sizes.reduce((total, size) => total + size, 0);
    return points.map((point, i) => ({
      values: Float64Array.from(point),
      weight: (sum > 0 ? (sizes[i] ?? 0) / sum : 1 / points.length) / sets.length,
    }));
  });
  for (let j = 0; j < columns; j++) {
    // In units of the largest value, whose square may be beyond all numbers.
    const largest = rows.reduce((most, { values }) => Math.max(most, Math.abs(values[j]!)), 0) || 1;
    const mean = rows.reduce((sum, { values, weight }) => sum + weight * (values[j]! / largest), 0);
    const variance = rows.reduce(
      (sum, { values, weight }) => sum + weight * (values[j]! / largest - mean) ** 2,
      0,
    );
    // Of a constant column rounding may be left.
    const deviation = variance > 1e-24 ? Math.sqrt(variance) : Infinity;
    for (const { values } of rows) values[j] = (values[j]! / largest - mean) / deviation;
  }
  return rows;
}

/**
 * The two directions in which weighted rows around zero spread most, by iteration of a subspace.
 *
 * Of rows and columns the fewer span the problem: with fewer rows, coefficients of rows are sought.
 */
function principalDirections(rows: readonly Row[], columns: number): Float64Array[] {
  const scaled = rows.map(({ values, weight }) => values.map((value) => value * Math.sqrt(weight)));
  const byRows = rows.length < columns;
  const n = byRows ? rows.length : columns;
  const matrix = byRows ? innerProducts(scaled) : outerProducts(scaled, columns);
  let basis = orthonormal(startVectors(n));
  for (let round = 0; round < ROUNDS; round++) {
    const images = basis.map((vector) => applied(matrix, vector));
    const next = orthonormal(images);
    const turned = next.slice(0, 2).map((vector, i) => Math.abs(product(vector, basis[i] ?? vector)));
    basis = next;
    if (round > 5 && turned.every((cosine) => 1 - cosine < 1e-15)) break;
  }
  const found = rotated(matrix, basis).slice(0, 2);
  return found.map((vector) => {
    const direction = byRows ? combination(scaled, vector, columns) : vector;
    const length = Math.sqrt(norm2(direction));
    return signed(direction.map((value) => (length > 1e-150 ? value / length : 0)));
  });
}

/** Vectors that no problem is made for: equal in every run, without a pattern. */
function startVectors(n: number): Float64Array[] {
  return Array.from({ length: Math.min(DIRECTIONS, n) }, (_, k) =>
    Float64Array.from({ length: n }, (__, i) => Math.sin(1 + (k + 1) * 12.9898 + i * 78.233 * (k + 1))),
  );
}

/** Gram and Schmidt's method, done twice; what is next to nothing stays zero. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    const before = Math.sqrt(norm2(rest));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of done) {
        const share = product(rest, other);
        for (let i = 0; i < rest.length; i++) rest[i]! -= share * other[i]!;
      }
    }
    const length = Math.sqrt(norm2(rest));
    done.push(rest.map((value) => (length > 1e-12 * before ? value / length : 0)));
  }
  return done;
}

/** A basis of the subspace along the matrix's own directions in it, the largest first: Jacobi's rotations. */
function rotated(matrix: readonly Float64Array[], basis: readonly Float64Array[]): Float64Array[] {
  const vectors = basis.map((vector) => vector.slice());
  for (let sweep = 0; sweep < 30; sweep++) {
    let largest = 0;
    for (let p = 0; p < vectors.length; p++) {
      for (let q = p + 1; q < vectors.length; q++) {
        const one = vectors[p]!;
        const other = vectors[q]!;
        const image = applied(matrix, one);
        const app = product(one, image);
        const apq = product(other, image);
        const aqq = product(other, applied(matrix, other));
        largest = Math.max(largest, Math.abs(apq) / (Math.abs(app) + Math.abs(aqq) || 1));
        if (apq === 0) continue;
        const angle = 0.5 * Math.atan2(2 * apq, app - aqq);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let i = 0; i < one.length; i++) {
          const kept = one[i]!;
          one[i] = c * kept + s * other[i]!;
          other[i] = c * other[i]! - s * kept;
        }
      }
    }
    if (largest < 1e-14) break;
  }
  const sizes = new Map(vectors.map((vector) => [vector, product(vector, applied(matrix, vector))]));
  return vectors.sort((one, other) => (sizes.get(other) ?? 0) - (sizes.get(one) ?? 0));
}

/** A direction or its opposite: the one whose largest coordinate is positive. */
function signed(direction: Float64Array): Float64Array {
  let largest = 0;
  // Nearly equal coordinates must not decide by rounding.
  direction.forEach((value, i) => {
    if (Math.abs(value) > Math.abs(direction[largest]!) * (1 + 1e-9)) largest = i;
  });
  return direction[largest]! < 0 ? direction.map((value) => -value) : direction;
}

function innerProducts(rows: readonly Float64Array[]): Float64Array[] {
  return rows.map((row) => Float64Array.from(rows, (other) => product(row, other)));
}

function outerProducts(rows: readonly Float64Array[], columns: number): Float64Array[] {
  const matrix = Array.from({ length: columns }, () => new Float64Array(columns));
  for (const row of rows) {
    matrix.forEach((out, j) => {
      const factor = row[j]!;
      if (factor !== 0) for (let k = 0; k < columns; k++) out[k]! += factor * row[k]!;
    });
  }
  return matrix;
}

function combination(
  rows: readonly Float64Array[],
  coefficients: Float64Array,
  columns: number,
): Float64Array {
  const sum = new Float64Array(columns);
  rows.forEach((row, i) => {
    for (let j = 0; j < columns; j++) sum[j]! += coefficients[i]! * row[j]!;
  });
  return sum;
}

function applied(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  return Float64Array.from(matrix, (row) => product(row, vector));
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}

function norm2(values: Float64Array): number {
  return product(values, values);
}
