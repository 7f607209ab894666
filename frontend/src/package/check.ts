import { specificationFrom } from "@/specification/read";
import { dataTypeOf, type Specification, SPECIFICATION_TYPES } from "@/specification/specification";
import { type Archive, type PackageFile, openArchive } from "./archive";
import { type Finding, FoundError, finding, findingOf } from "./findings";
import { type PackageLimits, USUAL_LIMITS } from "./limits";
import { MANIFEST, type Manifest, parseManifest } from "./manifest";
import { type SemanticSpecification, normalised, promised, semanticFindings } from "./semantic";

export type { PackageFile } from "./archive";
export type { Finding, FindingPart } from "./findings";
export { type PackageLimits, USUAL_LIMITS } from "./limits";
export { type SemanticSpecification, semanticFindings } from "./semantic";

/** A statistical specification of a package. */
export interface PackagedSpecification {
  readonly type: string;
  readonly file: string;
  readonly specification: Specification;
}

/** What a package holds, and what is wrong with it, as far as that can be told without running its code. */
export interface PackageCheck {
  /** Whether there are no errors: the dock would take it, with a semantic specification that is in order. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly files: readonly PackageFile[];
  /** The one folder inside the zip that everything is in, where there is one. */
  readonly topFolder: string | null;
  /** The semantic specification inside, as a dock would keep it; null where there is none that can be read. */
  readonly semantic: SemanticSpecification | null;
  readonly statistical: readonly PackagedSpecification[];
  /** The model's class, and the file or the module that it is in. */
  readonly model: { readonly className: string; readonly modulePath: string } | null;
  /** The file that says which packages the model needs. */
  readonly requirements: string | null;
}

/** How somebody waits for a check. */
export interface CheckOptions {
  /** What the dock takes; what a dock takes that is not told otherwise. */
  readonly limits?: Partial<PackageLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of the files that was looked at. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

const MOST_FINDINGS = 50;
const REQUIREMENTS = ["environment.yaml", "requirements.txt"];
// The name of tables' specifications in packages written for the first published versions.
const OLD_TABLE_TYPE = "RKMEStatSpecification";
const ARCHIVE_NAME = /\.(zip|tar|tar\.\w+|tgz|tbz2?|txz|tzst|7z|rar|whl|egg|iso|cab|cpio|ar|deb|rpm|dmg)$/i;
// Files of models that happen to be zips.
const MODEL_ZIPS = /\.(npz|pt|pth|pts|ptl|ckpt|bin|model|params|torchscript|skops|keras|onnx|jar|xlsx)$/i;
const ARCHIVE_HEADS = [
  ["7z", "7z\xbc\xaf\x27\x1c"],
  ["rar", "Rar!\x1a\x07"],
  ["cab", "MSCF"],
] as const;
// Members whose first bytes are read at once.
const AT_ONCE = 16;

/**
 * Check a learnware's zip in the browser, by the rules of the engine and of a dock. The zip is not read as a whole:
 * only its directory, the first bytes of each file, and the few files that describe the learnware.
 *
 * What keeps a package from being taken is an error. What is wrong with the semantic specification inside is a
 * warning, since it is given in a form; check that with `semanticFindings` and `agreementFindings`.
 */
export async function checkPackage(file: Blob, options: CheckOptions = {}): Promise<PackageCheck> {
  const limits = { ...USUAL_LIMITS, ...options.limits };
  const findings: Finding[] = [];
  let archive: Archive | null = null;
  try {
    archive = await openArchive(file, limits);
  } catch (error) {
    findings.push(findingOf(error, "package", ""));
  }
  if (archive === null) return summary(findings, null, null, null, []);
  findings.push(...archive.findings);
  // Nothing is read of a zip whose directory is not in order.
  if (findings.length) return summary(findings, archive, null, null, []);
  findings.push(...(await headFindings(archive, options)));
  const manifest = await attempt(findings, "package", MANIFEST, () => readManifest(archive, limits));
  const semantic = manifest && (await readSemantic(archive, manifest, limits, findings));
  const statistical = manifest ? await readSpecifications(archive, manifest, limits, findings) : [];
  // A specification that cannot be read is not missing.
  if (semantic && !findings.some(({ part }) => part === "statistical")) {
    findings.push(...agreementFindings(semantic, statistical).map(asWarning));
  }
  options.signal?.throwIfAborted();
  return summary(findings, archive, manifest, semantic, statistical);
}

/** Where statistical specifications are not what a semantic specification promises, which may be the one of a form. */
export function agreementFindings(
  semantic: unknown,
  statistical: readonly Pick<PackagedSpecification, "type" | "file" | "specification">[],
): Finding[] {
  const { dataType, inputs } = promised(semantic);
  const found: Finding[] = [];
  const wanted = typesFor(dataType);
  if (dataType !== null && wanted.length > 0 && !statistical.some(({ type }) => wanted.includes(type))) {
    const values = { data: dataType, wanted: wanted.join(" / ") };
    found.push(finding("statistical", "statistical-missing", { path: MANIFEST }, values));
  }
  for (const { file, specification } of statistical) {
    if (specification.type !== "RKMETableSpecification" || inputs === null) continue;
    const width = specification.z[0]?.length ?? 0;
    if (width !== inputs) {
      const where = { path: file, key: "Input.Dimension" };
      found.push(finding("statistical", "statistical-columns", where, { found: width, wanted: inputs }));
    }
  }
  return found;
}

/** The types of specifications that describe a kind of data. */
function typesFor(dataType: string | null): readonly string[] {
  return Object.entries(SPECIFICATION_TYPES).find(([kind]) => kind === dataType)?.[1] ?? [];
}

function summary(
  findings: readonly Finding[],
  archive: Archive | null,
  manifest: Manifest | null,
  semantic: SemanticSpecification | null,
  statistical: readonly PackagedSpecification[],
): PackageCheck {
  const files = archive?.files ?? [];
  const requirements = REQUIREMENTS.find((name) => files.some(({ path }) => path === name)) ?? null;
  const all = [...findings];
  if (manifest && requirements === null) {
    const where = { path: "requirements.txt", level: "warning" as const };
    all.push(finding("environment", "requirements-none", where));
  }
  const errors = all.filter(({ level }) => level === "error");
  return {
    ok: errors.length === 0,
    // Errors first: many of one kind must not hide the others that are left out.
    findings: [...errors, ...all.filter(({ level }) => level !== "error")].slice(0, MOST_FINDINGS),
    files,
    topFolder: archive?.topFolder ?? null,
    semantic,
    statistical,
    model: manifest && { className: manifest.className, modulePath: manifest.modulePath },
    requirements,
  };
}

function asWarning(one: Finding): Finding {
  return { ...one, level: "warning" };
}

/** Archives inside the package, by their names and first bytes. */
async function headFindings(archive: Archive, { signal, onProgress }: CheckOptions): Promise<Finding[]> {
  const found: Finding[] = [];
  for (let begin = 0; begin < archive.files.length; begin += AT_ONCE) {
    signal?.throwIfAborted();
    const some = archive.files.slice(begin, begin + AT_ONCE);
    const looks = await Promise.all(some.map(({ path }) => lookInto(archive, path)));
    found.push(...looks.filter((one) => one !== null));
    onProgress?.(Math.min(1, (begin + AT_ONCE) / archive.files.length));
  }
  return found;
}

async function lookInto(archive: Archive, path: string): Promise<Finding | null> {
  const inside = (kind: string): Finding => finding("package", "member-archive", { path }, { kind });
  const named = ARCHIVE_NAME.exec(path);
  if (named) return inside(named[1]?.toLowerCase() ?? "");
  try {
    const head = String.fromCharCode(...(await archive.head(path)));
    if (head.startsWith("ustar", 257)) return inside("tar");
    if (head.startsWith("PK\x03\x04") && !MODEL_ZIPS.test(path)) return inside("zip");
    const [kind] = ARCHIVE_HEADS.find(([, mark]) => head.startsWith(mark)) ?? [];
    return kind === undefined ? null : inside(kind);
  } catch (error) {
    return findingOf(error, "package", path);
  }
}

async function readManifest(archive: Archive, limits: PackageLimits): Promise<Manifest> {
  const paths = new Set(archive.files.map(({ path }) => path));
  if (!paths.has(MANIFEST)) throw new FoundError(finding("package", "manifest-missing", { path: MANIFEST }));
  return parseManifest(await archive.read(MANIFEST, limits.manifestBytes), paths);
}

async function readSemantic(
  archive: Archive,
  { semanticFile }: Manifest,
  limits: PackageLimits,
  findings: Finding[],
): Promise<SemanticSpecification | null> {
  if (semanticFile === null) {
    findings.push(finding("semantic", "semantic-none", { level: "warning" }));
    return null;
  }
  // The dock reads the file whatever a form says, so one that cannot be read is an error.
  const semantic = await attempt(findings, "semantic", semanticFile, async () =>
    normalised(await readJson(archive, semanticFile, limits)),
  );
  if (semantic === null) return null;
  const found = semanticFindings(semantic, limits.semanticBytes);
  findings.push(...found.map((one) => ({ ...asWarning(one), path: semanticFile })));
  return semantic;
}

async function readSpecifications(
  archive: Archive,
  { specifications }: Manifest,
  limits: PackageLimits,
  findings: Finding[],
): Promise<PackagedSpecification[]> {
  const read: PackagedSpecification[] = [];
  for (const { type, file } of specifications) {
    if (type !== OLD_TABLE_TYPE && dataTypeOf(type) === null) {
      findings.push(finding("statistical", "statistical-type", { path: file }, { type: type.slice(0, 80) }));
      continue;
    }
    const specification = await attempt(findings, "statistical", file, async () =>
      specificationFrom(await readJson(archive, file, limits), type),
    );
    if (specification) read.push({ type: specification.type, file, specification });
  }
  for (const { file, specification } of read) {
    const [points, columns] = [specification.z.length, specification.z[0]?.length ?? 0];
    const where = { path: file };
    if (points > limits.points) {
      const values = { found: points, most: limits.points };
      findings.push(finding("statistical", "statistical-many-points", where, values));
    }
    if (columns > limits.columns) {
      const values = { found: columns, most: limits.columns };
      findings.push(finding("statistical", "statistical-many-columns", where, values));
    }
  }
  return read;
}

/** The JSON object in a file. */
async function readJson(
  archive: Archive,
  path: string,
  limits: PackageLimits,
): Promise<Record<string, unknown>> {
  const bytes = await archive.read(path, limits.textBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw Object.assign(new FoundError(finding("package", "file-json", { path })), { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FoundError(finding("package", "file-object", { path }));
  }
  return value as Record<string, unknown>;
}

/** What a step gives, or null with what is wrong among the findings. */
async function attempt<T>(
  findings: Finding[],
  part: Finding["part"],
  path: string,
  step: () => Promise<T>,
): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    findings.push(findingOf(error, part, path));
    return null;
  }
}
