/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { type Matrix, dot, squaredNorms } from "./matrix";

// Rows of one block: its kernel with a hundred points stays in a core's cache.
const BLOCK = 128;
// Terms (pairs times columns) between two steps: some hundredths of a second.
const STEP = 1 << 24;

// exp(x) = 2^(-n/256) exp(r) with |r| at most log(2) / 512, so that four terms of the series are enough.
const PARTS = 256;
// Of smaller exponents the exponential is 1e-26, far beneath the rounding of every sum.
const LEAST = -60;
const POWERS = Float64Array.from(
  { length: Math.ceil((-LEAST * PARTS) / Math.LN2) + 2 },
  (_, n) => 2 ** (-n / PARTS),
);
const SCALE = PARTS / Math.LN2;
// log(2) / 256 in two pieces; the first has so few digits that its products with small whole numbers are exact.
const HIGH = 0.010830424667801708 / 4;
const LOW = 2.8447437476627285e-11 / 4;

/** Work in steps, between which somebody else may work or end it; each step tells how many rows it went over. */
export type Steps<T> = Generator<number, T, void>;

/** Do all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * exp(x) for x up to zero, to two units in the last place, in a third of the time of `Math.exp`.
 *
 * It is one above zero: rounding makes squared distances of equal rows negative.
 */
export function expOfNegative(x: number): number {
  if (x < LEAST) return 0;
  if (x > 0) return 1;
  const n = (0.5 - x * SCALE) | 0;
  const r = x + n * HIGH + n * LOW;
  const square = r * r;
  return (1 + r + square * (0.5 + r * (1 / 6) + square * (1 / 24))) * POWERS[n]!;
}

/** The kernel k(u, v) = exp(-||u - v||² / 2) of all pairs of rows, row by row. */
export function unitKernel(A: Matrix, B: Matrix): Float64Array {
  const kernel = new Float64Array(A.rows * B.rows);
  fillKernel(A, squaredNorms(A), 0, A.rows, B, squaredNorms(B), 0, B.rows, kernel);
  return kernel;
}

/**
 * Write the kernel of rows `aBegin` to `aEnd` of A with rows `bBegin` to `bEnd` of B.
 *
 * @param aNorms, bNorms - The squared norms of all rows.
 */
function fillKernel(
  A: Matrix,
  aNorms: Float64Array,
  aBegin: number,
  aEnd: number,
  B: Matrix,
  bNorms: Float64Array,
  bBegin: number,
  bEnd: number,
  kernel: Float64Array,
): void {
  const d = A.columns;
  const a = A.values;
  const b = B.values;
  const width = bEnd - bBegin;
  const whole = bBegin + (width & ~3);
  let i = aBegin;
  // Eight products at a time: each number that is read is used several times.
  for (; i + 1 < aEnd; i += 2) {
    const norm = aNorms[i]!;
    const otherNorm = aNorms[i + 1]!;
    let out = (i - aBegin) * width;
    let k = bBegin;
    for (; k < whole; k += 4, out += 4) {
      let p = k * d;
      let q = p + d;
      let r = q + d;
      let s = r + d;
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let a3 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      let b3 = 0;
      for (let j = i * d, l = j + d, end = l; j < end;) {
        const one = a[j++]!;
        const other = a[l++]!;
        const first = b[p++]!;
        const second = b[q++]!;
        const third = b[r++]!;
        const fourth = b[s++]!;
        a0 += one * first;
        a1 += one * second;
        a2 += one * third;
        a3 += one * fourth;
        b0 += other * first;
        b1 += other * second;
        b2 += other * third;
        b3 += other * fourth;
      }
      kernel[out] = expOfNegative(a0 - 0.5 * (norm + bNorms[k]!));
      kernel[out + 1] = expOfNegative(a1 - 0.5 * (norm + bNorms[k + 1]!));
      kernel[out + 2] = expOfNegative(a2 - 0.5 * (norm + bNorms[k + 2]!));
      kernel[out + 3] = expOfNegative(a3 - 0.5 * (norm + bNorms[k + 3]!));
      kernel[out + width] = expOfNegative(b0 - 0.5 * (otherNorm + bNorms[k]!));
      kernel[out + width + 1] = expOfNegative(b1 - 0.5 * (otherNorm + bNorms[k + 1]!));
      kernel[out + width + 2] = expOfNegative(b2 - 0.5 * (otherNorm + bNorms[k + 2]!));
      kernel[out + width + 3] = expOfNegative(b3 - 0.5 * (otherNorm + bNorms[k + 3]!));
    }
    for (; k < bEnd; k++, out++) {
      kernel[out] = expOfNegative(productOf(a, i * d, b, k * d, d) - 0.5 * (norm + bNorms[k]!));
      kernel[out + width] = expOfNegative(
        productOf(a, (i + 1) * d, b, k * d, d) - 0.5 * (otherNorm + bNorms[k]!),
      );
    }
  }
  for (; i < aEnd; i++) {
    for (let k = bBegin, out = (i - aBegin) * width; k < bEnd; k++, out++) {
      kernel[out] = expOfNegative(productOf(a, i * d, b, k * d, d) - 0.5 * (aNorms[i]! + bNorms[k]!));
    }
  }
}

function productOf(a: Float64Array, at: number, b: Float64Array, other: number, d: number): number {
  let product = 0;
  for (let j = at, p = other, end = at + d; j < end; j++) product += a[j]! * b[p++]!;
  return product;
}

/** What an objective and its gradients are made of. */
export interface KernelSums {
  /** c_i = (1/n) sum_n k(z_i, u_n). */
  readonly means: Float64Array;
  /** (1/n) sum_n k(z_i, u_n) u_n, point by point. */
  readonly weighted: Float64Array;
}

/** Products of the kernel mean embedding of some rows, which are in kernel units, with points. */
export class KernelMean {
  readonly #norms: Float64Array;
  readonly #kernel = new Map<number, Float64Array>();

  constructor(readonly rows: Matrix) {
    this.#norms = squaredNorms(rows);
  }

  /** The sums for some points; without `gradient`, `weighted` stays zero. */
  *sums(Z: Matrix, gradient = true): Steps<KernelSums> {
    const { rows } = this;
    const means = new Float64Array(Z.rows);
    const weighted = new Float64Array(Z.rows * Z.columns);
    const norms = squaredNorms(Z);
    const kernel = this.#scratch(BLOCK * Z.rows);
    const rowsOfStep = Math.max(BLOCK, Math.floor(STEP / (Z.rows * (Z.columns + 4))));
    let since = 0;
    for (let begin = 0; begin < rows.rows; begin += BLOCK) {
      const end = Math.min(begin + BLOCK, rows.rows);
      fillKernel(rows, this.#norms, begin, end, Z, norms, 0, Z.rows, kernel);
      addColumns(kernel, end - begin, means);
      if (gradient) addProducts(kernel, rows, begin, end, Z.rows, weighted);
      since += end - begin;
      if (since >= rowsOfStep) {
        yield since;
        since = 0;
      }
    }
    const share = 1 / rows.rows;
    for (let i = 0; i < means.length; i++) means[i]! *= share;
    for (let i = 0; i < weighted.length; i++) weighted[i]! *= share;
    if (since) yield since;
    return { means, weighted };
  }

  /**
   * The objective F = b'Kb - 2 c'b, which is the squared MMD less the rows' own product, and its gradients.
   *
   * dF/dz_i = -2 b_i [sum_j b_j k_ij (z_i - z_j) - (1/n) sum_n k(z_i, u_n) (z_i - u_n)]
   * (Wu, Xu, Liu, Zhou: Model Reuse with RKME Specification, TKDE 35(1), 2023).
   */
  *objective(Z: Matrix, b: Float64Array): Steps<Objective> {
    const { means, weighted } = yield* this.sums(Z);
    const { rows: K, columns: d, values: z } = Z;
    const gram = unitKernel(Z, Z);
    const gradientZ = new Float64Array(K * d);
    const gradientB = new Float64Array(K);
    const sum = new Float64Array(d);
    let value = 0;
    for (let i = 0; i < K; i++) {
      let product = 0;
      sum.fill(0);
      for (let j = 0; j < K; j++) {
        const part = gram[i * K + j]! * b[j]!;
        product += part;
        for (let c = 0, at = j * d; c < d; c++, at++) sum[c]! += part * z[at]!;
      }
      value += b[i]! * (product - 2 * means[i]!);
      gradientB[i] = 2 * (product - means[i]!);
      for (let c = 0, at = i * d; c < d; c++, at++) {
        gradientZ[at] = -2 * b[i]! * ((product - means[i]!) * z[at]! - sum[c]! + weighted[at]!);
      }
    }
    return { value, gradientZ, gradientB };
  }

  #scratch(size: number): Float64Array {
    const kept = this.#kernel.get(size);
    if (kept) return kept;
    const made = new Float64Array(size);
    this.#kernel.clear();
    this.#kernel.set(size, made);
    return made;
  }
}

/** An objective with its gradients with respect to points and weights. */
export interface Objective {
  readonly value: number;
  readonly gradientZ: Float64Array;
  readonly gradientB: Float64Array;
}

/** (1/n²) sum_nm k(u_n, u_m) of rows in kernel units. */
export function* selfProduct(rows: Matrix): Steps<number> {
  const n = rows.rows;
  const norms = squaredNorms(rows);
  const kernel = new Float64Array(BLOCK * BLOCK);
  const rowsOfStep = Math.max(BLOCK, Math.floor(STEP / (n * (rows.columns + 4))));
  let total = 0;
  let since = 0;
  for (let begin = 0; begin < n; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, n);
    for (let other = begin; other < n; other += BLOCK) {
      const otherEnd = Math.min(other + BLOCK, n);
      fillKernel(rows, norms, begin, end, rows, norms, other, otherEnd, kernel);
      let sum = 0;
      for (let i = 0, count = (end - begin) * (otherEnd - other); i < count; i++) sum += kernel[i]!;
      total += other === begin ? sum : 2 * sum;
    }
    since += end - begin;
    if (since >= rowsOfStep) {
      yield since;
      since = 0;
    }
  }
  return total / (n * n);
}

/** a'Ka for the kernel of the rows of one set. */
export function quadraticForm(gram: Float64Array, a: Float64Array): number {
  const n = a.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += a[i]! * dot(gram.subarray(i * n, (i + 1) * n), a);
  return total;
}

function addColumns(kernel: Float64Array, rows: number, sums: Float64Array): void {
  const K = sums.length;
  for (let i = 0, at = 0; i < rows; i++) for (let k = 0; k < K; k++) sums[k]! += kernel[at++]!;
}

/** Add kernel' U for rows `begin` to `end` of U. */
function addProducts(
  kernel: Float64Array,
  U: Matrix,
  begin: number,
  end: number,
  K: number,
  sums: Float64Array,
): void {
  const d = U.columns;
  const u = U.values;
  const rows = end - begin;
  const whole = rows & ~3;
  for (let i = 0; i < whole; i += 4) {
    const row = (begin + i) * d;
    let k = 0;
    for (; k + 1 < K; k += 2) {
      const at = i * K + k;
      const a0 = kernel[at]!;
      const a1 = kernel[at + K]!;
      const a2 = kernel[at + 2 * K]!;
      const a3 = kernel[at + 3 * K]!;
      const b0 = kernel[at + 1]!;
      const b1 = kernel[at + K + 1]!;
      const b2 = kernel[at + 2 * K + 1]!;
      const b3 = kernel[at + 3 * K + 1]!;
      let p = row;
      let q = p + d;
      let r = q + d;
      let s = r + d;
      for (let out = k * d, other = out + d, stop = other; out < stop;) {
        const first = u[p++]!;
        const second = u[q++]!;
        const third = u[r++]!;
        const fourth = u[s++]!;
        sums[out++]! += a0 * first + a1 * second + a2 * third + a3 * fourth;
        sums[other++]! += b0 * first + b1 * second + b2 * third + b3 * fourth;
      }
    }
    for (; k < K; k++)
      for (let l = i; l < i + 4; l++) addRow(kernel[l * K + k]!, u, (begin + l) * d, sums, k * d, d);
  }
  for (let l = whole; l < rows; l++) {
    for (let k = 0; k < K; k++) addRow(kernel[l * K + k]!, u, (begin + l) * d, sums, k * d, d);
  }
}

function addRow(
  factor: number,
  u: Float64Array,
  from: number,
  sums: Float64Array,
  to: number,
  d: number,
): void {
  for (let j = 0; j < d; j++) sums[to + j]! += factor * u[from + j]!;
}
