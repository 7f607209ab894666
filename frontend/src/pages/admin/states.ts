/** The states of versions. */
import type { Schema } from "@/api/client";

export type Status = Schema<"QueuedVersionOut">["status"];

export const STATES = [
  "WAITING",
  "QUEUE",
  "PROCESSING",
  "SUCCESS",
  "FAIL",
] as const satisfies readonly Status[];

/** What the list of versions shows: those on their way, of one kind, or all. */
export const QUEUES = {
  undecided: ["WAITING", "QUEUE", "PROCESSING"],
  waiting: ["WAITING"],
  running: ["QUEUE", "PROCESSING"],
  failed: ["FAIL"],
  verified: ["SUCCESS"],
} as const satisfies Record<string, readonly Status[]>;
export type Queue = keyof typeof QUEUES;
export const QUEUE_NAMES = Object.keys(QUEUES) as Queue[];

/** Whether nothing happens to a version any more by itself. */
export function isDecided(status: Status): boolean {
  return status === "SUCCESS" || status === "FAIL";
}

/** Return how many versions a list has. */
export function countOf(queue: Queue, counts: Readonly<Record<string, number>>): number {
  return QUEUES[queue].reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}
