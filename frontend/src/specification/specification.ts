/** How well a reduced set fits its rows, and what it gives away of them; the engine's `ReductionReport`. */
export interface ReductionReport {
  /** Squared MMD to the rows under the kernel used; estimated from `mmd2_rows` rows where there are more. */
  readonly mmd2: number;
  /** Rows behind the rows' own product in `mmd2`. */
  readonly mmd2_rows: number;
  /** Mean kernel between two different rows; near 0 or 1 the kernel cannot tell distributions apart. */
  readonly mean_kernel: number;
  /** Inverse squared length scale of the kernel used, in units of `kernel_scale`. */
  readonly kernel_gamma: number;
  /** Unit of each column; null where the kernel is that of the file on raw columns. */
  readonly kernel_scale: readonly number[] | null;
  /** Mean number of rows to a point. */
  readonly rows_per_point: number;
  /** Smallest effective number of rows that a point stands for. */
  readonly fewest_rows: number;
  /** Smallest distance from a point to a row, in units of the row's distance to its own nearest neighbour. */
  readonly nearest_row: number | null;
  /** Rows that `fewest_rows` and `nearest_row` were measured on. */
  readonly privacy_rows: number;
  /** Rows to a point on average, at least; 0 if the floor was off. */
  readonly privacy_floor: number;
  /** Points that lay on a row or stood for one row alone and were left out. */
  readonly dropped_points: number;
  /** Values that were missing, infinite, and too far out for the kernel. */
  readonly missing: number;
  readonly infinite: number;
  readonly limited: number;
}

/** What all reduced sets have, whatever they stand for. */
interface ReducedSet {
  /** Weights of the points. */
  readonly beta: readonly number[];
  /** Samples that the points stand for; 0 where that is not known. */
  readonly num_points: number;
  readonly report?: ReductionReport;
}

/** The statistical specification of a table as JSON: what a file holds, and what a search takes. */
export interface TableSpecification extends ReducedSet {
  readonly type: "RKMETableSpecification";
  /** The points, in the table's own units. */
  readonly z: readonly (readonly number[])[];
  /** Inverse squared length scale of the kernel exp(-gamma ||x - y||²). */
  readonly gamma: number;
}

/** The statistical specification of texts: points among their embeddings. */
export interface TextSpecification extends ReducedSet {
  readonly type: "RKMETextSpecification";
  readonly z: readonly (readonly number[])[];
  readonly gamma: number;
  /** Codes of the languages that the texts are written in. */
  readonly language: readonly string[];
  /** What made vectors of the texts; those of different ones are never compared. */
  readonly encoder: string;
}

/** The statistical specification of images by a fixed map to features. */
export interface ImageFeatureSpecification extends ReducedSet {
  readonly type: "RKMEImageFeatureSpecification";
  readonly z: readonly (readonly number[])[];
  readonly gamma: number;
  /** Channels of the images; those of others are never compared. */
  readonly channels: number;
  /** The map that made features of images; those of different ones are never compared. */
  readonly feature_map: string;
}

/** An image: channels of rows of values. */
export type ImageValues = readonly (readonly (readonly number[])[])[];

/** The statistical specification of images whose points are images. */
export interface ImageSpecification extends ReducedSet {
  readonly type: "RKMEImageSpecification";
  /** Standardised and whitened images, all of one shape. */
  readonly z: readonly ImageValues[];
}

/** A statistical specification as JSON: what a file holds, and what a search takes. */
export type Specification =
  TableSpecification | TextSpecification | ImageFeatureSpecification | ImageSpecification;

/** Kinds of data, as semantic specifications name them. */
export type DataType = "Table" | "Image" | "Text";

/** Types of specifications by the kind of data that they are of, the usual one first; the engine's `spec_types`. */
export const SPECIFICATION_TYPES = {
  Table: ["RKMETableSpecification"],
  Image: ["RKMEImageFeatureSpecification", "RKMEImageSpecification"],
  Text: ["RKMETextSpecification"],
} as const satisfies Record<DataType, readonly Specification["type"][]>;

/** Return the kind of data that specifications of a type are of; null for a type that is not known. */
export function dataTypeOf(type: string): DataType | null {
  const found = Object.entries(SPECIFICATION_TYPES).find(([, types]) =>
    (types as readonly string[]).includes(type),
  );
  return (found?.[0] as DataType | undefined) ?? null;
}
