import { describe, expect, it } from "vitest";
import { WINDOWS, windowOf } from "./windows";

const NOW = Date.parse("2026-11-21T23:30:00Z");

describe("windows", () => {
  it("end today, and have as many days as they say", () => {
    expect(windowOf("month", NOW)).toEqual({ since: "2026-10-23", until: "2026-11-21", step: "day" });
    expect(windowOf("year", NOW)).toEqual({ since: "2025-11-22", until: "2026-11-21", step: "week" });
  });

  it.each(WINDOWS)("are not more than the dock answers: %s", (name) => {
    const { since, until, step } = windowOf(name, NOW);
    const days = (Date.parse(until) - Date.parse(since)) / 86_400_000;
    expect(days / { day: 1, week: 7, month: 28 }[step]).toBeLessThan(1000);
  });
});
