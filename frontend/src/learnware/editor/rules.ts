/** The rules of semantic specifications, as far as a form can break them. The dock checks all of them again. */
import type { Schema } from "@/api/client";
import { hasInput, hasOutput, KEYS, LEAST_OUTPUTS, type Field, type SemanticForm } from "./form";

export type Vocabulary = Schema<"VocabularyOut">;

/** What is wrong with a field: a key of the words below `editor.problem`, and the values in them. */
export interface Breach {
  field: Field;
  code: "missing" | "short" | "long" | "unknown" | "task" | "lines" | "control" | "dimension" | "names";
  values: Record<string, string | number>;
}

/** Columns, classes or targets at most; what is beyond is a slip. */
export const MOST_DIMENSIONS = 1_000_000;

const CHOICES = ["data", "task", "library", "license"] as const;
// Control characters and halves of characters; a description has lines.
const CONTROL = /[\p{Cc}\p{Cs}]/u;
const CONTROL_BUT_LINES = /(?![\n\r\t])[\p{Cc}\p{Cs}]/u;

/** Return every breach of the rules, in the order of the fields. */
export function breaches(form: SemanticForm, vocabulary: Vocabulary): Breach[] {
  return [
    ...text(form, "name", vocabulary),
    ...text(form, "description", vocabulary),
    ...CHOICES.flatMap((field) => choice(form, field, vocabulary)),
    ...scenarios(form, vocabulary),
    ...(form.model !== "" ? choice(form, "model", vocabulary) : []),
    ...(hasInput(form) ? columns(form, "input", 1) : []),
    ...(hasOutput(form) ? columns(form, "output", LEAST_OUTPUTS[form.task] ?? 1) : []),
  ];
}

/** Return the tasks that make sense for a kind of data; all while none is chosen. */
export function tasksFor(data: string, vocabulary: Vocabulary): readonly string[] {
  return vocabulary.tasks[data] ?? vocabulary.keys["Task"]?.Values ?? [];
}

/** Characters as the dock counts them. */
export function lengthOf(value: string): number {
  return [...value.trim()].length;
}

function text(form: SemanticForm, field: "name" | "description", { lengths }: Vocabulary): Breach[] {
  const value = form[field];
  const length = lengthOf(value);
  const { least, most } = lengths[KEYS[field]] ?? { least: 1, most: Infinity };
  if (length === 0) return [{ field, code: "missing", values: {} }];
  if (length < least) return [{ field, code: "short", values: { least, length } }];
  if (length > most) return [{ field, code: "long", values: { most, length } }];
  if (field === "name" && /[\n\r]/.test(value.trim())) return [{ field, code: "lines", values: {} }];
  if ((field === "name" ? CONTROL : CONTROL_BUT_LINES).test(value))
    return [{ field, code: "control", values: {} }];
  return [];
}

function choice(form: SemanticForm, field: (typeof CHOICES)[number] | "model", known: Vocabulary): Breach[] {
  const value = form[field];
  if (value === "") return [{ field, code: "missing", values: {} }];
  if (!known.keys[KEYS[field]]?.Values?.includes(value))
    return [{ field, code: "unknown", values: { value } }];
  if (field === "task" && !tasksFor(form.data, known).includes(value))
    return [{ field, code: "task", values: {} }];
  return [];
}

function scenarios(form: SemanticForm, known: Vocabulary): Breach[] {
  if (form.scenarios.length === 0) return [{ field: "scenarios", code: "missing", values: {} }];
  const strange = form.scenarios.find((one) => !known.keys["Scenario"]?.Values?.includes(one));
  return strange === undefined ? [] : [{ field: "scenarios", code: "unknown", values: { value: strange } }];
}

function columns(form: SemanticForm, field: "input" | "output", least: number): Breach[] {
  const { dimension, names } = form[field];
  if (dimension === null) return [{ field, code: "missing", values: {} }];
  if (!Number.isSafeInteger(dimension) || dimension < least || dimension > MOST_DIMENSIONS)
    return [{ field, code: "dimension", values: { least, most: MOST_DIMENSIONS } }];
  const strange = names.slice(0, dimension).findIndex((name) => CONTROL_BUT_LINES.test(name));
  return strange === -1 ? [] : [{ field, code: "names", values: { number: strange + 1 } }];
}
