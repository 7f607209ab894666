// @vitest-environment node
import { describe, expect, it } from "vitest";
import { SpecificationError } from "./errors";
import { parseSpecification, readSpecificationFile, specificationFrom, tableFrom } from "./read";
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
    const bytes = new TextEncoder().encode(JSON.stringify(spec));
    expect(parseSpecification(bytes)).toEqual({ specification: spec, document: spec });
  }
});

it("reads what the published package writes", () => {
  const published = { ...good, cuda_idx: -1, device: "cpu", type: "RKMEStatSpecification" };
  expect(specificationFrom(published)).toEqual(good);
  expect(specificationFrom({ z: good.z, beta: good.beta, gamma: 0.1 })).toEqual({ ...good, num_points: 0 });
});

const text = { ...good, type: "RKMETextSpecification", language: ["en", "zh-cn"], encoder: "hashing" };
const features = { ...good, type: "RKMEImageFeatureSpecification", channels: 3, feature_map: "dct8" };
const image = {
  type: "RKMEImageSpecification",
  RKME_IMAGE_VERSION: 1,
  msg: null,
  z: [0, 1].map((value) => Array(3).fill(Array(32).fill(Array(32).fill(value)))),
  beta: [0.25, 0.75],
  n_models: 16,
};

it("reads those of texts and images, by both maps", () => {
  expect(specificationFrom(text)).toEqual(text);
  expect(specificationFrom({ ...text, language: "en" })).toMatchObject({ language: ["en"] });
  const { encoder, ...published } = text;
  void encoder;
  expect(specificationFrom(published)).toEqual({ ...text, encoder: "paraphrase-multilingual-MiniLM-L12-v2" });
  const { document, specification } = parseSpecification(new TextEncoder().encode(JSON.stringify(image)));
  expect(specification).toEqual({ type: image.type, z: image.z, beta: image.beta, num_points: 0 });
  expect(document).toEqual(image);
  expect(specificationFrom(features)).toEqual(features);
});

it("takes no other data for a table", () => {
  expect(tableFrom(good)).toEqual(good);
  const values = { type: text.type, wanted: good.type };
  expect(refused(() => tableFrom(text))).toEqual(["specification-other-type", values]);
});

it("takes the type that somebody promises, unless it says otherwise", () => {
  const { type, ...silent } = text;
  expect(specificationFrom(silent, type)).toEqual(text);
  expect(specificationFrom(good, "RKMEStatSpecification")).toEqual(good);
  const values = { type: good.type, wanted: type };
  expect(refused(() => specificationFrom(good, type))).toEqual(["specification-other-type", values]);
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
    [{ ...good, type: "RKMESoundSpecification" }, "specification-type", { type: "RKMESoundSpecification" }],
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

  const [one, other] = image.z;
  const square = (value: unknown) => [Array(32).fill(Array(32).fill(value))];
  it.each([
    [{ ...text, language: "English" }, "specification-language", {}],
    [{ ...text, language: ["en", 3] }, "specification-language", {}],
    [{ ...text, encoder: "" }, "specification-encoder", {}],
    [{ ...text, gamma: undefined }, "specification-missing", { field: "gamma" }],
    [{ ...image, z: good.z }, "specification-not-numbers", { field: "z", dimensions: 4 }],
    [{ ...image, z: [one, other?.slice(1)] }, "specification-not-numbers", { field: "z", dimensions: 4 }],
    [{ ...image, z: [one, square("1")] }, "specification-not-numbers", { field: "z", dimensions: 4 }],
    [{ ...image, z: [square(null)] }, "specification-not-numbers", { field: "z", dimensions: 4 }],
    [{ ...image, z: [square(1), square(-1e151)] }, "specification-beyond", { field: "z", limit: "1e+150" }],
    [{ ...image, z: [[[[1]]]] }, "specification-image-shape", { shape: "1 × 1 × 1", wanted: 32 }],
    [
      { ...image, z: [Array(65).fill(square(1)[0])] },
      "specification-image-shape",
      { shape: "65 × 32 × 32", wanted: 32 },
    ],
    [{ ...features, channels: 0 }, "specification-channels", { most: 64 }],
    [{ ...features, channels: undefined }, "specification-missing", { field: "channels" }],
    [{ ...features, feature_map: 8 }, "specification-feature-map", {}],
    [{ ...image, beta: [1] }, "specification-shape", { points: 2, weights: 1 }],
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
    expect(await readSpecificationFile(file)).toEqual({ specification: good, document: good });
    await expect(readSpecificationFile(file, 10)).rejects.toMatchObject({
      code: "specification-too-large",
      values: { bytes: file.size, most: 10 },
    });
  });
});
