/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { type Matrix, medianInPlace, quantile, squaredNorms, zeros } from "./matrix";
import type { TableSummary } from "./sample";

// Mean kernel between different rows from which all rows are one point to the kernel.
const ALL_ALIKE = 0.99;
// Values further from the median than this many kernel units are moved there: the kernel cannot tell them apart,
// and squares of larger ones lose all their digits.
const REACH = 1e6;
// Rows that the kernel is chosen by.
const LOOKED_AT = 1000;

/**
 * The kernel under which a table is described, and its units.
 *
 * A file keeps the published kernel exp(-gamma ||x - y||²) on raw columns. On real tables that kernel is often
 * degenerate: columns in the hundreds make all rows orthogonal, gradients vanish and weights mean nothing. A
 * weighted point set can be evaluated under any kernel, so on such tables points and weights are sought under a
 * robustly scaled kernel, and the points are written down in raw units all the same.
 */
export interface Frame {
  /** The medians, which are the origin. */
  readonly centre: Float64Array;
  /** Unit of each column; one unless the kernel on raw columns is degenerate. */
  readonly scale: Float64Array;
  /** Inverse squared length scale in these units. */
  readonly gamma: number;
  /** One kernel unit of each column. */
  readonly unit: Float64Array;
  /** Limits to which values are moved, infinite ones too. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Whether the kernel is that of the file. */
  readonly raw: boolean;
  /** Mean kernel between two different rows. */
  readonly meanKernel: number;
}

/**
 * Choose the frame of a table: `gamma` on raw columns where that kernel tells rows apart, but not all of them; else
 * the columns are divided by a robust scale, and gamma follows the median heuristic.
 *
 * K unrelated points have a norm of 1/K from their own diagonal alone. Where the rows' embedding has less than half
 * of that, the zero function is nearer to it than K of its rows are.
 */
export function chooseFrame(summary: TableSummary, gamma: number, K: number): Frame {
  const { sample, low, high } = summary;
  const d = sample.columns;
  const centre = medians(summary);
  const filled = zeros(Math.min(LOOKED_AT, sample.rows), d);
  for (let i = 0, at = 0; i < filled.rows; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = sample.values[at]!;
      filled.values[at] = clip(Number.isNaN(value) ? centre[j]! : value, low[j]!, high[j]!);
    }
  }
  const reach = centre.map((value, j) => Math.max(high[j]! - value, value - low[j]!));
  const rawUnit = 1 / Math.sqrt(2 * gamma);
  if (reach.every((value) => value <= REACH * rawUnit)) {
    const likeness = meanOf(
      kernels(
        squaredDistances(
          inUnits(
            filled,
            centre,
            reach.map(() => rawUnit),
          ),
        ),
      ),
    );
    const tellsApart = likeness >= 0.5 / K && likeness <= ALL_ALIKE;
    if (filled.rows === 1 || tellsApart || reach.every((value) => value === 0)) {
      // The scale of a constant column is of no consequence, but one unit must be a difference in its values.
      const scale = centre.map((value, j) => (reach[j]! > 0 ? 1 : Math.max(1, 1e-9 * Math.abs(value))));
      return frameOf(centre, scale, gamma, low, high, true, likeness);
    }
  }
  const scale = robustScale(filled, centre, reach);
  const rows = inUnits(filled, centre, scale);
  for (let i = 0; i < rows.values.length; i++) rows.values[i] = clip(rows.values[i]!, -REACH, REACH);
  const squared = squaredDistances(rows);
  const positive = squared.filter((value) => value > 0);
  const chosen = positive.length ? 1 / medianInPlace(positive) : 1 / d;
  const likeness = meanOf(kernels(squared.map((value) => value * 2 * chosen)));
  return frameOf(centre, scale, chosen, low, high, false, likeness);
}

/** Rows in kernel units: missing values at the median, the rest inside the limits. */
export function toUnits(frame: Frame, rows: Matrix): Matrix {
  const d = rows.columns;
  const moved = zeros(rows.rows, d);
  for (let i = 0, at = 0; i < rows.rows; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = rows.values[at]!;
      const filled = Number.isNaN(value) ? frame.centre[j]! : value;
      moved.values[at] = (clip(filled, frame.low[j]!, frame.high[j]!) - frame.centre[j]!) / frame.unit[j]!;
    }
  }
  return moved;
}

/** Points in the columns' own units. */
export function toRaw(frame: Frame, points: Matrix): Matrix {
  const d = points.columns;
  const moved = zeros(points.rows, d);
  for (let at = 0; at < moved.values.length; at++) {
    moved.values[at] = points.values[at]! * frame.unit[at % d]! + frame.centre[at % d]!;
  }
  return moved;
}

function frameOf(
  centre: Float64Array,
  scale: Float64Array,
  gamma: number,
  low: Float64Array,
  high: Float64Array,
  raw: boolean,
  meanKernel: number,
): Frame {
  const unit = scale.map((value) => value / Math.sqrt(2 * gamma));
  return {
    centre,
    scale,
    gamma,
    unit,
    low: low.map((value, j) => Math.max(value, centre[j]! - REACH * unit[j]!)),
    high: high.map((value, j) => Math.min(value, centre[j]! + REACH * unit[j]!)),
    raw,
    meanKernel,
  };
}

/** The median of the finite values of each column. */
function medians({ sample, low }: TableSummary): Float64Array {
  const { rows, columns, values } = sample;
  const column = new Float64Array(rows);
  return low.map((lowest, j) => {
    let count = 0;
    for (let i = 0, at = j; i < rows; i++, at += columns) {
      if (Number.isFinite(values[at]!)) column[count++] = values[at]!;
    }
    // A column may have its few finite values outside of the sample.
    return count ? medianInPlace(column.subarray(0, count)) : lowest;
  });
}

/** Each column's interquartile range in normal units, else its standard deviation, else its reach or 1. */
function robustScale(rows: Matrix, centre: Float64Array, reach: Float64Array): Float64Array {
  const column = new Float64Array(rows.rows);
  return reach.map((far, j) => {
    const safe = far > 0 ? far : 1;
    let squares = 0;
    for (let i = 0; i < rows.rows; i++) {
      const value = rows.values[i * rows.columns + j]!;
      column[i] = value;
      squares += ((value - centre[j]!) / safe) ** 2;
    }
    column.sort();
    const range = quantile(column, 0.75) / 1.349 - quantile(column, 0.25) / 1.349;
    const deviation = safe * Math.sqrt(squares / rows.rows);
    const scale = range > 0 ? range : deviation > 0 ? deviation : safe;
    // The lower limit keeps quotients finite.
    return Math.max(scale, safe / 1e100);
  });
}

function inUnits(rows: Matrix, centre: Float64Array, unit: Float64Array): Matrix {
  const d = rows.columns;
  const moved = zeros(rows.rows, d);
  for (let at = 0; at < moved.values.length; at++) {
    moved.values[at] = (rows.values[at]! - centre[at % d]!) / unit[at % d]!;
  }
  return moved;
}

/** The squared distances of all pairs of different rows. */
function squaredDistances(rows: Matrix): Float64Array {
  const { rows: n, columns: d, values } = rows;
  const norms = squaredNorms(rows);
  const squared = new Float64Array((n * (n - 1)) / 2);
  let out = 0;
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      let product = 0;
      for (let j = i * d, p = k * d, end = j + d; j < end; j++) product += values[j]! * values[p++]!;
      squared[out++] = Math.max(norms[i]! + norms[k]! - 2 * product, 0);
    }
  }
  return squared;
}

function kernels(squared: Float64Array): Float64Array {
  return squared.map((value) => Math.exp(-0.5 * value));
}

function meanOf(values: Float64Array): number {
  if (values.length === 0) return 1;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clip(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
