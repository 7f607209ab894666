import type { ErrorValues } from "@/specification/errors";
import { type Finding, type FindingCode, finding } from "./findings";
import vocabulary from "./vocabulary.json";

/** A semantic specification as JSON has it; nothing is known of it before `semanticFindings` has found nothing. */
export type SemanticSpecification = Readonly<Record<string, unknown>>;

/** What a semantic specification promises of the model, as far as it is valid. */
export interface Promised {
  readonly dataType: string | null;
  readonly task: string | null;
  /** Columns of the table; classes or targets. */
  readonly inputs: number | null;
  readonly outputs: number | null;
}

interface Rule {
  readonly Type: string;
  readonly Values: readonly string[] | null;
}

const RULES = Object.entries(vocabulary.keys) as [string, Rule][];
const TASKS = vocabulary.tasks_by_data_type as Readonly<Record<string, readonly string[]>>;
const LENGTHS = vocabulary.lengths as Readonly<Record<string, readonly number[]>>;
// Keys that learnwares from before the key existed do not have.
const LATER_KEYS = new Set(["Model"]);
// Of columns, classes or targets; what is beyond is a slip or worse.
const MOST_DIMENSIONS = 1_000_000;
// Tasks that say how many outputs there are.
const LEAST_OUTPUTS: Readonly<Record<string, number>> = { Classification: 2, Regression: 1 };
const MOST_NAMED = 5;
const LONGEST_SHOWN = 80;

/**
 * A semantic specification as a dock keeps it: what is not part of one, or says nothing, is left out.
 *
 * Input and Output may be JSON in a text, as the published web app writes them. Input is kept for tables only,
 * Output for classification and regression. What breaks a rule stays as it is, for `semanticFindings` to find.
 */
export function normalised(semantic: SemanticSpecification): SemanticSpecification {
  const kept: Record<string, unknown> = {};
  for (const [key, rule] of RULES) {
    const entry = semantic[key];
    if (entry === undefined) continue;
    if (!isObject(entry) || !("Values" in entry)) kept[key] = entry;
    else {
      const values = entry["Values"];
      const trimmed = typeof values === "string" ? values.trim() : values;
      kept[key] = { Values: trimmed, Type: entry["Type"] ?? rule.Type };
    }
  }
  const wanted = {
    Input: valueOf(kept, "Data") === "Table",
    Output: (valueOf(kept, "Task") ?? "") in LEAST_OUTPUTS,
  };
  for (const [key, keep] of Object.entries(wanted)) {
    if (keep && semantic[key] !== undefined) kept[key] = described(semantic[key]);
  }
  return kept;
}

function described(entry: unknown): unknown {
  let value = entry;
  if (typeof entry === "string") {
    try {
      value = JSON.parse(entry);
    } catch (error) {
      void error; // no JSON: the rules say what is wrong with it
      return entry;
    }
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => name === "Dimension" || name === "Description"),
  );
}

/** Everything that is wrong with a semantic specification, by the rules of the engine. */
export function semanticFindings(semantic: unknown, largest: number): Finding[] {
  if (!isObject(semantic)) return [wrong("semantic-object", null)];
  const found: Finding[] = [];
  for (const [key, rule] of RULES) {
    if (key in semantic) found.push(...entryFindings(key, semantic[key], rule));
    else if (!LATER_KEYS.has(key)) found.push(wrong("semantic-missing", key));
  }
  const [data, task] = [valueOf(semantic, "Data"), valueOf(semantic, "Task")];
  const allowed = TASKS[data ?? ""];
  const tasks = RULES.find(([key]) => key === "Task")?.[1].Values ?? [];
  if (allowed && task !== null && tasks.includes(task) && !allowed.includes(task)) {
    found.push(wrong("semantic-task", "Task", { task, data: data ?? "" }));
  }
  if (data === "Table") found.push(...dimensionFindings(semantic, "Input", 1));
  const least = LEAST_OUTPUTS[task ?? ""];
  if (least !== undefined) found.push(...dimensionFindings(semantic, "Output", least));
  return found.length ? found : sizeFindings(semantic, largest);
}

/** What a specification promises that may be broken. */
export function promised(semantic: unknown): Promised {
  const known = (key: string): string | null => {
    const value = valueOf(semantic, key);
    const rule = RULES.find(([name]) => name === key)?.[1];
    return value !== null && rule?.Values?.includes(value) ? value : null;
  };
  const [dataType, task] = [known("Data"), known("Task")];
  const least = LEAST_OUTPUTS[task ?? ""];
  return {
    dataType,
    task,
    inputs: dataType === "Table" ? dimensionOf(semantic, "Input", 1) : null,
    outputs: least === undefined ? null : dimensionOf(semantic, "Output", least),
  };
}

function entryFindings(key: string, entry: unknown, rule: Rule): Finding[] {
  if (!isObject(entry) || !("Type" in entry) || !("Values" in entry)) return [wrong("semantic-entry", key)];
  const found: Finding[] = [];
  const { Type: type, Values: values } = entry;
  if (type !== rule.Type) {
    found.push(wrong("semantic-type", key, { value: shown(type), wanted: rule.Type }));
  }
  const { Values: allowed } = rule;
  if (allowed === null) return [...found, ...textFindings(key, values)];
  if (!Array.isArray(values)) return [...found, wrong("semantic-list", key)];
  if (values.length === 0 && rule.Type !== "Optional") return [...found, wrong("semantic-empty", key)];
  if (values.length > 1 && rule.Type !== "Tag") {
    return [...found, wrong("semantic-many", key, { found: values.length })];
  }
  const unknown = values.filter((value) => !allowed.includes(value as string));
  for (const value of unknown.slice(0, MOST_NAMED)) {
    found.push(wrong("semantic-unknown", key, { value: shown(value) }));
  }
  if (unknown.length === 0 && new Set(values).size < values.length) found.push(wrong("semantic-twice", key));
  return found;
}

function textFindings(key: string, text: unknown): Finding[] {
  if (typeof text !== "string") return [wrong("semantic-text", key)];
  const [least = 0, most = Infinity] = LENGTHS[key] ?? [];
  // Characters, not halves of them.
  const length = [...text.trim()].length;
  if (length < least || length > most) return [wrong("semantic-length", key, { found: length, least, most })];
  // A name is one line.
  return isPlain(text, key === "Name" ? "" : "\n\r\t") ? [] : [wrong("semantic-control", key)];
}

function dimensionFindings(semantic: SemanticSpecification, key: string, least: number): Finding[] {
  const entry = semantic[key];
  if (entry === undefined) return [wrong("semantic-missing", key)];
  if (!isObject(entry)) return [wrong("semantic-description", key)];
  const [counted, meanings] = [`${key}.Dimension`, `${key}.Description`];
  const { Dimension: dimension, Description: description } = entry;
  if (dimension === undefined) return [wrong("semantic-missing", counted)];
  if (description === undefined) return [wrong("semantic-missing", meanings)];
  const whole = typeof dimension === "number" && Number.isInteger(dimension);
  if (!whole || dimension < least || dimension > MOST_DIMENSIONS) {
    const found = [wrong("semantic-dimension", counted, { least, most: MOST_DIMENSIONS })];
    return isObject(description) ? found : [...found, wrong("semantic-description", meanings)];
  }
  if (!isObject(description)) return [wrong("semantic-description", meanings)];
  return Object.entries(description).flatMap(([position, text]) => {
    if (!/^[0-9]{1,9}$/.test(position) || Number(position) >= dimension) {
      return [wrong("semantic-position", meanings, { value: shown(position), most: dimension - 1 })];
    }
    const plain = typeof text === "string" && isPlain(text, "\n\r\t");
    return plain ? [] : [wrong("semantic-meaning", meanings, { position: Number(position) })];
  });
}

/** What would make every list and search long that it is in. */
function sizeFindings(semantic: SemanticSpecification, most: number): Finding[] {
  const sizes = Object.entries(semantic).map(
    ([key, entry]) => [key, new TextEncoder().encode(JSON.stringify(entry)).length] as const,
  );
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  const [key = ""] = [...sizes].sort((one, other) => other[1] - one[1])[0] ?? [];
  return bytes > most ? [wrong("semantic-large", key, { bytes, most })] : [];
}

function wrong(code: FindingCode, key: string | null, values: ErrorValues = {}): Finding {
  return key === null
    ? finding("semantic", code, {}, values)
    : finding("semantic", code, { key }, { key, ...values });
}

/** The single value of a key, or null. */
function valueOf(semantic: unknown, key: string): string | null {
  const entry = isObject(semantic) ? semantic[key] : null;
  const values = isObject(entry) ? entry["Values"] : null;
  return Array.isArray(values) && values.length === 1 && typeof values[0] === "string" ? values[0] : null;
}

function dimensionOf(semantic: unknown, key: string, least: number): number | null {
  const entry = isObject(semantic) ? semantic[key] : null;
  const dimension = isObject(entry) ? entry["Dimension"] : null;
  return typeof dimension === "number" && Number.isInteger(dimension) && dimension >= least
    ? dimension
    : null;
}

/** Whether every character can be shown or stored; control characters cannot, but for some. */
function isPlain(text: string, but: string): boolean {
  return [...text].every((char) => but.includes(char) || !/[\p{Cc}\p{Cs}]/u.test(char));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, LONGEST_SHOWN);
}
