/* eslint-disable @typescript-eslint/no-non-null-assertion -- the indices of loops are inside the arrays */

/** Rows of numbers, one after the other. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` numbers, row by row. */
  readonly values: Float64Array;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** The matrix of some lists of equal length. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => values.set(row, i * columns));
  return { rows: rows.length, columns, values };
}

/** The first rows of a matrix, without a copy. */
export function firstRows(matrix: Matrix, count: number): Matrix {
  const rows = Math.min(count, matrix.rows);
  return { rows, columns: matrix.columns, values: matrix.values.subarray(0, rows * matrix.columns) };
}

/** Rows `begin` to before `end`, without a copy. */
export function rowsBetween(matrix: Matrix, begin: number, end: number): Matrix {
  const values = matrix.values.subarray(begin * matrix.columns, end * matrix.columns);
  return { rows: end - begin, columns: matrix.columns, values };
}

/** Some rows of a matrix, copied. */
export function selectRows(matrix: Matrix, chosen: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const selected = zeros(chosen.length, columns);
  for (let i = 0; i < chosen.length; i++) {
    selected.values.set(
      matrix.values.subarray(chosen[i]! * columns, (chosen[i]! + 1) * columns),
      i * columns,
    );
  }
  return selected;
}

/** Lists of the rows, as JSON wants them. */
export function listsOf(matrix: Matrix): number[][] {
  return Array.from({ length: matrix.rows }, (_, i) =>
    Array.from(matrix.values.subarray(i * matrix.columns, (i + 1) * matrix.columns)),
  );
}

/** The products of the rows with themselves. */
export function squaredNorms(matrix: Matrix): Float64Array {
  const { rows, columns, values } = matrix;
  const norms = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += values[at]! * values[at]!;
    norms[i] = sum;
  }
  return norms;
}

/** The product of two lists. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The median, of which no number may be NaN; the list is sorted on the way. */
export function medianInPlace(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle]! : values[middle - 1]! / 2 + values[middle]! / 2;
}

/** A quantile with linear interpolation, of sorted numbers. */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  // Equal values, which may be infinite apart, stay themselves.
  return low === high ? low : low + (position - below) * (high - low);
}

/**
 * Solves A X = B by elimination with row exchanges; both are written over.
 *
 * @param A - Square matrix, row by row.
 * @param B - Right-hand sides in columns; the solutions take their place.
 */
export function solveInPlace(A: Float64Array, n: number, B: Float64Array, sides: number): void {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(A[i * n + k]!) > Math.abs(A[pivot * n + k]!)) pivot = i;
    if (pivot !== k) {
      swapRows(A, n, k, pivot);
      swapRows(B, sides, k, pivot);
    }
    const inverse = 1 / A[k * n + k]!;
    for (let i = k + 1; i < n; i++) {
      const factor = A[i * n + k]! * inverse;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) A[i * n + j]! -= factor * A[k * n + j]!;
      for (let j = 0; j < sides; j++) B[i * sides + j]! -= factor * B[k * sides + j]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let s = 0; s < sides; s++) {
      let sum = B[k * sides + s]!;
      for (let j = k + 1; j < n; j++) sum -= A[k * n + j]! * B[j * sides + s]!;
      B[k * sides + s] = sum / A[k * n + k]!;
    }
  }
}

function swapRows(values: Float64Array, width: number, one: number, other: number): void {
  for (let j = 0; j < width; j++) {
    const kept = values[one * width + j]!;
    values[one * width + j] = values[other * width + j]!;
    values[other * width + j] = kept;
  }
}
