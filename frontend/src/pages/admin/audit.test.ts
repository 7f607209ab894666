import { describe, expect, it } from "vitest";
import { detailsOf, numberOf, pageOf, readAudit, type AuditEvent } from "./audit";

const event = (changes: Partial<AuditEvent>): AuditEvent => ({
  event_id: 1,
  at: "2026-11-21T12:00:00Z",
  actor_id: 1,
  actor: "root",
  action: "user.role",
  subject_type: "user",
  subject_id: 2,
  request_id: null,
  details: {},
  ...changes,
});

describe("what the log is narrowed to", () => {
  it("is what the address says, and nothing that the dock would refuse", () => {
    expect(readAudit({ action: "user.", type: "user", actor: "3", subject: "x", request: "abc" })).toEqual({
      action: "user.",
      subject_type: "user",
      actor_id: 3,
      request_id: "abc",
    });
    expect(readAudit({ action: "user.fly", type: "moon", actor: "-1", command: "false" })).toEqual({});
    expect(readAudit({ command: "true" })).toEqual({ command: true });
  });

  it("has the whole of the last day in it, by the reader's clock", () => {
    const { since, until } = readAudit({ since: "2026-11-20", until: "2026-11-30" });
    expect(new Date(since ?? "")).toEqual(new Date(2026, 10, 20));
    expect(new Date(until ?? "")).toEqual(new Date(2026, 11, 1));
  });
});

it("acts lead to what they were done to", () => {
  expect(pageOf(event({}))).toBe("/admin/users/2");
  expect(pageOf(event({ subject_type: "learnware", subject_id: 17 }))).toBe("/learnwares/00000017");
  expect(pageOf(event({ subject_type: "word" }))).toBeNull();
});

it("what acts were done to is written as elsewhere", () => {
  expect(numberOf(event({}))).toBe("2");
  expect(numberOf(event({ subject_type: "learnware", subject_id: 17 }))).toBe("00000017");
  expect(numberOf(event({ subject_type: "dataset", subject_id: 0 }))).toBe("");
});

it("details are lines, whatever they are", () => {
  expect(detailsOf(event({ details: { before: "user", version: 3, scopes: ["read"] } }))).toEqual([
    { name: "before", value: "user" },
    { name: "version", value: "3" },
    { name: "scopes", value: '["read"]' },
  ]);
});
