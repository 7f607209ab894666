/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { type Frame, chooseFrame, toRaw, toUnits } from "./frame";
import { KernelMean, type Steps, quadraticForm, selfProduct, unitKernel } from "./kernel";
import { GAMMA, MOST_POINTS, PRIVACY_FLOOR, USUAL_POINTS } from "./limits";
import { type Matrix, dot, firstRows, listsOf, rowsBetween, selectRows, zeros } from "./matrix";
import { RowGuard, rowsBehind } from "./privacy";
import { Random } from "./random";
import { type Effort, minimise, startPoints } from "./reduction";
import type { TableSummary } from "./sample";
import { simplexWeights } from "./simplex";
import type { ReductionReport, TableSpecification } from "./specification";

// Rows of the sample that the points are fitted to, and the search on it. On wide tables there are fewer: so many
// terms (rows times points times columns) take some tenths of a second, and there are dozens of evaluations.
const FITTED_ROWS = 10_000;
const FITTED_TERMS = 1e8;
const EFFORT: Effort = { evaluations: 150, tolerance: 0.01 };
// Rows from which the rows' own product is estimated where there are more.
const HELD_OUT = 8192;
// Rows for the rough own product that says when the search may end.
const OWN_PRODUCT = 4096;
// Terms (pairs of rows times columns) of one own product, which take seconds; it rests on fewer rows of a wide
// table.
const PRODUCT_TERMS = 3e9;
// However wide the table is, fewer rows would say too little of it.
const LEAST_ROWS = 1000;
// Share of a column's range that is no distance.
const DUST = 1e-6;

/** How a specification is made; what is left out is as in the engine. */
export interface ReductionOptions {
  /** Points, at most. */
  readonly points?: number;
  /** Inverse squared length scale on raw columns; only specifications of equal gamma compare. */
  readonly gamma?: number;
  /** Rows to a point, at least, on average; 0 switches this and the distance to rows off. */
  readonly privacyFloor?: number;
  /** Seed of the start, a whole number from 0 on. */
  readonly seed?: number;
}

/** What is done of a reduction. */
export interface ReductionProgress {
  readonly stage: "preparing" | "searching" | "measuring";
  /** Share of the stage that is done, at least; a search may end early. */
  readonly share: number;
}

/**
 * The specification of a table: a few weighted points, whose kernel mean embedding is as near as possible to that
 * of the rows (Wu, Xu, Liu, Zhou: Model Reuse with RKME Specification, TKDE 35(1), 2023). It is what the engine's
 * `generate_stat_spec("table", …)` makes of an iterator: the same rules, kernel, search and privacy; the random
 * numbers are others.
 *
 * The work is done in steps of some hundredths of a second, so that it can be watched and ended.
 */
export function* reduceTable(
  summary: TableSummary,
  options: ReductionOptions = {},
): Generator<ReductionProgress, TableSpecification, void> {
  const { points: K = USUAL_POINTS, gamma = GAMMA, privacyFloor: floor = PRIVACY_FLOOR, seed = 0 } = options;
  checkOptions(K, gamma, floor, seed);
  const random = new Random(seed, 1);
  const size =
    floor === 0 ? Math.min(K, summary.rows) : Math.max(1, Math.min(K, Math.floor(summary.rows / floor)));
  yield { stage: "preparing", share: 0 };
  const frame = chooseFrame(summary, gamma, size);
  const sample = toUnits(frame, summary.sample);
  const bounds = boundedRows(size, sample.columns);
  const fitted = firstRows(sample, bounds.fitted);
  yield { stage: "preparing", share: 0.5 };
  const start = startPoints(firstRows(fitted, Math.max(2000, 20 * size)), size, random);
  const own = yield* shown(selfProduct(firstRows(fitted, Math.min(OWN_PRODUCT, bounds.product))), () => ({
    stage: "preparing",
    share: 0.75,
  }));
  let evaluations = 0;
  const found = yield* shown(
    minimise(new KernelMean(fitted), start, own, EFFORT, (count) => (evaluations = count)),
    () => ({ stage: "searching", share: evaluations / EFFORT.evaluations }),
  );
  yield { stage: "measuring", share: 0 };
  const guard = new RowGuard(fitted, floor);
  const kept = floor ? guard.safePoints(found.points, found.weights, fitted, random) : found.points;
  // What is written is what is weighed: the points as they are after the way to raw units and back.
  const raw = withoutDust(toRaw(frame, kept), frame, summary.sample);
  const Z = inKernelUnits(raw, frame);
  const measuring = (): ReductionProgress => ({ stage: "measuring", share: 0.25 });
  const { means } = yield* shown(new KernelMean(sample).sums(Z, false), measuring);
  const weights = simplexWeights(unitKernel(Z, Z), means);
  const used = [...weights.keys()].filter((k) => weights[k]! !== 0);
  const z = selectRows(raw, used);
  const usedZ = selectRows(Z, used);
  const beta = Float64Array.from(used, (k) => weights[k]!);
  const usedMeans = Float64Array.from(used, (k) => means[k]!);
  const fit = yield* shown(squaredMmd(summary, sample, fitted, usedZ, beta, usedMeans), measuring);
  yield { stage: "measuring", share: 0.9 };
  const report: ReductionReport = {
    mmd2: fit.mmd2,
    mmd2_rows: fit.rows,
    mean_kernel: frame.meanKernel,
    kernel_gamma: frame.gamma,
    kernel_scale: frame.raw ? null : [...frame.scale],
    rows_per_point: summary.rows / z.rows,
    fewest_rows: (Math.min(...rowsBehind(fitted, usedZ, beta)) * summary.rows) / fitted.rows,
    nearest_row: guard.nearest(usedZ),
    privacy_rows: fitted.rows,
    privacy_floor: floor,
    dropped_points: found.points.rows - kept.rows,
    missing: summary.missing,
    infinite: summary.infinite,
    limited: limitedValues(summary.sample, frame),
  };
  return {
    type: "RKMETableSpecification",
    z: listsOf(z),
    beta: [...beta],
    gamma,
    num_points: summary.rows,
    report,
  };
}

/**
 * Rows that points are fitted to, and rows of one own product, at most: on wide tables fewer than in the engine, so
 * that a table of any width takes some tens of seconds at most.
 */
export function boundedRows(points: number, columns: number): { fitted: number; product: number } {
  return {
    fitted: Math.min(FITTED_ROWS, Math.max(LEAST_ROWS, Math.floor(FITTED_TERMS / (points * columns)))),
    product: Math.max(LEAST_ROWS, Math.floor(Math.sqrt((2 * PRODUCT_TERMS) / columns))),
  };
}

/** Do the steps of a part, and show how far the whole is after each. */
function* shown<T>(
  steps: Steps<T>,
  progress: () => ReductionProgress,
): Generator<ReductionProgress, T, void> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    yield progress();
  }
}

/** The squared MMD of points to all rows, and the number of rows that the rows' own product rests on. */
function* squaredMmd(
  summary: TableSummary,
  sample: Matrix,
  fitted: Matrix,
  Z: Matrix,
  b: Float64Array,
  c: Float64Array,
): Steps<{ mmd2: number; rows: number }> {
  const n = summary.rows;
  const gain = quadraticForm(unitKernel(Z, Z), b) - 2 * dot(c, b);
  const { product: most } = boundedRows(Z.rows, sample.columns);
  if (n === sample.rows && n <= Math.min(2 * HELD_OUT, most)) {
    const own = yield* selfProduct(sample);
    return { mmd2: Math.max(0, own + gain), rows: n };
  }
  // Rows that the points were not fitted to, where there are enough of them.
  const rest = sample.rows - fitted.rows;
  const wanted = Math.min(HELD_OUT, most);
  const begin = 2 * rest >= wanted ? fitted.rows : Math.max(0, sample.rows - wanted);
  const heldOut = rowsBetween(sample, begin, Math.min(begin + wanted, sample.rows));
  const m = heldOut.rows;
  // Mean kernel of two different rows, with the points' embedding as control variate: its mean is known.
  const own = yield* selfProduct(heldOut);
  const { means } = yield* new KernelMean(heldOut).sums(Z, false);
  const others = (m * own - 1) / (m - 1) + 2 * (dot(c, b) - dot(means, b));
  return { mmd2: Math.max(0, 1 / n + (1 - 1 / n) * others + gain), rows: m };
}

/**
 * Points in raw units with what is next to a column's median, beside its range, at the median.
 *
 * Where nearly all rows have one value, the search leaves points a rounding away from it. Exactly equal points say
 * that the column is constant; nearly equal ones would say that it is measured in tiny units.
 */
function withoutDust(z: Matrix, { centre }: Frame, sample: Matrix): Matrix {
  const d = z.columns;
  const low = centre.slice();
  const high = centre.slice();
  sample.values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const j = at % d;
    if (value < low[j]!) low[j] = value;
    if (value > high[j]!) high[j] = value;
  });
  const clean = zeros(z.rows, d);
  z.values.forEach((value, at) => {
    const j = at % d;
    clean.values[at] = Math.abs(value - centre[j]!) <= DUST * (high[j]! - low[j]!) ? centre[j]! : value;
  });
  return clean;
}

function inKernelUnits(z: Matrix, { centre, unit }: Frame): Matrix {
  const d = z.columns;
  return { ...z, values: z.values.map((value, at) => (value - centre[at % d]!) / unit[at % d]!) };
}

/** How many values of the sample are too far out for the kernel. */
function limitedValues(sample: Matrix, { low, high }: Frame): number {
  const d = sample.columns;
  let count = 0;
  sample.values.forEach((value, at) => {
    if (Number.isFinite(value) && (value < low[at % d]! || value > high[at % d]!)) count++;
  });
  return count;
}

function checkOptions(points: number, gamma: number, floor: number, seed: number): void {
  const whole = (name: string, value: number, least: number, most: number): void => {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
    }
  };
  whole("points", points, 1, MOST_POINTS);
  whole("privacyFloor", floor, 0, Number.MAX_SAFE_INTEGER);
  whole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  if (!(Number.isFinite(gamma) && gamma > 0))
    throw new RangeError(`gamma must be larger than 0, not ${gamma}`);
}
