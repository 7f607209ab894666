// @vitest-environment node
import { expect, it } from "vitest";
import { vector } from "@/specification/testing";
import { FoundError } from "./findings";
import { type Manifest, parseManifest } from "./manifest";

const FILES = new Set([
  "__init__.py",
  "model.py",
  "stat.json",
  "stat_spec.json",
  "spec.json",
  "sub/model.py",
]);

function parse(text: string, files: ReadonlySet<string> = FILES): Manifest {
  return parseManifest(new TextEncoder().encode(text), files);
}

function refused(text: string): string | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    if (error instanceof FoundError) return error.finding.words;
    throw error;
  }
}

it.each(vector("manifests") as { text: string; message: string | null }[])(
  "manifest %# is judged as by the engine",
  ({ text, message }) => {
    const found = refused(text);
    const what = `${text.slice(0, 200)}\n${found ?? "read"} here, ${message ?? "read"} there`;
    expect(found === null, what).toBe(message === null);
  },
);

it("everything that a manifest can say is read", () => {
  const text = `
id: 00000012
name: a name
semantic_specification: {file_name: spec.json}
model:
  class_name: MyModel
  module_path: sub/model.py
  kwargs: {input_shape: !!python/tuple [64], output_shape: !!python/tuple [10]}
stat_specifications:
- {class_name: RKMEStatSpecification, file_name: ./stat.json, kwargs: {gamma: 0.2}}
`;
  expect(parse(text)).toEqual({
    className: "MyModel",
    modulePath: "sub/model.py",
    semanticFile: "spec.json",
    specifications: [{ type: "RKMEStatSpecification", file: "stat.json" }],
  });
});

it("what is not said is as in the published versions", () => {
  const usual = { className: "Model", modulePath: "__init__.py", semanticFile: null };
  const specifications = [{ type: "RKMETableSpecification", file: "stat_spec.json" }];
  expect(parse("")).toEqual({ ...usual, specifications });
  expect(parse("", new Set(["__init__.py"]))).toEqual({ ...usual, specifications: [] });
  const semanticFile = "semantic_specification.json";
  expect(parse("", new Set(["__init__.py", semanticFile])).semanticFile).toBe(semanticFile);
});

it.each([
  ["model:\n  class_name: 5\n", "manifest-text", { key: "model.class_name" }],
  ["model: [1]", "manifest-section", { key: "model" }],
  ["stat_specifications: x", "manifest-list", { key: "stat_specifications" }],
  ["model: {class_name: a.b}", "manifest-class", { value: "a.b" }],
  ["model: {module_path: a b}", "manifest-module", { value: "a b" }],
  ["a: 1\nb: 2\na: 3\n", "manifest-yaml", { line: 3, detail: "Map keys must be unique" }],
  ["? [1]\n: 2", "manifest-key", {}],
  ["a: 1\nb: \u0001", "manifest-control", { line: 2 }],
  [`a: ${"9".repeat(2000)}`, "manifest-digits", { most: 1000 }],
])("%j is %s", (text, code, values) => {
  try {
    parse(text);
    expect.fail("it was read");
  } catch (error) {
    expect(error).toMatchObject({
      finding: { words: `package.findings.${code}`, values, path: "learnware.yaml" },
    });
  }
});

it("reads specifications that the published package does not know from their own list, after the others", () => {
  const manifest = `
model: {class_name: Model}
stat_specifications: [{class_name: RKMEImageSpecification, file_name: stat.json}]
extra_stat_specifications: [{class_name: RKMEImageFeatureSpecification, file_name: ./more.json}]
`;
  const files = new Set(["__init__.py", "stat.json", "more.json"]);
  expect(parseManifest(new TextEncoder().encode(manifest), files).specifications).toEqual([
    { type: "RKMEImageSpecification", file: "stat.json" },
    { type: "RKMEImageFeatureSpecification", file: "more.json" },
  ]);
  files.delete("more.json");
  expect(() => parseManifest(new TextEncoder().encode(manifest), files)).toThrow(/file-missing/);
});
