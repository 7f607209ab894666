import { expect, it } from "vitest";
import { BREAKS, verdictOn } from "./retry";

it.each([
  [0, "", true, "retry"],
  [503, "unavailable", false, "retry"],
  [408, "too-slow", true, "retry"],
  [460, "checksum-mismatch", true, "retry"],
  [409, "conflict", true, "retry"],
  [409, "quota-exceeded", true, "fail"],
  [409, "quota-exceeded", false, "fail"],
  [401, "not-authenticated", true, "sign-in"],
  [404, "", true, "begin-again"],
  [403, "not-allowed", true, "begin-again"],
  [403, "not-allowed", false, "fail"],
  [413, "too-large", false, "fail"],
  [422, "content-mismatch", true, "reread"],
  [422, "invalid-input", false, "fail"],
] as const)("%i %s: %s → %s", (status, kind, made, verdict) =>
  expect(verdictOn(status, kind, made)).toBe(verdict),
);

it("bridges a restart, with breaks that grow", () => {
  expect(BREAKS.reduce((sum, one) => sum + one)).toBeGreaterThan(10 * 60_000);
  expect([...BREAKS].sort((a, b) => a - b)).toEqual(BREAKS);
});
