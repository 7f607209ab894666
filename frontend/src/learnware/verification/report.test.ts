import { expect, it } from "vitest";
import { byPart, nextStep, readReport } from "./report";

const raw = {
  package: "00000001.zip",
  valid: false,
  status: "wrong",
  findings: [
    { part: "package", status: "ok", message: "the package is well-formed", mend: "" },
    { part: "trial", status: "warning", message: "slow", mend: "", column: 3 },
    {
      part: "trial",
      status: "wrong",
      message: "it answers with text",
      mend: "return numbers",
      file: "model.py",
    },
  ],
  parts: [{ part: "trial", status: "wrong", seconds: 1.5 }],
  environment: { kind: "venv", name: "ab", python_version: "3.12.1", requirements: ["numpy==2"], notes: [] },
  sandbox: "landlock",
  seconds: 3,
  output: "hello",
  traceback: null,
};

it("reads a report, with what needs mending first in each part", () => {
  const report = readReport(raw);
  if (!report) throw new Error("no report");
  const parts = byPart(report);
  expect(parts.map((one) => [one.part, one.seconds])).toEqual([
    ["trial", 1.5],
    ["package", null],
  ]);
  expect(parts[0]?.findings.map((one) => one.status)).toEqual(["wrong", "warning"]);
  expect(parts[0]?.findings[1]?.column).toBe("3");
  expect(report.environment?.python).toBe("3.12.1");
});

it("reads what is not as it should be", () => {
  expect(readReport(null)).toBeNull();
  const report = readReport({ findings: "none", parts: [1], status: "splendid", environment: [] });
  expect(report).toMatchObject({ findings: [], parts: [], status: "not checked", environment: null });
});

it("says what to do next", () => {
  const report = readReport(raw);
  expect(nextStep("SUCCESS", report)).toBe("nothing");
  expect(nextStep("FAIL", report)).toBe("mend");
  expect(
    nextStep("FAIL", readReport({ findings: [{ part: "package", status: "not checked", transient: true }] })),
  ).toBe("again");
});
