import { describe, expect, it } from "vitest";
import { encodedPath, isReadable } from "./files";

describe("isReadable", () => {
  it.each(["__init__.py", "learnware.yaml", "requirements.txt", "src/model/README", "stat.json"])(
    "offers %s",
    (path) => {
      expect(isReadable({ path, size: 400 })).toBe(true);
    },
  );

  it.each(["model.joblib", "weights/MODEL.PT", "x.pth", "data.npz", "a.tar.gz"])("leaves %s out", (path) => {
    expect(isReadable({ path, size: 400 })).toBe(false);
  });

  it("leaves out what is empty or too long for the dock", () => {
    expect(isReadable({ path: "a.txt", size: 0 })).toBe(false);
    expect(isReadable({ path: "a.txt", size: 262_144 })).toBe(true);
    expect(isReadable({ path: "a.txt", size: 262_145 })).toBe(false);
  });
});

it("keeps the folders of a path, and encodes what would end it", () => {
  expect(encodedPath("模型/a b#1?.py")).toBe("%E6%A8%A1%E5%9E%8B/a%20b%231%3F.py");
});
