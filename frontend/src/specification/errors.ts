import type messages from "./messages/en.json";

/** What can be wrong with a table or a specification; the words are in `messages/`. */
export type SpecificationErrorCode = keyof (typeof messages)["specification"]["errors"];

/** What the words of an error speak of: names, numbers, lines. */
export type ErrorValues = Readonly<Record<string, string | number>>;

/** A table that cannot be described, or a specification that is broken. */
export class SpecificationError extends Error {
  override readonly name = "SpecificationError";

  constructor(
    readonly code: SpecificationErrorCode,
    readonly values: ErrorValues = {},
  ) {
    super(`${code} ${JSON.stringify(values)}`);
  }

  /** The key of its words, which take `values`; they are in the messages of the part `specification`. */
  get words(): string {
    return `specification.errors.${this.code}`;
  }
}
