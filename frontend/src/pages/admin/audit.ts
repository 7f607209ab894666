/** The audit log: what can be asked for in the address, and how an act is told. */
import type { LocationQuery } from "vue-router";
import type { Schema } from "@/api/client";
import { readChoice, readDay, readNumber, readShort, readYes } from "./address";

export type AuditEvent = Schema<"AuditEventOut">;

/** What is done to what; the dock may know more, which is shown by its name. */
export const ACTIONS = [
  "user.create",
  "user.role",
  "user.disable",
  "user.enable",
  "user.confirm",
  "user.delete",
  "user.send-reset",
  "user.reset-password",
  "user.generate-password",
  "user.change-password",
  "user.ask-email",
  "user.change-email",
  "token.create",
  "token.revoke",
  "learnware.update",
  "learnware.withdraw",
  "learnware.restore",
  "learnware.transfer",
  "learnware.delete",
  "version.verify",
  "version.cancel",
  "dataset.add",
  "dataset.replace",
  "dataset.delete",
  "word.add",
  "word.remove",
  "dock.restore",
] as const;

/** Kinds of acts: all that begin with one. */
export const KINDS = ["user.", "token.", "learnware.", "version.", "dataset.", "word.", "dock."] as const;
export const SUBJECTS = ["user", "learnware", "dataset", "word", "dock"] as const;
export const LONGEST_REQUEST = 64;

/** Read what the log is narrowed to, as the API takes it. Days are those of the reader's time zone. */
export function readAudit(query: LocationQuery) {
  const action = readChoice(query, "action", [...ACTIONS, ...KINDS]);
  const type = readChoice(query, "type", SUBJECTS);
  const [actor, subject] = [readNumber(query, "actor"), readNumber(query, "subject")];
  const request = readShort(query, "request", LONGEST_REQUEST);
  const [since, until] = [readDay(query, "since"), readDay(query, "until")];
  return {
    ...(readYes(query, "command") ? { command: true } : {}),
    ...(action ? { action } : {}),
    ...(type ? { subject_type: type } : {}),
    ...(actor === undefined ? {} : { actor_id: actor }),
    ...(subject === undefined ? {} : { subject_id: subject }),
    ...(request ? { request_id: request } : {}),
    ...(since ? { since: midnight(since, 0) } : {}),
    // The last day counts as a whole.
    ...(until ? { until: midnight(until, 1) } : {}),
  };
}

/** Return the number of what an act was done to, as it is written elsewhere; empty where it has none, as data sets. */
export function numberOf({ subject_type: type, subject_id: id }: AuditEvent): string {
  if (id === 0) return "";
  return type === "learnware" ? String(id).padStart(8, "0") : String(id);
}

/** Return the page of what an act was done to, if it has one. */
export function pageOf(event: AuditEvent): string | null {
  if (event.subject_type === "user") return `/admin/users/${numberOf(event)}`;
  if (event.subject_type === "learnware") return `/learnwares/${numberOf(event)}`;
  return null;
}

/** Return the details of an act as lines to read. */
export function detailsOf({ details }: AuditEvent): { name: string; value: string }[] {
  return Object.entries(details).map(([name, value]) => ({
    name,
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));
}

function midnight(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
