/** What a chart of counts by time is drawn from. */

/** A count of a day, or of the week or month that begins with it. */
export interface DayCount {
  /** `2026-11-21` */
  day: string;
  count: number;
}

const STEPS = [1, 2, 5] as const;

/** Return whole numbers from 0 to at least `most`, evenly apart, for the lines of a chart: three to six of them. */
export function ticks(most: number): number[] {
  const top = Math.max(1, most);
  const size = 10 ** Math.max(0, Math.floor(Math.log10(top)) - 1);
  const candidates = [1, 10, 100].flatMap((power) => STEPS.map((step) => step * power * size));
  const step = candidates.find((one) => Math.ceil(top / one) <= 5) ?? top;
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, at) => at * step);
}

/** Return the places of at most `most` labels among `length` bars: the first, the last, and some between. */
export function labelled(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, at) => at);
  const parts = Math.max(1, most - 1);
  return Array.from({ length: parts + 1 }, (_, at) => Math.round((at * (length - 1)) / parts));
}
