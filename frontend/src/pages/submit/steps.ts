/** The steps of a submission, and what is left to do in each. */
import type { LocationQuery, RouteLocationRaw } from "vue-router";
import { breaches, type Breach, type Vocabulary } from "@/learnware/editor/rules";
import { dataTypeOf, SPECIFICATION_TYPES } from "@/specification/specification";
import type { Draft } from "./drafts";

export const STEPS = ["package", "about", "columns", "send"] as const;
export type Step = (typeof STEPS)[number];

/** Return the step that an address names, the first one where it names none. */
export function stepIn(query: LocationQuery): Step {
  return STEPS.find((one) => one === query["step"]) ?? "package";
}

/**
 * Return the address of a step of a draft.
 *
 * @param at - the field to go to in it.
 */
export function addressOf(
  draft: Pick<Draft, "id" | "learnwareId">,
  step: Step,
  at?: Breach["field"],
): RouteLocationRaw {
  const of = draft.learnwareId === null ? { draft: draft.id } : { update: draft.learnwareId };
  return { path: "/submit", query: { ...of, step, ...(at ? { at } : {}) } };
}

/**
 * Something that keeps a draft from being sent: no package, one with mistakes, a field that breaks a rule, a
 * statistical specification of another kind of data or other columns than the form says, or a new version that is as
 * the one before.
 */
export interface Obstacle {
  step: Step;
  what: "package" | "again" | "mistakes" | "kind" | "columns" | "unchanged" | Breach;
}

/**
 * Return what keeps a draft from being sent, in the order of the steps.
 *
 * @param fileMissing - whether its upload cannot go on because the file is not at hand.
 */
export function obstacles(draft: Draft, vocabulary: Vocabulary, fileMissing: boolean): Obstacle[] {
  return [
    ...packageObstacles(draft, fileMissing).map((what) => ({ step: "package" as const, what })),
    ...breaches(draft.form, vocabulary).map((what) => ({ step: stepOfField(what.field), what })),
    ...disagreements(draft),
    ...(isUnchanged(draft) ? [{ step: "about" as const, what: "unchanged" as const }] : []),
  ];
}

/** Return how many columns the table specification of a draft's package has; null where that is not known. */
export function columnsOf({ keepsPackage, checked, form }: Draft): number | null {
  if (keepsPackage || form.data !== "Table") return null;
  return checked?.statistical.find(({ type }) => type === SPECIFICATION_TYPES.Table[0])?.columns ?? null;
}

/** Return the step that a field is in. */
export function stepOfField(field: Breach["field"]): Step {
  return field === "input" || field === "output" ? "columns" : "about";
}

/** Return the step that a place in a problem of the dock is in: `/semantic_specification/Input`, `package model.py`. */
export function stepOfPlace(place: string): Step | null {
  if (/^\/semantic_specification\/(Input|Output)\b/.test(place)) return "columns";
  if (place.startsWith("/semantic_specification")) return "about";
  if (place.startsWith("package")) return "package";
  return null;
}

function packageObstacles(draft: Draft, fileMissing: boolean): ("package" | "again" | "mistakes")[] {
  if (draft.keepsPackage) return [];
  if (draft.file === null) return ["package"];
  if (draft.checked?.ok === false) return ["mistakes"];
  return draft.checked === null || fileMissing ? ["again"] : [];
}

function disagreements(draft: Draft): Obstacle[] {
  const { keepsPackage, checked, form } = draft;
  if (keepsPackage || !checked?.ok || !(form.data in SPECIFICATION_TYPES)) return [];
  if (!checked.statistical.some(({ type }) => dataTypeOf(type) === form.data)) {
    return [{ step: "about", what: "kind" }];
  }
  const columns = columnsOf(draft);
  const said = form.input.dimension;
  return columns !== null && said !== null && said !== columns ? [{ step: "columns", what: "columns" }] : [];
}

function isUnchanged({ learnwareId, keepsPackage, form, filled }: Draft): boolean {
  return learnwareId !== null && keepsPackage && JSON.stringify(form) === JSON.stringify(filled);
}
