// @vitest-environment node
import { describe, expect, it } from "vitest";
import { vector } from "@/specification/testing";
import { agreementFindings, checkPackage } from "./check";
import { USUAL_LIMITS } from "./limits";
import { FILES, SEMANTIC, STATISTICAL, packageOf, zipOf } from "./testing";

interface PackageVector {
  readonly what: string;
  readonly zip: string;
  readonly refused: boolean;
  readonly member?: string | null;
}

/** What is said of a package, in short. */
async function said(file: Blob, limits = {}): Promise<[string, string | undefined][]> {
  const { findings } = await checkPackage(file, { limits });
  return findings.map(({ words, path }) => [words.split(".").at(-1) ?? "", path]);
}

const bytesOf = (text: string): Blob => new Blob([Uint8Array.from(Buffer.from(text, "base64"))]);
const packages = vector("packages") as PackageVector[];

// The browser's reader of zips looks for a directory, and does without the end of a file that was cut.
describe.each(packages)("$what", ({ what, zip, refused, member }) => {
  it(refused ? "is refused, as by the engine" : "is taken, as by the engine", async () => {
    const { ok, findings } = await checkPackage(bytesOf(zip));
    const errors = findings.filter(({ level }) => level === "error");
    expect([ok, errors.length > 0], JSON.stringify(errors)).toEqual([!refused, refused]);
    // Names that are no text at all are shown in different ways.
    if (member && what !== "name not in UTF-8") expect(errors.map(({ path }) => path)).toContain(member);
  });
});

it("a good package is read", async () => {
  const shares: number[] = [];
  const found = await checkPackage(await packageOf(), { onProgress: (share) => shares.push(share) });
  expect(found).toEqual({
    ok: true,
    findings: [],
    files: Object.entries(FILES)
      .map(([path, content]) => ({ path, size: content.length }))
      .sort((one, other) => (one.path < other.path ? -1 : 1)),
    topFolder: null,
    semantic: { ...SEMANTIC, Model: { Values: [], Type: "Optional" } },
    statistical: [{ type: "RKMETableSpecification", file: "stat.json", specification: STATISTICAL }],
    model: { className: "Model", modulePath: "__init__.py" },
    requirements: "requirements.txt",
  });
  expect(shares.at(-1)).toBe(1);
});

it("a package in one top folder is read, with what the Finder adds", async () => {
  const files = Object.entries(FILES).map(([name, content]) => [`mine/${name}`, { content }] as const);
  const found = await checkPackage(await zipOf([...files, ["__MACOSX/mine/._x", { content: "x" }]]));
  expect([found.ok, found.topFolder, found.files.length]).toEqual([true, "mine", 5]);
});

describe("what the form can mend is a warning", () => {
  it.each([
    [{ "semantic_specification.json": null }, "semantic-none", undefined],
    [{ "semantic_specification.json": "{}" }, "semantic-missing", "semantic_specification.json"],
    [
      { "semantic_specification.json": JSON.stringify({ ...SEMANTIC, Name: { Values: "abc" } }) },
      "semantic-length",
      "semantic_specification.json",
    ],
    [{ "stat.json": JSON.stringify({ ...STATISTICAL, z: [[1], [2]] }) }, "statistical-columns", "stat.json"],
    [{ "learnware.yaml": "stat_specifications: []" }, "statistical-missing", "learnware.yaml"],
    [{ "requirements.txt": null }, "requirements-none", "requirements.txt"],
  ])("%j", async (changes, code, path) => {
    const file = await packageOf(changes);
    expect((await checkPackage(file)).ok).toBe(true);
    expect((await said(file))[0]).toEqual([code, path]);
  });
});

describe("what a dock would refuse is an error", () => {
  it.each([
    [{ "stat.json": "{}" }, {}, "specification-missing", "stat.json"],
    [{}, { points: 1 }, "statistical-many-points", "stat.json"],
    [{}, { columns: 1 }, "statistical-many-columns", "stat.json"],
    [{}, { textBytes: 10 }, "member-large", "semantic_specification.json"],
    [{}, { manifestBytes: 10 }, "member-large", "learnware.yaml"],
    [{}, { memberBytes: 100 }, "member-large", "semantic_specification.json"],
    [{}, { totalBytes: 100 }, "members-large", undefined],
    [{}, { members: 4 }, "members-many", undefined],
    [{ [`${"d/".repeat(300)}x`]: "" }, { members: 299 }, "folders-many", undefined],
    [{}, { zip: 100 }, "zip-too-large", undefined],
    [{ "learnware.yaml": "#".repeat(257 << 10) }, {}, "member-large", "learnware.yaml"],
  ])("%# %j", async (changes, limits, code, path) => {
    const file = await packageOf(changes);
    expect((await checkPackage(file, { limits })).ok).toBe(false);
    expect(await said(file, limits)).toContainEqual([code, path]);
  });

  it("all that is wrong is told at once, errors first, but not without end", async () => {
    const changes = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`bad${i}.`, "x"]));
    const { findings } = await checkPackage(await packageOf(changes));
    expect(findings).toHaveLength(50);
    const two = await said(
      await packageOf({ "semantic_specification.json": "[", "stat.json": "[", "requirements.txt": null }),
    );
    expect(two).toEqual([
      ["file-json", "semantic_specification.json"],
      ["file-json", "stat.json"],
      ["requirements-none", "requirements.txt"],
    ]);
  });
});

const manifestOf = (type: string) =>
  `model: {class_name: Model}\nstat_specifications: [{class_name: ${type}, file_name: stat.json}]\n`;

it.each([
  ["RKMETextSpecification", { ...STATISTICAL, type: "RKMETextSpecification", language: ["en"] }],
  ["RKMEImageFeatureSpecification", { ...STATISTICAL, type: undefined, channels: 1, feature_map: "dct8" }],
  ["RKMEImageSpecification", { z: [[Array(32).fill(Array(32).fill(1))]], beta: [1] }],
])("a package with a %s is read", async (type, states) => {
  const data = type === "RKMETextSpecification" ? "Text" : "Image";
  const semantic = { ...SEMANTIC, Data: { Values: [data], Type: "Class" }, Input: {} };
  const found = await checkPackage(
    await packageOf({
      "learnware.yaml": manifestOf(type),
      "stat.json": JSON.stringify(states),
      "semantic_specification.json": JSON.stringify(semantic),
    }),
  );
  expect([found.ok, found.findings]).toEqual([true, []]);
  expect(found.statistical).toMatchObject([{ type, file: "stat.json", specification: { type } }]);
});

it("a specification of another type than the manifest says is refused", async () => {
  const states = JSON.stringify({ ...STATISTICAL, type: "RKMETableSpecification" });
  const file = await packageOf({
    "learnware.yaml": manifestOf("RKMETextSpecification"),
    "stat.json": states,
  });
  expect(await said(file)).toContainEqual(["specification-other-type", "stat.json"]);
});

it("a semantic specification that names another number of columns than the specification does not agree", () => {
  const statistical = [
    {
      type: "RKMETableSpecification",
      file: "stat.json",
      specification: { ...STATISTICAL, type: "RKMETableSpecification" as const },
    },
  ];
  expect(agreementFindings(SEMANTIC, statistical)).toEqual([]);
  const wider = { ...SEMANTIC, Input: { Dimension: 3, Description: {} } };
  expect(agreementFindings(wider, statistical)).toMatchObject([
    { key: "Input.Dimension", values: { found: 2, wanted: 3 } },
  ]);
  const image = { ...SEMANTIC, Data: { Values: ["Image"], Type: "Class" } };
  expect(agreementFindings(image, statistical)).toMatchObject([
    { values: { wanted: "RKMEImageFeatureSpecification / RKMEImageSpecification" } },
  ]);
  const images = [
    {
      type: "RKMEImageSpecification",
      file: "image.json",
      specification: { type: "RKMEImageSpecification" as const, z: [[[[1]]]], beta: [1], num_points: 0 },
    },
  ];
  expect(agreementFindings(image, [...images, ...statistical])).toEqual([]);
  expect(agreementFindings(null, [])).toEqual([]);
});

it("large packages are not read as a whole", async () => {
  const large = "0123456789abcdef".repeat(1 << 19);
  const file = await zipOf([
    ...Object.entries(FILES).map(([name, content]) => [name, { content }] as const),
    ["weights.bin", { content: large, options: { level: 0 } }],
  ]);
  let bytes = 0;
  const watched = new Proxy(file, {
    get: (target, name) => {
      if (name !== "slice") return Reflect.get(target, name) as unknown;
      return (begin: number, end: number): Blob => {
        const part = target.slice(begin, end);
        bytes += part.size;
        return part;
      };
    },
  });
  expect((await checkPackage(watched)).ok).toBe(true);
  expect(file.size).toBeGreaterThan(8 << 20);
  expect(bytes).toBeLessThan(1 << 20);
});

it("a check can be ended", async () => {
  const control = new AbortController();
  const changes = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, "x"]));
  const shares: number[] = [];
  const checking = checkPackage(await packageOf(changes), {
    signal: control.signal,
    onProgress: (share) => {
      shares.push(share);
      control.abort();
    },
  });
  await expect(checking).rejects.toMatchObject({ name: "AbortError" });
  expect(shares).toHaveLength(1);
});

it("a directory that is too large is not even read", async () => {
  const changes = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`${"long".repeat(200)}${i}`, ""]),
  );
  const file = await packageOf(changes);
  const seen: number[] = [];
  const watched = new Proxy(file, {
    get: (target, name) => {
      if (name !== "slice") return Reflect.get(target, name) as unknown;
      return (begin: number, end: number): Blob => {
        seen.push(end - begin);
        return target.slice(begin, end);
      };
    },
  });
  await checkPackage(watched, { limits: { ...USUAL_LIMITS, members: 10 } });
  expect(Math.max(...seen)).toBeLessThanOrEqual(1 << 20);
});
