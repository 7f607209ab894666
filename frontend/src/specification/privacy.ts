/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { type Matrix, selectRows, squaredNorms, zeros } from "./matrix";
import type { Random } from "./random";

// A point nearer to a row than this share of the row's distance to its own nearest neighbour is on the row.
const ON_A_ROW = 0.05;
// Effective number of rows that a point must stand for: below it, one row has 95 % of the point.
const FEWEST_ROWS = 1.1;

/**
 * Knows how near points come to rows, and leaves out those that give a row away.
 *
 * Distances from a point to a row are in units of the row's own distance to the nearest different row. A value that
 * many rows share is not one row's and may be a point. (Lei, Tan, Zhou: On the Ability of Developers' Training Data
 * Preservation of Learnware, NeurIPS 2024.)
 */
export class RowGuard {
  readonly #distinct: Matrix;
  readonly #private: Matrix;

  /**
   * @param rows - Rows in kernel units; the sample of which the points are made.
   * @param floor - A value that at least so many rows share (and at least two) is not one row's.
   */
  constructor(rows: Matrix, floor: number) {
    const { firsts, counts } = distinctRows(rows);
    this.#distinct = selectRows(rows, firsts);
    this.#private = selectRows(
      rows,
      firsts.filter((_, i) => counts[i]! < Math.max(floor, 2)),
    );
  }

  /** The smallest relative distance from a point to a row; null where there is none to measure. */
  nearest(points: Matrix): number | null {
    if (this.#private.rows === 0 || this.#distinct.rows === 1) return null;
    return Math.min(...this.#distances(points));
  }

  /**
   * The points without those that lie on a row or stand for one row alone.
   *
   * Moving such a point would not help: who knows the rule moves it back. Where no point is left, one takes their
   * place: the mean of the different rows, shifted by a tenth of a unit if that is a row itself, as it is for a
   * single row.
   */
  safePoints(points: Matrix, weights: Float64Array, rows: Matrix, random: Random): Matrix {
    if (this.#private.rows === 0) return points;
    if (this.#distinct.rows > 1) {
      const behind = rowsBehind(rows, points, weights);
      const distances = this.#distances(points);
      const safe = [...behind.keys()].filter((i) => distances[i]! > ON_A_ROW && behind[i]! >= FEWEST_ROWS);
      if (safe.length) return selectRows(points, safe);
    }
    const mean = this.#mean();
    if (this.#distinct.rows > 1 && this.#distances(mean)[0]! > ON_A_ROW) return mean;
    const direction = mean.values.map(() => random.normal());
    const length = Math.hypot(...direction);
    for (let j = 0; j < mean.columns; j++) mean.values[j]! += (0.1 * direction[j]!) / length;
    return mean;
  }

  /** The distance of each point to the nearest private row, relative to that row's own nearest neighbour. */
  #distances(points: Matrix): Float64Array {
    const near = nearestRows(points, this.#private, false);
    const neighbours = nearestRows(selectRows(this.#private, near.index), this.#distinct, true);
    return near.distance.map((distance, i) => distance / neighbours.distance[i]!);
  }

  #mean(): Matrix {
    const { rows, columns, values } = this.#distinct;
    const mean = zeros(1, columns);
    for (let at = 0; at < values.length; at++) mean.values[at % columns]! += values[at]! / rows;
    return mean;
  }
}

/**
 * The effective number of rows that each point stands for.
 *
 * A row is shared out among the points as among the parts of a mixture, r ~ |b| k(z, x); the effective number is
 * (sum_n r)² / sum_n r². A point far from all rows but one stands for that one, however small the kernel is there.
 */
export function rowsBehind(rows: Matrix, points: Matrix, weights: Float64Array): Float64Array {
  const K = points.rows;
  const d = points.columns;
  const norms = squaredNorms(points);
  const logarithms = weights.map((weight, k) => Math.log(Math.abs(weight)) - 0.5 * norms[k]!);
  const shares = new Float64Array(K);
  const totals = new Float64Array(K);
  const squares = new Float64Array(K);
  for (let i = 0; i < rows.rows; i++) {
    let largest = -Infinity;
    for (let k = 0; k < K; k++) {
      let exponent = logarithms[k]!;
      for (let j = i * d, p = k * d, end = j + d; j < end; j++)
        exponent += rows.values[j]! * points.values[p++]!;
      shares[k] = exponent;
      if (exponent > largest) largest = exponent;
    }
    let sum = 0;
    for (let k = 0; k < K; k++) {
      // Not in the quick way of sums: the smallest shares count, too.
      shares[k] = Math.exp(shares[k]! - largest);
      sum += shares[k]!;
    }
    for (let k = 0; k < K; k++) {
      const share = shares[k]! / sum;
      totals[k]! += share;
      squares[k]! += share * share;
    }
  }
  return totals.map((total, k) => (squares[k]! > 0 ? (total * total) / squares[k]! : 0));
}

/** The first of each group of equal rows, and how many there are in it. */
function distinctRows({ rows, columns: d, values }: Matrix): { firsts: Uint32Array; counts: Uint32Array } {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  const compare = (one: number, other: number): number => {
    for (let j = 0; j < d; j++) {
      const difference = values[one * d + j]! - values[other * d + j]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  order.sort((one, other) => compare(one, other) || one - other);
  const firsts: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < rows; i++) {
    if (i > 0 && compare(order[i - 1]!, order[i]!) === 0) counts[counts.length - 1]! += 1;
    else {
      firsts.push(order[i]!);
      counts.push(1);
    }
  }
  return { firsts: Uint32Array.from(firsts), counts: Uint32Array.from(counts) };
}

/** Index and distance of the row nearest to each point; rows equal to the point may be passed over. */
function nearestRows(
  points: Matrix,
  rows: Matrix,
  passEqual: boolean,
): { index: Uint32Array; distance: Float64Array } {
  const d = points.columns;
  const norms = squaredNorms(rows);
  const owns = squaredNorms(points);
  const index = new Uint32Array(points.rows);
  const distance = new Float64Array(points.rows);
  for (let k = 0; k < points.rows; k++) {
    let least = Infinity;
    for (let i = 0; i < rows.rows; i++) {
      let product = 0;
      for (let j = i * d, p = k * d, end = j + d; j < end; j++)
        product += rows.values[j]! * points.values[p++]!;
      const squared = norms[i]! - 2 * product + owns[k]!;
      if (passEqual && squared <= 1e-12 * (norms[i]! + owns[k]!)) continue;
      if (squared < least) {
        least = squared;
        index[k] = i;
      }
    }
    // From the difference itself: the form above loses the digits of small distances.
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (points.values[k * d + j]! - rows.values[index[k]! * d + j]!) ** 2;
    distance[k] = Math.sqrt(sum);
  }
  return { index, distance };
}
