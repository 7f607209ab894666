import { type ErrorValues, SpecificationError } from "@/specification/errors";
import type messages from "./messages/en.json";

/** What can be found in a package; the words are in `messages/`. */
export type FindingCode = keyof (typeof messages)["package"]["findings"];
/** The parts of a package that are judged, those of a verification. */
export type FindingPart = "package" | "semantic" | "statistical" | "environment";

/** One thing that was found in a package. */
export interface Finding {
  /** `error`: the dock would refuse the package; `warning`: it takes it, or a form can mend it. */
  readonly level: "error" | "warning";
  readonly part: FindingPart;
  /** The key of the words, which take `values`; in the messages of the part `package` or `specification`. */
  readonly words: `package.findings.${FindingCode}` | `specification.errors.${string}`;
  readonly values: ErrorValues;
  /** The file of the package, where one is to blame. */
  readonly path?: string;
  /** The key of the semantic specification, `Input.Dimension`. */
  readonly key?: string;
}

/** Make a finding. */
export function finding(
  part: FindingPart,
  code: FindingCode,
  where: { path?: string; key?: string; level?: Finding["level"] } = {},
  values: ErrorValues = {},
): Finding {
  const { path, key, level = "error" } = where;
  return {
    level,
    part,
    words: `package.findings.${code}`,
    values,
    ...(path !== undefined && { path }),
    ...(key !== undefined && { key }),
  };
}

/** What a package is refused for, as an error on the way; others are faults of the program. */
export class FoundError extends Error {
  override readonly name = "FoundError";

  constructor(readonly finding: Finding) {
    super(`${finding.words} ${finding.path ?? ""} ${JSON.stringify(finding.values)}`);
  }
}

/** Refuse a package. */
export function refuse(...values: Parameters<typeof finding>): never {
  throw new FoundError(finding(...values));
}

/** What an error says of a file; errors that say nothing of it are thrown on. */
export function findingOf(error: unknown, part: FindingPart, path: string): Finding {
  if (error instanceof FoundError) return { ...error.finding, part };
  if (!(error instanceof SpecificationError)) throw error;
  return { level: "error", part, words: `specification.errors.${error.code}`, values: error.values, path };
}
