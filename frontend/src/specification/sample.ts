/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */
import { SpecificationError } from "./errors";
import { LARGEST_VALUE } from "./limits";
import { type Matrix, selectRows } from "./matrix";
import { Random } from "./random";

/** What one pass over a table found. */
export interface TableSummary {
  /** Rows seen. */
  readonly rows: number;
  /** Smallest and largest finite value of each column. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Number of missing and of infinite values. */
  readonly missing: number;
  readonly infinite: number;
  /**
   * A uniform sample without replacement, as it was read; all rows where they are few enough. Its rows are in
   * random order, so that any leading part is a uniform sample too.
   */
  readonly sample: Matrix;
}

// The sample that is kept of the rows, in rows and in bytes; half of that may be there beside it for a while.
const MOST_ROWS = 1 << 16;
const MOST_BYTES = 1 << 26;

/** Takes a table in, block by block, in memory of fixed size. */
export class TableCollector {
  readonly #columns: readonly string[];
  readonly #random: Random;
  readonly #size: number;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #rows = 0;
  #missing = 0;
  #infinite = 0;
  #kept = 0;
  #keys = new Float64Array(1024);
  #values: Float64Array<ArrayBuffer>;
  #threshold = Infinity;

  /**
   * @param columns - The names of the columns.
   * @param seed - Seed of the sample, a whole number from 0 on.
   */
  constructor(columns: readonly string[], seed = 0) {
    const d = columns.length;
    if (d === 0) throw new SpecificationError("table-no-columns");
    this.#columns = columns;
    this.#random = new Random(seed);
    this.#size = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_BYTES / (8 * d))));
    this.#low = new Float64Array(d).fill(Infinity);
    this.#high = new Float64Array(d).fill(-Infinity);
    this.#values = new Float64Array(1024 * d);
  }

  /**
   * Take rows in.
   *
   * @param values - The rows, one after the other; NaN where a value is missing.
   */
  add(values: Float64Array): void {
    const d = this.#columns.length;
    const low = this.#low;
    const high = this.#high;
    for (let begin = 0; begin < values.length; begin += d) {
      for (let j = 0; j < d; j++) {
        const value = values[begin + j]!;
        if (Number.isFinite(value)) {
          if (value < low[j]!) low[j] = value;
          if (value > high[j]!) high[j] = value;
        } else if (Number.isNaN(value)) this.#missing++;
        else this.#infinite++;
      }
      this.#rows++;
      // The rows with the smallest random keys are the sample.
      const key = this.#random.uniform();
      if (key < this.#threshold) this.#keep(key, values.subarray(begin, begin + d));
    }
  }

  /** What was found. */
  finish(): TableSummary {
    const d = this.#columns.length;
    if (this.#rows === 0) throw new SpecificationError("table-no-rows");
    for (let j = 0; j < d; j++) {
      const column = this.#columns[j]!;
      if (this.#low[j]! > this.#high[j]!) throw new SpecificationError("column-no-value", { column });
      if (Math.max(-this.#low[j]!, this.#high[j]!) > LARGEST_VALUE) {
        throw new SpecificationError("column-too-large", { column, limit: LARGEST_VALUE.toExponential() });
      }
    }
    return {
      rows: this.#rows,
      low: this.#low,
      high: this.#high,
      missing: this.#missing,
      infinite: this.#infinite,
      sample: this.#smallest(),
    };
  }

  #keep(key: number, row: Float64Array): void {
    const d = row.length;
    if (this.#kept === 2 * this.#size) {
      const { values } = this.#smallest();
      this.#keys.set(this.#keys.slice(0, this.#kept).sort().subarray(0, this.#size));
      this.#values.set(values);
      this.#kept = this.#size;
      this.#threshold = this.#keys[this.#size - 1]!;
      if (!(key < this.#threshold)) return;
    }
    if (this.#kept === this.#keys.length) {
      const room = Math.min(2 * this.#kept, 2 * this.#size);
      this.#keys = grown(this.#keys, room);
      this.#values = grown(this.#values, room * d);
    }
    this.#keys[this.#kept] = key;
    this.#values.set(row, this.#kept * d);
    this.#kept++;
  }

  /** The kept rows with the smallest keys, in the order of their keys. */
  #smallest(): Matrix {
    const keys = this.#keys;
    const order = Uint32Array.from({ length: this.#kept }, (_, i) => i);
    order.sort((one, other) => keys[one]! - keys[other]!);
    const matrix = { rows: this.#kept, columns: this.#columns.length, values: this.#values };
    return selectRows(matrix, order.subarray(0, this.#size));
  }
}

function grown(values: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(values);
  return larger;
}
