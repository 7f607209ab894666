/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { solveInPlace } from "./matrix";

// Two equal points make the matrix singular and their split arbitrary.
const RIDGE = 3e-13;
// How far below zero a reduced cost may be before its point enters.
const OPTIMALITY = 1e-12;

/**
 * Weights that minimise b'Kb / 2 - c'b with b at least 0 and a sum of 1.
 *
 * A primal active-set method (Lawson and Hanson, Solving Least Squares Problems, 1974, ch. 23, with the equality
 * added): it starts with all weights free, which is nearly the answer for points that were optimised together with
 * their weights.
 *
 * @param gram - Inner products of vectors of unit length, n times n, row by row.
 * @param linear - Inner products with the target.
 * @returns Weights, with exact zeros where the constraint binds.
 */
export function simplexWeights(gram: Float64Array, linear: Float64Array): Float64Array {
  const n = linear.length;
  const K = gram.slice();
  for (let i = 0; i < n; i++) K[i * (n + 1)]! += RIDGE;
  const weights = new Float64Array(n).fill(1 / n);
  const free = new Uint8Array(n).fill(1);
  // Each point leaves and re-enters a few times at most; the cap guards against cycling by rounding.
  for (let round = 0; round < 10 * n; round++) {
    const { target, multiplier } = equalityOptimum(K, linear, free);
    let step = Infinity;
    for (let i = 0; i < n; i++) {
      if (free[i] && target[i]! < 0) step = Math.min(step, weights[i]! / (weights[i]! - target[i]!));
    }
    if (step === Infinity) {
      weights.set(target);
      let entering = -1;
      let largest = OPTIMALITY;
      for (let i = 0; i < n; i++) {
        if (free[i]) continue;
        let cost = linear[i]! - multiplier;
        for (let j = 0; j < n; j++) cost -= K[i * n + j]! * target[j]!;
        if (cost > largest) {
          largest = cost;
          entering = i;
        }
      }
      if (entering < 0) break;
      free[entering] = 1;
    } else {
      // Go towards the optimum without constraints until the first weight reaches zero.
      for (let i = 0; i < n; i++) {
        if (!free[i]) continue;
        const falls = target[i]! < 0 && weights[i]! / (weights[i]! - target[i]!) <= step;
        weights[i] = falls ? 0 : weights[i]! + step * (target[i]! - weights[i]!);
        if (falls) free[i] = 0;
      }
    }
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The optimum over the free weights under a sum of 1 alone, and the multiplier of the sum. */
function equalityOptimum(
  K: Float64Array,
  linear: Float64Array,
  free: Uint8Array,
): { target: Float64Array; multiplier: number } {
  const n = linear.length;
  const chosen = [...free.keys()].filter((i) => free[i]);
  const m = chosen.length;
  const matrix = new Float64Array(m * m);
  const sides = new Float64Array(2 * m);
  chosen.forEach((row, i) => {
    chosen.forEach((column, j) => (matrix[i * m + j] = K[row * n + column]!));
    sides[2 * i] = linear[row]!;
    sides[2 * i + 1] = 1;
  });
  solveInPlace(matrix, m, sides, 2);
  let first = 0;
  let second = 0;
  for (let i = 0; i < m; i++) {
    first += sides[2 * i]!;
    second += sides[2 * i + 1]!;
  }
  const multiplier = (first - 1) / second;
  const target = new Float64Array(n);
  chosen.forEach((row, i) => (target[row] = sides[2 * i]! - multiplier * sides[2 * i + 1]!));
  return { target, multiplier };
}
