/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import type { KernelMean, Objective, Steps } from "./kernel";
import { type Matrix, dot, squaredNorms, zeros } from "./matrix";
import type { Random } from "./random";

// Pairs of steps and gradient changes that L-BFGS remembers.
const MEMORY = 20;
// Steps over which the search must get somewhere.
const RECENT = 10;

/** Points with their weights. */
export interface WeightedPoints {
  readonly points: Matrix;
  readonly weights: Float64Array;
}

/** How far a search goes. */
export interface Effort {
  /** Evaluations of the objective, at most. */
  readonly evaluations: number;
  /** Ten steps that lower the squared MMD by less than this share of it end the search. */
  readonly tolerance: number;
}

/**
 * At most K start points and their weights: k-means++ (Arthur and Vassilvitskii, SODA 2007) in the kernel's space,
 * then means of clusters.
 *
 * Distances in the kernel's space, 2 - 2k, are bounded, so that outliers do not use up the points. Fewer points
 * come back where there are fewer distinct rows. A point is the mean of the rows nearest to its seed, so it is a
 * row itself only where it stands alone or among equals.
 */
export function startPoints(rows: Matrix, K: number, random: Random): WeightedPoints {
  const { rows: n, columns: d, values } = rows;
  const norms = squaredNorms(rows);
  const nearest = new Float64Array(n).fill(-1);
  const owner = new Uint32Array(n);
  const cumulative = new Float64Array(n);
  let index = random.below(n);
  for (let k = 0; k < K; k++) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      let product = 0;
      for (let j = i * d, p = index * d, end = j + d; j < end; j++) product += values[j]! * values[p++]!;
      const both = norms[i]! + norms[index]!;
      let squared = both - 2 * product;
      // Equal rows differ by rounding in this form.
      if (squared <= 1e-12 * both) squared = 0;
      const kernel = Math.exp(-0.5 * squared);
      if (kernel > nearest[i]!) {
        owner[i] = k;
        nearest[i] = kernel;
      }
      total += 1 - nearest[i]!;
      cumulative[i] = total;
    }
    if (!(total > 0)) break;
    index = firstBeyond(cumulative, random.uniform() * total);
  }
  return clusterMeans(rows, owner, K);
}

/** The index of the first number larger than `value`, of numbers that do not fall. */
function firstBeyond(cumulative: Float64Array, value: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function clusterMeans(
  { rows: n, columns: d, values }: Matrix,
  owner: Uint32Array,
  K: number,
): WeightedPoints {
  const counts = new Float64Array(K);
  const sums = new Float64Array(K * d);
  for (let i = 0; i < n; i++) {
    const k = owner[i]!;
    counts[k]! += 1;
    for (let j = 0; j < d; j++) sums[k * d + j]! += values[i * d + j]!;
  }
  const used = [...counts.keys()].filter((k) => counts[k]! > 0);
  const points = zeros(used.length, d);
  used.forEach((k, i) => {
    for (let j = 0; j < d; j++) points.values[i * d + j] = sums[k * d + j]! / counts[k]!;
  });
  return { points, weights: Float64Array.from(used, (k) => counts[k]! / n) };
}

/**
 * Points and positive weights with a lower (never a higher) objective than the given ones.
 *
 * L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with backtracking; the weights are a softmax.
 *
 * @param start - Points in kernel units; positive weights with a sum of one.
 * @param constant - The rows' own product, which makes the objective the squared MMD.
 * @param evaluated - Called after each evaluation of the objective, with their number.
 */
export function* minimise(
  mean: KernelMean,
  start: WeightedPoints,
  constant: number,
  effort: Effort,
  evaluated: (count: number) => void,
): Steps<WeightedPoints> {
  const { rows: K, columns: d } = start.points;
  const size = K * d;
  let done = 0;

  function* evaluate(x: Float64Array): Steps<{ value: number; gradient: Float64Array }> {
    const weights = softmax(x.subarray(size));
    const found: Objective = yield* mean.objective(
      { rows: K, columns: d, values: x.subarray(0, size) },
      weights,
    );
    const gradient = new Float64Array(x.length);
    gradient.set(found.gradientZ);
    const common = dot(found.gradientB, weights);
    for (let i = 0; i < K; i++) gradient[size + i] = weights[i]! * (found.gradientB[i]! - common);
    done++;
    evaluated(done);
    return { value: found.value, gradient };
  }

  let x = new Float64Array(size + K);
  x.set(start.points.values);
  x.set(start.weights.map(Math.log), size);
  let { value, gradient } = yield* evaluate(x);
  const pairs: Pair[] = [];
  const recent: number[] = [];
  while (done < effort.evaluations) {
    const direction = descent(gradient, pairs);
    const slope = dot(gradient, direction);
    if (!(slope < 0)) break;
    let step = 1;
    let accepted: { x: Float64Array<ArrayBuffer>; value: number; gradient: Float64Array } | null = null;
    while (accepted === null && done < effort.evaluations && step >= 1e-6) {
      const trial = x.map((coordinate, i) => coordinate + step * direction[i]!);
      const found = yield* evaluate(trial);
      if (found.value <= value + 1e-4 * step * slope) accepted = { x: trial, ...found };
      // The minimum of the parabola through both values and the slope, kept within a sensible range.
      else step *= Math.min(0.5, Math.max(0.1, (-0.5 * slope * step) / (found.value - value - slope * step)));
    }
    if (accepted === null) break;
    remember(pairs, x, accepted.x, gradient, accepted.gradient);
    ({ x, value, gradient } = accepted);
    const before = recent.length === RECENT ? recent[0]! : Infinity;
    if (before - value <= effort.tolerance * Math.max(value + constant, 0)) break;
    if (recent.push(value) > RECENT) recent.shift();
  }
  return { points: { rows: K, columns: d, values: x.slice(0, size) }, weights: softmax(x.subarray(size)) };
}

/** A step, the change of the gradient along it, and the product of both. */
interface Pair {
  readonly moved: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

function remember(
  pairs: Pair[],
  x: Float64Array,
  newX: Float64Array,
  gradient: Float64Array,
  newGradient: Float64Array,
): void {
  const moved = newX.map((coordinate, i) => coordinate - x[i]!);
  const change = newGradient.map((slope, i) => slope - gradient[i]!);
  const curvature = dot(moved, change);
  if (curvature > 1e-10 * Math.sqrt(dot(moved, moved) * dot(change, change))) {
    pairs.push({ moved, change, curvature });
    if (pairs.length > MEMORY) pairs.shift();
  }
}

/** Minus the estimate of the inverse Hessian times the gradient. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const last = pairs.at(-1);
  if (!last) {
    const largest = gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 1e-300);
    return gradient.map((slope) => (-0.05 / largest) * slope);
  }
  const q = gradient.slice();
  const coefficients = new Float64Array(pairs.length);
  for (let p = pairs.length - 1; p >= 0; p--) {
    const { moved, change, curvature } = pairs[p]!;
    const coefficient = dot(moved, q) / curvature;
    coefficients[p] = coefficient;
    for (let i = 0; i < q.length; i++) q[i]! -= coefficient * change[i]!;
  }
  const scale = last.curvature / dot(last.change, last.change);
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  pairs.forEach(({ moved, change, curvature }, p) => {
    const coefficient = coefficients[p]! - dot(change, q) / curvature;
    for (let i = 0; i < q.length; i++) q[i]! += coefficient * moved[i]!;
  });
  return q.map((value) => -value);
}

function softmax(logarithms: Float64Array): Float64Array {
  const largest = logarithms.reduce((most, value) => Math.max(most, value), -Infinity);
  const exponentials = logarithms.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
