import { expect, it } from "vitest";
import { i18n } from "@/i18n";
import type { Specification } from "@/specification/specification";
import { specificationFacts } from "./facts";
import words from "./messages/en.json";

i18n.global.mergeLocaleMessage("en", words);
const t = (key: string, values: Record<string, unknown> = {}) => i18n.global.t(key, values);
const told = (specification: Specification) =>
  Object.fromEntries(specificationFacts(specification, t).map(({ label, value }) => [label, value]));
const beta = [0.4, 0.6];
const vectors = [
  [1, 2, 3],
  [3, 4, 5],
];

it("tells the languages and the encoder of texts", () => {
  const spec = { type: "RKMETextSpecification", z: vectors, beta, gamma: 0.1, num_points: 1200 } as const;
  expect(told({ ...spec, language: ["zh-cn", "en"], encoder: "hashing" })).toEqual({
    Kind: "RKMETextSpecification",
    Languages: "Chinese (China), English",
    Encoder: "hashing",
    Points: "2",
    "Numbers of each point": "3",
    "Texts that they stand for": "1,200",
    "Gamma of the kernel": "0.1",
    "Fit (squared MMD to the data)": "not told",
  });
  expect(told({ ...spec, language: [], encoder: "hashing" })).toMatchObject({ Languages: "not told" });
});

it("tells the shape of images, and the channels behind features", () => {
  const image = Array.from({ length: 3 }, () => [
    [1, 2],
    [3, 4],
  ]);
  const images = told({ type: "RKMEImageSpecification", z: [image, image], beta, num_points: 0 });
  expect(images).toMatchObject({ Points: "2", "Shape of each point": "3 × 2 × 2" });
  expect(Object.keys(images)).not.toContain("Images that they stand for");
  const features = {
    type: "RKMEImageFeatureSpecification",
    z: vectors,
    beta,
    gamma: 0.1,
    num_points: 5,
  } as const;
  expect(told({ ...features, channels: 3, feature_map: "dct8" })).toMatchObject({
    "Channels of the images": "3",
    "Feature map": "dct8",
    "Images that they stand for": "5",
  });
});

it("tells fit and privacy in the words of the data", () => {
  const report = {
    mmd2: 0.00123,
    mmd2_rows: 90,
    mean_kernel: 0.5,
    kernel_gamma: 1,
    kernel_scale: null,
    rows_per_point: 12,
    fewest_rows: 7.25,
    nearest_row: 0.5,
    privacy_rows: 90,
    privacy_floor: 5,
    dropped_points: 2,
    missing: 3,
    infinite: 0,
    limited: 0,
  };
  const facts = specificationFacts(
    {
      type: "RKMEImageFeatureSpecification",
      z: vectors,
      beta,
      gamma: 0.1,
      num_points: 24,
      channels: 1,
      feature_map: "dct8",
      report,
    },
    t,
  );
  expect(facts).toContainEqual({
    label: "Privacy",
    value: "7.25 images or more behind each point",
    hint: "12 images to a point on average.",
  });
  expect(facts).toContainEqual(
    expect.objectContaining({ label: "Nearest point to any image", value: "0.5" }),
  );
  expect(facts).toContainEqual({
    label: "Privacy floor",
    value: "5 images to a point",
    hint: "Points left out for it: 2.",
  });
  expect(facts.at(-1)).toEqual({ label: "Missing values that were filled in", value: "3" });
});
