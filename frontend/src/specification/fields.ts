/** The fields of specifications as parsed JSON has them, each by the rules of the engine. */
import { type ErrorValues, SpecificationError, type SpecificationErrorCode } from "./errors";
import { LARGEST_VALUE, LARGEST_WEIGHT, MOST_POINTS } from "./limits";
import type { ImageValues, ReductionReport } from "./specification";

/** What the published package made the vectors of texts with; its files do not say so. */
const PUBLISHED_ENCODER = "paraphrase-multilingual-MiniLM-L12-v2";
const LONGEST_NAME = 200;
// Codes of languages: ISO 639, and zh-cn and zh-tw.
const LANGUAGE = /^[a-z]{2,3}(-[a-z]{2,4})?$/;
const MOST_LANGUAGES = 200;
const MOST_CHANNELS = 64;
const MOST_IMAGES = 1_000;
const IMAGE_WIDTH = 32;

/** Weights, and points of some form: as many of the one as of the other. */
export function weightedPoints<Point>(
  { z, beta }: Record<string, unknown>,
  pointsFrom: (z: unknown) => readonly Point[],
): { z: readonly Point[]; beta: readonly number[] } {
  for (const [field, value] of Object.entries({ z, beta })) {
    if (value === undefined) refuse("specification-missing", { field });
  }
  const points = pointsFrom(z);
  const weights = numbers(beta, "beta");
  if (points.length === 0 || points.length !== weights.length) {
    refuse("specification-shape", { points: points.length, weights: weights.length });
  }
  if (points.length > MOST_POINTS) {
    refuse("specification-too-many-points", { found: points.length, most: MOST_POINTS });
  }
  if (weights.every((weight) => weight === 0)) refuse("specification-no-weight");
  bounded("beta", weights, LARGEST_WEIGHT);
  return { z: points, beta: weights };
}

/** Points that are lists of finite numbers, all of one length and not empty. */
export function vectors(z: unknown): readonly (readonly number[])[] {
  if (!Array.isArray(z)) return notNumbers("z", 2);
  const columns = Array.isArray(z[0]) ? z[0].length : 0;
  for (const point of z) {
    if (!isVector(point, columns)) return notNumbers("z", 2);
    bounded("z", point, LARGEST_VALUE);
  }
  return z as number[][];
}

/** Points that are images, all of one shape. */
export function images(z: unknown): readonly ImageValues[] {
  if (!Array.isArray(z)) return notNumbers("z", 4);
  const shape = shapeOf(z[0]);
  const [channels, height, width] = shape;
  if (width === 0) return notNumbers("z", 4);
  if (channels > MOST_CHANNELS || height !== IMAGE_WIDTH || width !== IMAGE_WIDTH) {
    refuse("specification-image-shape", { shape: shape.join(" × "), wanted: IMAGE_WIDTH });
  }
  if (z.length > MOST_IMAGES) {
    refuse("specification-too-many-points", { found: z.length, most: MOST_IMAGES });
  }
  for (const image of z) {
    const lines: unknown[] = [];
    if (!isList(image, channels)) return notNumbers("z", 4);
    for (const channel of image) {
      if (!isList(channel, height)) return notNumbers("z", 4);
      lines.push(...channel);
    }
    for (const line of lines) {
      if (!isVector(line, width)) return notNumbers("z", 4);
      bounded("z", line, LARGEST_VALUE);
    }
  }
  return z as ImageValues[];
}

function shapeOf(image: unknown): [channels: number, height: number, width: number] {
  const size = (value: unknown) => (Array.isArray(value) ? value.length : 0);
  const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
  return [size(image), size(first(image)), size(first(first(image)))];
}

/** The gamma of the kernel. */
export function gammaFrom({ gamma }: Record<string, unknown>): number {
  if (gamma === undefined) refuse("specification-missing", { field: "gamma" });
  if (typeof gamma !== "number" || !Number.isFinite(gamma)) return notNumbers("gamma", 0);
  if (gamma <= 0) refuse("specification-gamma");
  return gamma;
}

/** How many samples the points stand for, and the report on them. */
export function samplesFrom({ num_points: count = 0, report }: Record<string, unknown>): {
  num_points: number;
  report?: ReductionReport;
} {
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > 2 ** 53) {
    return refuse("specification-num-points");
  }
  const read = reportFrom(report);
  return { num_points: count, ...(read && { report: read }) };
}

/** The codes of the languages of texts; none where nothing is said. */
export function languagesFrom({ language = [] }: Record<string, unknown>): readonly string[] {
  const listed: unknown = typeof language === "string" ? [language] : language;
  const good = (code: unknown): code is string => typeof code === "string" && LANGUAGE.test(code);
  if (!Array.isArray(listed) || listed.length > MOST_LANGUAGES || !listed.every(good)) {
    return refuse("specification-language");
  }
  return [...new Set(listed)];
}

/** The encoder of texts. */
export function encoderFrom({ encoder = PUBLISHED_ENCODER }: Record<string, unknown>): string {
  return isName(encoder) ? encoder : refuse("specification-encoder");
}

/** Channels of the images behind features. */
export function channelsFrom({ channels }: Record<string, unknown>): number {
  if (channels === undefined) refuse("specification-missing", { field: "channels" });
  const whole = typeof channels === "number" && Number.isInteger(channels);
  if (!whole || channels < 1 || channels > MOST_CHANNELS) {
    return refuse("specification-channels", { most: MOST_CHANNELS });
  }
  return channels;
}

/** The map that made features of images. */
export function featureMapFrom({ feature_map: name }: Record<string, unknown>): string {
  if (name === undefined) refuse("specification-missing", { field: "feature_map" });
  return isName(name) ? name : refuse("specification-feature-map");
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
export function reportFrom(value: unknown): ReductionReport | null {
  if (!isObject(value)) return null;
  const { kernel_scale: scale, nearest_row: nearest } = value;
  if (!REPORT_NUMBERS.every((name) => Number.isFinite(value[name]))) return null;
  if (!(nearest === null || Number.isFinite(nearest))) return null;
  if (!(scale === null || (Array.isArray(scale) && scale.every(Number.isFinite)))) return null;
  const kept = Object.fromEntries(REPORT_NUMBERS.map((name) => [name, value[name]]));
  return { ...kept, kernel_scale: scale, nearest_row: nearest } as unknown as ReductionReport;
}

function numbers(value: unknown, field: string): number[] {
  if (!Array.isArray(value) || !value.every(Number.isFinite)) return notNumbers(field, 1);
  return value as number[];
}

function isList(value: unknown, length: number): value is unknown[] {
  return Array.isArray(value) && value.length === length && length > 0;
}

function isVector(value: unknown, length: number): value is number[] {
  return isList(value, length) && value.every(Number.isFinite);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_NAME;
}

function bounded(field: string, values: readonly number[], limit: number): void {
  if (values.some((value) => Math.abs(value) > limit)) {
    refuse("specification-beyond", { field, limit: limit.toExponential() });
  }
}

function notNumbers(field: string, dimensions: number): never {
  return refuse("specification-not-numbers", { field, dimensions });
}

/** Say what is wrong. */
export function refuse(code: SpecificationErrorCode, values: ErrorValues = {}): never {
  throw new SpecificationError(code, values);
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
