import { describe, expect, it } from "vitest";
import { nextPage } from "./next";

describe("nextPage", () => {
  it.each([
    ["/submit?update=00000001#log", "/submit?update=00000001#log"],
    [["/mine", "/other"], "/mine"],
  ])("keeps a page of the dock: %s", (given, kept) => {
    expect(nextPage(given)).toBe(kept);
  });

  it.each([
    undefined,
    null,
    "",
    "mine",
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/\\elsewhere.example",
    "/\t/elsewhere.example",
    "/.//elsewhere.example",
    "/a/..//elsewhere.example",
    "/\\[",
    "//elsewhere.example:99999",
  ])("does not lead elsewhere: %j", (given) => {
    expect(nextPage(given)).toBe("/");
  });
});
