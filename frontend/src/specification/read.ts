import { type ErrorValues, SpecificationError, type SpecificationErrorCode } from "./errors";
import { LARGEST_VALUE, LARGEST_WEIGHT, MOST_POINTS } from "./limits";
import type { ReductionReport, TableSpecification } from "./specification";

/** Bytes of a specification file, at most: a dock takes no larger one in a package. */
export const LARGEST_FILE = 16 << 20;

// The name of tables' specifications in packages written for the first published versions.
const TABLE_TYPES = new Set(["RKMETableSpecification", "RKMEStatSpecification"]);

/**
 * The specification in a file.
 *
 * @throws SpecificationError that says what is wrong with the file.
 */
export async function readSpecificationFile(file: Blob, largest = LARGEST_FILE): Promise<TableSpecification> {
  if (file.size > largest) refuse("specification-too-large", { bytes: file.size, most: largest });
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch (error) {
    throw Object.assign(new SpecificationError("file-unreadable"), { cause: error });
  }
  return parseSpecification(new Uint8Array(bytes));
}

/**
 * The specification in the bytes of a file, by the rules of the engine: what the published package writes, and what
 * is written here. Unknown keys are left out.
 *
 * @throws SpecificationError that says what is wrong.
 */
export function parseSpecification(bytes: Uint8Array): TableSpecification {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw Object.assign(new SpecificationError("specification-not-json"), { cause: error });
  }
  return specificationFrom(document);
}

/**
 * The specification that parsed JSON describes.
 *
 * @throws SpecificationError that says what is wrong.
 */
export function specificationFrom(document: unknown): TableSpecification {
  if (!isObject(document)) return refuse("specification-not-object");
  const { type = "RKMETableSpecification", z, beta, gamma, num_points: rows = 0, report } = document;
  if (typeof type !== "string" || !TABLE_TYPES.has(type)) refuse("specification-type", { type: shown(type) });
  for (const [field, value] of Object.entries({ z, beta, gamma })) {
    if (value === undefined) refuse("specification-missing", { field });
  }
  const points = lists(z);
  const weights = numbers(beta, "beta");
  if (points.length === 0 || points.length !== weights.length) {
    refuse("specification-shape", { points: points.length, weights: weights.length });
  }
  if (points.length > MOST_POINTS) {
    refuse("specification-too-many-points", { found: points.length, most: MOST_POINTS });
  }
  if (weights.every((weight) => weight === 0)) refuse("specification-no-weight");
  bounded("z", points, LARGEST_VALUE);
  bounded("beta", [weights], LARGEST_WEIGHT);
  if (typeof gamma !== "number" || !Number.isFinite(gamma)) return notNumbers("gamma", 0);
  if (gamma <= 0) refuse("specification-gamma");
  if (typeof rows !== "number" || !Number.isInteger(rows) || rows < 0 || rows > 2 ** 53) {
    return refuse("specification-num-points");
  }
  const read = reportFrom(report);
  return {
    type: "RKMETableSpecification",
    z: points,
    beta: weights,
    gamma,
    num_points: rows,
    ...(read && { report: read }),
  };
}

const REPORT_NUMBERS = [
  "mmd2",
  "mmd2_rows",
  "mean_kernel",
  "kernel_gamma",
  "rows_per_point",
  "fewest_rows",
  "privacy_rows",
  "privacy_floor",
  "dropped_points",
  "missing",
  "infinite",
  "limited",
] as const;

/** The report in a file, or null where it is absent, broken or another version's. */
function reportFrom(value: unknown): ReductionReport | null {
  if (!isObject(value)) return null;
  const { kernel_scale: scale, nearest_row: nearest } = value;
  if (!REPORT_NUMBERS.every((name) => Number.isFinite(value[name]))) return null;
  if (!(nearest === null || Number.isFinite(nearest))) return null;
  if (!(scale === null || (Array.isArray(scale) && scale.every(Number.isFinite)))) return null;
  const kept = Object.fromEntries(REPORT_NUMBERS.map((name) => [name, value[name]]));
  return { ...kept, kernel_scale: scale, nearest_row: nearest } as unknown as ReductionReport;
}

/** The points: lists of finite numbers, all of one length and not empty. */
function lists(z: unknown): number[][] {
  if (!Array.isArray(z)) return notNumbers("z", 2);
  const columns = Array.isArray(z[0]) ? z[0].length : 0;
  for (const point of z) {
    if (!Array.isArray(point) || point.length !== columns || columns === 0 || !point.every(Number.isFinite)) {
      return notNumbers("z", 2);
    }
  }
  return z as number[][];
}

function numbers(value: unknown, field: string): number[] {
  if (!Array.isArray(value) || !value.every(Number.isFinite)) return notNumbers(field, 1);
  return value as number[];
}

function bounded(field: string, values: readonly (readonly number[])[], limit: number): void {
  if (values.some((list) => list.some((value) => Math.abs(value) > limit))) {
    refuse("specification-beyond", { field, limit: limit.toExponential() });
  }
}

function notNumbers(field: string, dimensions: number): never {
  return refuse("specification-not-numbers", { field, dimensions });
}

function refuse(code: SpecificationErrorCode, values: ErrorValues = {}): never {
  throw new SpecificationError(code, values);
}

function shown(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 80);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
