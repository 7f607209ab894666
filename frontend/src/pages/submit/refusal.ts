/** What the dock has said of the fields of a submission that it refused. */
import type { ApiProblem } from "@/api/problem";
import { KEYS, type Field, type SemanticForm } from "@/learnware/editor/form";

/** A refusal, and what was sent. */
export interface Refusal {
  problem: ApiProblem;
  form: SemanticForm;
}

/** Return what the dock has said of each field, as long as it is as it was. */
export function refusedFields(refusal: Refusal | null, now: SemanticForm): Partial<Record<Field, string>> {
  const words: Partial<Record<Field, string>> = {};
  if (refusal === null) return words;
  for (const [field, key] of Object.entries(KEYS) as [Field, string][]) {
    if (JSON.stringify(refusal.form[field]) !== JSON.stringify(now[field])) continue;
    const said = refusal.problem.fields.filter(
      (one) =>
        one.field === `/semantic_specification/${key}` ||
        one.field.startsWith(`/semantic_specification/${key}/`),
    );
    if (said.length > 0) words[field] = said.map((one) => one.message).join(" ");
  }
  return words;
}
