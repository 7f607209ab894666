import { describe, expect, it } from "vitest";
import { labelled, ticks } from "./days";

describe("ticks", () => {
  it.each([0, 1, 2, 3, 5, 7, 9, 10, 11, 49, 50, 51, 99, 100, 101, 2_345, 987_654])(
    "are few, whole, evenly apart, and reach %i",
    (most) => {
      const found = ticks(most);
      expect(found[0]).toBe(0);
      expect(found.at(-1)).toBeGreaterThanOrEqual(Math.max(1, most));
      expect(found.length).toBeLessThanOrEqual(6);
      const step = found[1] ?? 0;
      expect(step).toBeGreaterThan(0);
      expect(found).toEqual(found.map((_, at) => at * step));
      // No more than one step is left over the largest bar.
      expect((found.at(-1) ?? 0) - Math.max(1, most)).toBeLessThan(step);
    },
  );
});

describe("labelled", () => {
  it("takes all where there is room", () => {
    expect(labelled(4, 6)).toEqual([0, 1, 2, 3]);
    expect(labelled(0, 6)).toEqual([]);
  });

  it("takes the first, the last, and some between", () => {
    expect(labelled(90, 4)).toEqual([0, 30, 59, 89]);
    expect(labelled(90, 2)).toEqual([0, 89]);
  });
});
