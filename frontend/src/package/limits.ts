/** What a dock takes, by default; a dock may be set to other values, and the last word is the server's. */
export interface PackageLimits {
  /** Bytes of the zip. */
  readonly zip: number;
  /** Files and folders. */
  readonly members: number;
  /** Bytes of one file and of all files, unpacked. */
  readonly memberBytes: number;
  readonly totalBytes: number;
  /** Bytes of a specification, and of `learnware.yaml`. */
  readonly textBytes: number;
  readonly manifestBytes: number;
  /** Unpacked bytes to a packed byte, of every file of more than `ratioFrom` bytes and of all together. */
  readonly ratio: number;
  readonly ratioFrom: number;
  /** Bytes of the semantic specification as JSON. */
  readonly semanticBytes: number;
  /** Points and columns of a table's specification. */
  readonly points: number;
  readonly columns: number;
}

/** The limits of a dock that is not told otherwise. */
export const USUAL_LIMITS: PackageLimits = {
  zip: 2 * 2 ** 30,
  members: 10_000,
  memberBytes: 8 * 2 ** 30,
  totalBytes: 8 * 2 ** 30,
  textBytes: 16 << 20,
  manifestBytes: 256 << 10,
  ratio: 200,
  ratioFrom: 1 << 20,
  semanticBytes: 128 << 10,
  points: 1000,
  columns: 2000,
};
