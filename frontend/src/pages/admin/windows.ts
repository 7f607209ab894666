/** The windows of time that statistics are shown for. */

export const WINDOWS = ["month", "quarter", "year", "years"] as const;
export type Window = (typeof WINDOWS)[number];
export type Step = "day" | "week" | "month";

const DAY_MS = 86_400_000;
/** Days before today, and what a bar of the charts stands for. */
const SIZES: Record<Window, { days: number; step: Step }> = {
  month: { days: 29, step: "day" },
  quarter: { days: 89, step: "day" },
  year: { days: 364, step: "week" },
  years: { days: 5 * 365, step: "month" },
};

/** Return the days of a window that ends today, as the API takes them. Days are those of the dock (UTC). */
export function windowOf(name: Window, now: number): { since: string; until: string; step: Step } {
  const { days, step } = SIZES[name];
  return { since: dayOf(now - days * DAY_MS), until: dayOf(now), step };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
