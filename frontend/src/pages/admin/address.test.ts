import { describe, expect, it } from "vitest";
import { changed, readChoice, readDay, readNumber, readShort, readYes } from "./address";

describe("values of an address", () => {
  it("are one of those that there are", () => {
    expect(readChoice({ role: "admin" }, "role", ["user", "admin"])).toBe("admin");
    expect(readChoice({ role: "king" }, "role", ["user", "admin"])).toBe("");
    expect(readChoice({ role: ["admin", "user"] }, "role", ["user", "admin"])).toBe("");
    expect(readChoice({}, "role", ["user", "admin"])).toBe("");
  });

  it("are no longer than the dock takes them", () => {
    expect(readShort({ text: "abcdef" }, "text", 4)).toBe("abcd");
    expect(readShort({ text: null }, "text", 4)).toBe("");
  });

  it("are yes, no, or neither", () => {
    expect(readYes({ verified: "true" }, "verified")).toBe(true);
    expect(readYes({ verified: "false" }, "verified")).toBe(false);
    expect(readYes({ verified: "1" }, "verified")).toBeUndefined();
  });

  it.each([
    ["0", 0],
    ["17", 17],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["9007199254740993", undefined],
    ["99999999999999999999", undefined],
    ["", undefined],
  ])("are whole numbers: %j", (given, read) => {
    expect(readNumber({ actor: given }, "actor")).toBe(read);
  });

  it.each([
    ["2026-11-21", "2026-11-21"],
    ["2028-02-29", "2028-02-29"],
    ["2026-02-31", ""],
    ["2026-13-01", ""],
    ["21.11.2026", ""],
    ["", ""],
  ])("are days that exist: %j", (given, read) => {
    expect(readDay({ since: given }, "since")).toBe(read);
  });
});

it("an address keeps what is not changed, and has nothing empty", () => {
  expect(changed({ text: "air", role: "admin" }, { role: "", disabled: "true" })).toEqual({
    text: "air",
    disabled: "true",
  });
});
