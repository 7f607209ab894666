import { type Document, isNode, isScalar, parseDocument, visit } from "yaml";
import type { ErrorValues } from "@/specification/errors";
import { type FindingCode, refuse } from "./findings";

export const MANIFEST = "learnware.yaml";
const SEMANTIC = "semantic_specification.json";

/** What `learnware.yaml` says, as far as it matters before the model runs. */
export interface Manifest {
  readonly className: string;
  /** A `.py` file of the package, or the name of an installed module. */
  readonly modulePath: string;
  readonly specifications: readonly SpecificationEntry[];
  /** File of the semantic specification, where the package has one. */
  readonly semanticFile: string | null;
}

/** A statistical specification that the manifest names. */
export interface SpecificationEntry {
  readonly type: string;
  readonly file: string;
}

const USUAL: SpecificationEntry = { type: "RKMETableSpecification", file: "stat_spec.json" };
// Those of types that the published package does not know: it loads no package that names one elsewhere.
const EXTRA = "extra_stat_specifications";
// Values in a document once every alias is written out: a few lines of aliases can stand for billions.
const MOST_VALUES = 20_000;
// A long text counts as a value for each so many letters.
const VALUE_CHARS = 32;
const MOST_DIGITS = 1000;
const LONGEST_SHOWN = 80;
// What YAML 1.1 does not count as printable.
const CONTROL = /[^\t\n\r\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const CLASS_NAME = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;

/**
 * What the manifest says, with the defaults of both published versions.
 *
 * @param files - The paths of the package's files: what the manifest names must be among them.
 * @throws FoundError that says what is wrong.
 */
export function parseManifest(bytes: Uint8Array, files: ReadonlySet<string>): Manifest {
  const document = plainValues(bytes);
  if (document !== null && !(document instanceof Map)) wrong("manifest-mapping");
  const top = (document ?? new Map()) as Mapping;
  const semantic = mapping(top, "semantic_specification", "");
  const named = text(semantic, "file_name", "semantic_specification.");
  if (named !== null && !files.has(named)) refuse("package", "file-missing", { path: named });
  const id = top.get("id") ?? null;
  if (id !== null && !["string", "number", "bigint", "boolean"].includes(typeof id))
    wrong("manifest-text", { key: "id" });
  text(top, "name", "");
  return {
    ...modelOf(mapping(top, "model", ""), files),
    specifications: specificationsOf(top, files),
    semanticFile: named ?? (files.has(SEMANTIC) ? SEMANTIC : null),
  };
}

type Mapping = ReadonlyMap<unknown, unknown>;

function modelOf(model: Mapping, files: ReadonlySet<string>): Pick<Manifest, "className" | "modulePath"> {
  const kwargs = mapping(model, "kwargs", "model.");
  if ([...kwargs.keys()].some((key) => typeof key !== "string")) wrong("manifest-names");
  const className = text(model, "class_name", "model.") ?? "Model";
  const modulePath = text(model, "module_path", "model.") ?? "__init__.py";
  text(model, "weights_file_path", "model.");
  list(model, "required_learnware_ids", "model.");
  if (!CLASS_NAME.test(className)) wrong("manifest-class", { value: shown(className) });
  if (modulePath.endsWith(".py")) {
    const path = withoutDot(modulePath);
    if (!files.has(path)) refuse("package", "file-missing", { path: modulePath });
  } else if (!modulePath.split(".").every((part) => CLASS_NAME.test(part))) {
    wrong("manifest-module", { value: shown(modulePath) });
  }
  return { className, modulePath };
}

function specificationsOf(top: Mapping, files: ReadonlySet<string>): SpecificationEntry[] {
  const more = listedSpecifications(top, EXTRA, files) ?? [];
  // The first published versions assume this one file, later ones assume none.
  const usual = files.has(USUAL.file) ? [USUAL] : [];
  return [...(listedSpecifications(top, "stat_specifications", files) ?? usual), ...more];
}

function listedSpecifications(
  top: Mapping,
  key: string,
  files: ReadonlySet<string>,
): SpecificationEntry[] | null {
  const items = list(top, key, "");
  if (items === null) return null;
  return items.map((item) => {
    const where = `${key}.`;
    if (!(item instanceof Map)) return wrong("manifest-section", { key });
    const file = withoutDot(text(item, "file_name", where) ?? USUAL.file);
    const type = text(item, "class_name", where) ?? USUAL.type;
    text(item, "module_path", where);
    mapping(item, "kwargs", where);
    if (!files.has(file)) refuse("package", "file-missing", { path: file });
    return { type, file };
  });
}

/** The plain values of the document, mappings as `Map`; nothing in it can construct an object. */
function plainValues(bytes: Uint8Array): unknown {
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    void error; // that it is not in UTF-8 is the answer
    return wrong("manifest-encoding");
  }
  const control = source.search(CONTROL);
  if (control >= 0) wrong("manifest-control", { line: source.slice(0, control).split("\n").length });
  let document: Document;
  let value: unknown;
  try {
    // The version that the engine's reader knows.
    document = parseDocument(source, { version: "1.1", uniqueKeys: true, logLevel: "error", customTags });
    checkDocument(document);
    value = document.toJS({ mapAsMap: true, maxAliasCount: -1 });
  } catch (error) {
    if (error instanceof RangeError || error instanceof ReferenceError) {
      // Nested too deeply, or an alias of nobody.
      return wrong("manifest-yaml", { line: 1, detail: error.message });
    }
    throw error;
  }
  if (count(value, new Map()) > MOST_VALUES) wrong("manifest-values", { most: MOST_VALUES });
  return value;
}

/** Tuples as the published package writes them are lists; other tags of Python ask for objects. */
const customTags = [
  {
    tag: "tag:yaml.org,2002:python/tuple",
    collection: "seq" as const,
    resolve: (value: unknown) => value,
  },
];

function checkDocument(document: Document): void {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1;
    wrong("manifest-yaml", { line, detail: problem.message.split(/ at line |\n/)[0] ?? "" });
  }
  visit(document, {
    Pair(_, { key }) {
      if (isNode(key) && !isScalar(key)) wrong("manifest-key");
    },
    Scalar(_, { value, source }) {
      const number = typeof value === "number" || typeof value === "bigint";
      if (number && (source?.length ?? 0) > MOST_DIGITS) {
        wrong("manifest-digits", { most: MOST_DIGITS });
      }
    },
  });
}

/** How many values a value stands for with its aliases written out; one inside itself is an error. */
function count(value: unknown, seen: Map<object, number | null>): number {
  if (typeof value !== "object" || value === null) {
    return 1 + (typeof value === "string" ? Math.floor(value.length / VALUE_CHARS) : 0);
  }
  const known = seen.get(value);
  if (known === null) return wrong("manifest-self");
  if (known !== undefined) return known;
  seen.set(value, null);
  const parts = value instanceof Map ? [...value].flat() : Array.isArray(value) ? value : [];
  const total = 1 + parts.reduce<number>((sum, part) => sum + count(part, seen), 0);
  seen.set(value, total);
  return total;
}

function mapping(from: Mapping, key: string, where: string): Mapping {
  const value = from.get(key) ?? new Map();
  return value instanceof Map ? value : wrong("manifest-section", { key: where + key });
}

function text(from: Mapping, key: string, where: string): string | null {
  const value = from.get(key) ?? null;
  return value === null || typeof value === "string" ? value : wrong("manifest-text", { key: where + key });
}

function list(from: Mapping, key: string, where: string): unknown[] | null {
  const value = from.get(key) ?? null;
  return value === null || Array.isArray(value) ? value : wrong("manifest-list", { key: where + key });
}

function wrong(code: FindingCode, values: ErrorValues = {}): never {
  return refuse("package", code, { path: MANIFEST }, values);
}

function withoutDot(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

function shown(value: string): string {
  return value.slice(0, LONGEST_SHOWN);
}
