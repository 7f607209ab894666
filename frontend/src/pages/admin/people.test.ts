import { describe, expect, it } from "vitest";
import { learnwaresOf, mayActOn } from "./people";

describe("acting on accounts", () => {
  it.each([
    ["admin", "user", true],
    ["admin", "admin", false],
    ["admin", "super-admin", false],
    ["super-admin", "admin", true],
    ["super-admin", "super-admin", false],
    ["user", "user", false],
    [undefined, "user", false],
  ])("%s on %s: %s", (mine, role, may) => {
    expect(mayActOn(mine, { role })).toBe(may);
  });
});

it("counts learnwares whether a version serves or not", () => {
  expect(learnwaresOf({ learnwares: { verified: 2, unverified: 3 } })).toBe(5);
});
