/** A semantic specification as it is edited, and as it is sent. */
import { semanticColumns, semanticValues } from "@/learnware/semantic";

/** Columns of a table, classes or targets: how many, and what each means. */
export interface ColumnsForm {
  dimension: number | null;
  /** The description of each, from the first on; those at the end that say nothing may be missing. */
  names: string[];
}

export interface SemanticForm {
  name: string;
  description: string;
  data: string;
  task: string;
  library: string;
  scenarios: string[];
  license: string;
  /** Empty where it is not said. */
  model: string;
  input: ColumnsForm;
  output: ColumnsForm;
}

/** A semantic specification as it comes over the wire and goes over it. */
export type Semantic = Record<string, unknown>;

/** Return a form in which nothing is filled in. */
export function emptyForm(): SemanticForm {
  return {
    name: "",
    description: "",
    data: "",
    task: "",
    library: "",
    scenarios: [],
    license: "",
    model: "",
    input: { dimension: null, names: [] },
    output: { dimension: null, names: [] },
  };
}

/** Return the form of a semantic specification, as far as it can be read. */
export function fromSemantic(semantic: Semantic): SemanticForm {
  const of = { semantic_specification: semantic };
  const first = (field: string) => semanticValues(of, field)[0] ?? "";
  return {
    name: first("Name"),
    description: first("Description"),
    data: first("Data"),
    task: first("Task"),
    library: first("Library"),
    scenarios: [...new Set(semanticValues(of, "Scenario"))],
    license: first("License"),
    model: first("Model"),
    input: columns(semantic, "Input"),
    output: columns(semantic, "Output"),
  };
}

/** Return the semantic specification of a form, in the form that the dock takes. */
export function toSemantic(form: SemanticForm): Semantic {
  const one = (value: string) => ({ Values: value ? [value] : [], Type: "Class" });
  return {
    Name: { Values: form.name.trim(), Type: "String" },
    Description: { Values: form.description.trim(), Type: "String" },
    Data: one(form.data),
    Task: one(form.task),
    Library: one(form.library),
    Scenario: { Values: [...form.scenarios], Type: "Tag" },
    License: one(form.license),
    Model: { ...one(form.model), Type: "Optional" },
    ...(hasInput(form) ? { Input: described(form.input) } : {}),
    ...(hasOutput(form) ? { Output: described(form.output) } : {}),
  };
}

/** Whether its inputs have columns to describe. */
export function hasInput(form: SemanticForm): boolean {
  return form.data === "Table";
}

/** Whether it has a known number of outputs: classes or targets. */
export function hasOutput(form: SemanticForm): boolean {
  return form.task in LEAST_OUTPUTS;
}

/** How many outputs a task has at least. */
export const LEAST_OUTPUTS: Readonly<Record<string, number>> = { Classification: 2, Regression: 1 };

/** Return columns with names filled in from a row on; there are more columns afterwards where the names need them. */
export function fillNames(
  { dimension, names }: ColumnsForm,
  pasted: readonly string[],
  from: number,
): ColumnsForm {
  const filled = [...names];
  while (filled.length < from) filled.push("");
  filled.splice(from, pasted.length, ...pasted);
  return { dimension: Math.max(dimension ?? 0, from + pasted.length), names: filled };
}

/** The keys of the specification by the fields of the form. */
export const KEYS = {
  name: "Name",
  description: "Description",
  data: "Data",
  task: "Task",
  library: "Library",
  scenarios: "Scenario",
  license: "License",
  model: "Model",
  input: "Input",
  output: "Output",
} as const satisfies Record<keyof SemanticForm, string>;

export type Field = keyof SemanticForm;

/** Whether nothing was entered yet. */
export function isEmpty(form: SemanticForm): boolean {
  return JSON.stringify(form) === JSON.stringify(emptyForm());
}

function columns(semantic: Semantic, key: "Input" | "Output"): ColumnsForm {
  const found = semanticColumns({ semantic_specification: semantic }, key);
  const names: string[] = [];
  for (const [position, name] of found?.descriptions ?? []) {
    if (Number.isSafeInteger(position) && position >= 0 && position < (found?.dimension ?? 0))
      names[position] = name;
  }
  return { dimension: found?.dimension ?? null, names: Array.from(names, (name) => name ?? "") };
}

function described({ dimension, names }: ColumnsForm): Semantic {
  const said = names
    .slice(0, dimension ?? 0)
    .map((name, position) => [String(position), name.trim()] as const);
  return { Dimension: dimension, Description: Object.fromEntries(said.filter(([, name]) => name !== "")) };
}
