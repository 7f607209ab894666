/** The report of a verification, read from what comes over the wire. */

/** How a part or a finding stands, from good to bad. */
export const STANDINGS = ["ok", "warning", "not checked", "wrong"] as const;
export type Standing = (typeof STANDINGS)[number];

/** Return the last part of the key of a standing's words. */
export function wordOf(standing: string): string {
  return standing === "not checked" ? "notChecked" : standing;
}

/** The parts of a verification in their order. */
export const PARTS = ["package", "semantic", "statistical", "pickles", "environment", "trial"] as const;
export type Part = (typeof PARTS)[number];

/** One thing that a part of the verification says. */
export interface Finding {
  part: string;
  status: Standing;
  /** What is wrong or right, and how to mend it, in the language that was asked for. */
  message: string;
  mend: string;
  /** Where: a file of the package, a key of the semantic specification, a column or class, packages. */
  file: string | null;
  key: string | null;
  column: string | null;
  requirements: readonly string[];
  /** Whether another try may find it in order. */
  transient: boolean;
}

/** Where the model was tried. */
export interface TriedIn {
  kind: string;
  name: string;
  python: string;
  requirements: readonly string[];
  notes: readonly string[];
}

export interface Report {
  valid: boolean;
  status: Standing;
  findings: readonly Finding[];
  parts: readonly { part: string; status: Standing; seconds: number }[];
  environment: TriedIn | null;
  sandbox: string | null;
  seconds: number;
  output: string;
  traceback: string | null;
}

type Raw = Readonly<Record<string, unknown>>;

/** Return a report as it is shown; null where there is none. What a dock of another version leaves out is empty. */
export function readReport(raw: Raw | null | undefined): Report | null {
  if (!raw) return null;
  const environment = isRecord(raw["environment"]) ? raw["environment"] : null;
  return {
    valid: raw["valid"] === true,
    status: standing(raw["status"]),
    findings: records(raw["findings"]).map((one) => ({
      part: text(one["part"]),
      status: standing(one["status"]),
      message: text(one["message"]),
      mend: text(one["mend"]),
      file: textOrNull(one["file"]),
      key: textOrNull(one["key"]),
      column: textOrNull(one["column"]),
      requirements: texts(one["requirements"]),
      transient: one["transient"] === true,
    })),
    parts: records(raw["parts"]).map((one) => ({
      part: text(one["part"]),
      status: standing(one["status"]),
      seconds: number(one["seconds"]),
    })),
    environment: environment && {
      kind: text(environment["kind"]),
      name: text(environment["name"]),
      python: text(environment["python_version"]),
      requirements: texts(environment["requirements"]),
      notes: texts(environment["notes"]),
    },
    sandbox: textOrNull(raw["sandbox"]),
    seconds: number(raw["seconds"]),
    output: text(raw["output"]),
    traceback: textOrNull(raw["traceback"]),
  };
}

/** Return the findings by part. What wants something done comes first, parts and findings alike. */
export function byPart(report: Report): { part: string; seconds: number | null; findings: Finding[] }[] {
  const names = [...new Set([...PARTS, ...report.findings.map((one) => one.part)])];
  const groups = names.flatMap((part) => {
    const findings = report.findings
      .filter((one) => one.part === part)
      .sort((a, b) => gravity(b) - gravity(a));
    const took = report.parts.find((one) => one.part === part);
    return findings.length === 0 ? [] : [{ part, seconds: took?.seconds ?? null, findings }];
  });
  return groups.sort((a, b) => worst(b.findings) - worst(a.findings));
}

function gravity(finding: Finding): number {
  return STANDINGS.indexOf(finding.status);
}

function worst(findings: readonly Finding[]): number {
  return Math.max(...findings.map(gravity));
}

/** What whoever submitted it does next. */
export type NextStep = "nothing" | "mend" | "again";

/** Return what to do after a verification: nothing, mend the learnware, or just have it verified again. */
export function nextStep(status: string, report: Report | null): NextStep {
  if (status !== "FAIL") return "nothing";
  if (report?.findings.some((one) => one.status === "wrong")) return "mend";
  return "again";
}

function isRecord(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function records(value: unknown): Raw[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function textOrNull(value: unknown): string | null {
  return text(value) || null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text).filter(Boolean) : [];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function standing(value: unknown): Standing {
  return STANDINGS.find((one) => one === value) ?? "not checked";
}
