// @vitest-environment node
import { describe, expect, it } from "vitest";
import { SpecificationError } from "./errors";
import { parseSpecification, readSpecificationFile, specificationFrom } from "./read";
import { specificationOf, tableVector } from "./testing";

const good = {
  z: [
    [0, 1],
    [2, 3],
  ],
  beta: [0.25, 0.75],
  gamma: 0.1,
  num_points: 40,
  type: "RKMETableSpecification",
};

function refused(read: () => unknown): [string, object] {
  try {
    read();
  } catch (error) {
    if (error instanceof SpecificationError) return [error.code, error.values];
    throw error;
  }
  throw new Error("nothing was wrong");
}

it("reads what is written here and by the engine, with the report", () => {
  const engines = tableVector("iris").specification;
  for (const spec of [specificationOf(tableVector("wine").matrix), engines]) {
    expect(parseSpecification(new TextEncoder().encode(JSON.stringify(spec)))).toEqual(spec);
  }
});

it("reads what the published package writes", () => {
  const published = { ...good, cuda_idx: -1, device: "cpu", type: "RKMEStatSpecification" };
  expect(specificationFrom(published)).toEqual(good);
  expect(specificationFrom({ z: good.z, beta: good.beta, gamma: 0.1 })).toEqual({ ...good, num_points: 0 });
});

it("leaves out a report that is broken or of another version", () => {
  const { report } = specificationOf(tableVector("few").matrix);
  expect(specificationFrom({ ...good, report }).report).toEqual(report);
  for (const broken of [null, 3, {}, { ...report, mmd2: "x" }, { ...report, kernel_scale: [null] }]) {
    expect(specificationFrom({ ...good, report: broken }).report).toBeUndefined();
  }
});

describe("refuses", () => {
  it.each([
    [null, "specification-not-object", {}],
    [[good], "specification-not-object", {}],
    ["text", "specification-not-object", {}],
    [{ ...good, type: "RKMEImageSpecification" }, "specification-type", { type: "RKMEImageSpecification" }],
    [{ ...good, type: 7 }, "specification-type", { type: "7" }],
    [{ z: good.z, gamma: 0.1 }, "specification-missing", { field: "beta" }],
    [{ beta: good.beta, gamma: 0.1 }, "specification-missing", { field: "z" }],
    [{ z: good.z, beta: good.beta }, "specification-missing", { field: "gamma" }],
    [{ ...good, z: [[0, 1], [2]] }, "specification-not-numbers", { field: "z", dimensions: 2 }],
    [{ ...good, z: [[], []] }, "specification-not-numbers", { field: "z", dimensions: 2 }],
    [{ ...good, z: [0, 1] }, "specification-not-numbers", { field: "z", dimensions: 2 }],
    [
      {
        ...good,
        z: [
          [0, "1"],
          [2, 3],
        ],
      },
      "specification-not-numbers",
      { field: "z", dimensions: 2 },
    ],
    [
      {
        ...good,
        z: [
          [0, null],
          [2, 3],
        ],
      },
      "specification-not-numbers",
      { field: "z", dimensions: 2 },
    ],
    [{ ...good, beta: [[1], [2]] }, "specification-not-numbers", { field: "beta", dimensions: 1 }],
    [{ ...good, beta: 1 }, "specification-not-numbers", { field: "beta", dimensions: 1 }],
    [{ ...good, beta: [1] }, "specification-shape", { points: 2, weights: 1 }],
    [{ ...good, z: [], beta: [] }, "specification-shape", { points: 0, weights: 0 }],
    [{ ...good, beta: [0, 0] }, "specification-no-weight", {}],
    [
      {
        ...good,
        z: [
          [0, 1e151],
          [2, 3],
        ],
      },
      "specification-beyond",
      { field: "z", limit: "1e+150" },
    ],
    [{ ...good, beta: [1, -2e6] }, "specification-beyond", { field: "beta", limit: "1e+6" }],
    [{ ...good, gamma: 0 }, "specification-gamma", {}],
    [{ ...good, gamma: "0.1" }, "specification-not-numbers", { field: "gamma", dimensions: 0 }],
    [{ ...good, num_points: -1 }, "specification-num-points", {}],
    [{ ...good, num_points: 1.5 }, "specification-num-points", {}],
    [{ ...good, num_points: true }, "specification-num-points", {}],
  ])("%j", (document, code, values) => {
    expect(refused(() => specificationFrom(document))).toEqual([code, values]);
  });

  it("too many points", () => {
    const many = { ...good, z: Array.from({ length: 10_001 }, () => [1]), beta: Array(10_001).fill(1e-4) };
    const values = { found: 10_001, most: 10_000 };
    expect(refused(() => specificationFrom(many))).toEqual(["specification-too-many-points", values]);
  });

  it("numbers that no number can hold, bytes that are no text, and texts that are no JSON", () => {
    const texts = [JSON.stringify(good).replace("0.25", "1e999"), '{"z": NaN}', "", "{", "\ufffe"];
    const codes = texts.map((text) => refused(() => parseSpecification(new TextEncoder().encode(text)))[0]);
    expect(codes).toEqual(["specification-not-numbers", ...Array<string>(4).fill("specification-not-json")]);
    expect(refused(() => parseSpecification(Uint8Array.of(0xff, 0xfe, 0x7b)))[0]).toBe(
      "specification-not-json",
    );
  });

  it("files that are too large, before they are read", async () => {
    const file = new Blob([JSON.stringify(good)]);
    expect(await readSpecificationFile(file)).toEqual(good);
    await expect(readSpecificationFile(file, 10)).rejects.toMatchObject({
      code: "specification-too-large",
      values: { bytes: file.size, most: 10 },
    });
  });
});
