/** Specifications from files and from parsed JSON. */
import { SpecificationError } from "./errors";
import {
  channelsFrom,
  encoderFrom,
  featureMapFrom,
  gammaFrom,
  images,
  isObject,
  languagesFrom,
  refuse,
  samplesFrom,
  vectors,
  weightedPoints,
} from "./fields";
import { dataTypeOf, type Specification, type TableSpecification } from "./specification";

/** Bytes of a specification file, at most: a dock takes no larger one in a package. */
export const LARGEST_FILE = 16 << 20;

// The name of tables' specifications in packages written for the first published versions.
const OLD_TABLE_TYPE = "RKMEStatSpecification";

/** A file that holds a specification. */
export interface SpecificationFile {
  readonly specification: Specification;
  /** All that it holds, also what is not read here. */
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * The specification in a file.
 *
 * @throws SpecificationError that says what is wrong with the file.
 */
export async function readSpecificationFile(file: Blob, largest = LARGEST_FILE): Promise<SpecificationFile> {
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
 * is written here.
 *
 * @throws SpecificationError that says what is wrong.
 */
export function parseSpecification(bytes: Uint8Array): SpecificationFile {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw Object.assign(new SpecificationError("specification-not-json"), { cause: error });
  }
  const specification = specificationFrom(document);
  return { specification, document: document as Record<string, unknown> };
}

/**
 * The specification that parsed JSON describes, of whatever kind of data.
 *
 * @param wanted - its type, as somebody promises it; then it need not say so itself, and may not say otherwise.
 * @throws SpecificationError that says what is wrong.
 */
export function specificationFrom(document: unknown, wanted?: string): Specification {
  const { type, states } = typed(document, wanted);
  switch (type) {
    case "RKMETableSpecification":
      return { type, ...weightedPoints(states, vectors), gamma: gammaFrom(states), ...samplesFrom(states) };
    case "RKMETextSpecification":
      return {
        type,
        ...weightedPoints(states, vectors),
        gamma: gammaFrom(states),
        language: languagesFrom(states),
        encoder: encoderFrom(states),
        ...samplesFrom(states),
      };
    case "RKMEImageFeatureSpecification":
      return {
        type,
        ...weightedPoints(states, vectors),
        gamma: gammaFrom(states),
        channels: channelsFrom(states),
        feature_map: featureMapFrom(states),
        ...samplesFrom(states),
      };
    case "RKMEImageSpecification":
      return { type, ...weightedPoints(states, images), ...samplesFrom(states) };
  }
}

/**
 * The specification of a table that parsed JSON describes.
 *
 * @throws SpecificationError that says what is wrong; one of other data is wrong here.
 */
export function tableFrom(document: unknown): TableSpecification {
  const found = specificationFrom(document);
  if (found.type === "RKMETableSpecification") return found;
  return refuse("specification-other-type", { type: found.type, wanted: "RKMETableSpecification" });
}

/** An object and its type; where nobody says any it is a table's, as in old files. */
function typed(
  document: unknown,
  wanted: string = OLD_TABLE_TYPE,
): { type: Specification["type"]; states: Record<string, unknown> } {
  if (!isObject(document)) return refuse("specification-not-object");
  const { type: said = wanted } = document;
  const type = newName(said);
  if (typeof type !== "string" || dataTypeOf(type) === null) {
    return refuse("specification-type", { type: shown(said) });
  }
  if (wanted !== OLD_TABLE_TYPE && type !== wanted) {
    return refuse("specification-other-type", { type, wanted: shown(wanted) });
  }
  return { type: type as Specification["type"], states: document };
}

/** The name of a type today. */
function newName(type: unknown): unknown {
  return type === OLD_TABLE_TYPE ? "RKMETableSpecification" : type;
}

function shown(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 80);
}
