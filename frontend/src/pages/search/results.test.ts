import { describe, expect, it } from "vitest";
import { noValues } from "@/learnware/facets";
import { addressOfResults, lacksData, requirementAt } from "./address";
import { rankByColumns } from "./neighbours";
import { emptyRequirement, type Requirement } from "./requirement";
import { adviceOf, type Answer, type Found } from "./results";
import { packagesLink, readIds } from "./selection";

const learnware = (id: string, input?: Record<string, string>) =>
  ({
    learnware_id: id,
    name: `learnware ${id}`,
    semantic_specification: input ? { Input: { Dimension: 9, Description: input } } : {},
  }) as unknown as Found["learnware"];
const found = (id: string, score: number, data = true): Found => ({
  learnware: learnware(id),
  score,
  mmd2: data ? 1 - score : null,
  similarity: data ? score : null,
});
const answer = (parts: Partial<Answer>): Answer => ({
  singles: [],
  mixture: null,
  unexplained: null,
  nothing_fits: false,
  message: "",
  total: 0,
  offset: 0,
  limit: 20,
  ...parts,
});

describe("the recommendation", () => {
  const mixture = {
    score: 0.9,
    mmd2: 0.1,
    similarity: 0.95,
    noise_floor: 0.01,
    unexplained: 0.05,
    parts: [
      { learnware: learnware("00000001"), weight: 0.7 },
      { learnware: learnware("00000002"), weight: 0.3 },
    ],
  };

  it("is the combination where one comes nearer, with what the best alone explains", () => {
    const advice = adviceOf(answer({ singles: [found("00000001", 0.6)], mixture, unexplained: 0.05 }));
    expect(advice).toMatchObject({ score: 0.9, alone: 0.6, noiseFloor: 0.01, unexplained: 0.05 });
    expect(advice?.parts.map((part) => part.weight)).toEqual([0.7, 0.3]);
  });

  it("is one learnware where none does", () => {
    const advice = adviceOf(answer({ singles: [found("00000003", 0.8)], unexplained: 0.2 }));
    expect(advice).toMatchObject({ score: 0.8, alone: 0.8, noiseFloor: null, unexplained: 0.2 });
    expect(advice?.parts).toEqual([{ learnware: learnware("00000003"), weight: 1 }]);
  });

  it("is none where nothing fits, nothing was compared, or nothing was found", () => {
    expect(adviceOf(answer({ singles: [found("1", 0.1)], unexplained: 0.9, nothing_fits: true }))).toBeNull();
    expect(adviceOf(answer({ singles: [found("1", 1, false)] }))).toBeNull();
    expect(adviceOf(answer({ singles: [found("1", 1, false)], unexplained: 0 }))).toBeNull();
    expect(adviceOf(answer({ unexplained: 0 }))).toBeNull();
  });
});

describe("the address of results", () => {
  const known: Requirement = {
    ...emptyRequirement(),
    words: "air",
    tags: { ...noValues(), Task: ["Regression"] },
    specification: { type: "RKMETableSpecification", states: {}, name: "mine.csv", table: null },
  };

  it("has words and tags, and that there are data", () => {
    const query = { text: "air", task_type: ["Regression"], data: "own" };
    expect(addressOfResults(known)).toEqual({ path: "/search/results", query });
    expect(requirementAt(query, known)).toEqual(known);
    expect(lacksData(query, known)).toBe(false);
  });

  it("counts more than what the browser knows, but for the data, which only it has", () => {
    expect(requirementAt({ text: "wine" }, known)).toEqual({ ...emptyRequirement(), words: "wine" });
    expect(lacksData({ data: "own" }, emptyRequirement())).toBe(true);
    expect(requirementAt({ data: "own", text: "wine" }, emptyRequirement()).words).toBe("wine");
  });
});

it("ranks by columns described alike, without those that have none", () => {
  const some = [
    learnware("00000001", { "0": "humidity" }),
    learnware("00000002", { "0": "air temperature" }),
    learnware("00000003", { "0": "wind speed", "1": "temperature" }),
  ].map((one) => ({ ...found("", 1, false), learnware: one }));
  const inputs = ["temperature", "wind speed"].map((name) => ({ name, description: "" }));
  const ranked = rankByColumns(some, { ...emptyRequirement(), inputs });
  expect(ranked.map((one) => one.learnware.learnware_id)).toEqual(["00000003", "00000002"]);
});

it("reads ids from an address, each once and not too many", () => {
  expect(readIds({ ids: "00000001,x,00000002,00000001,../3" }, "ids", 6)).toEqual(["00000001", "00000002"]);
  expect(readIds({ ids: ["00000001", "00000002"] }, "ids", 1)).toEqual(["00000001"]);
  expect(readIds({}, "ids", 6)).toEqual([]);
});

it("links to one package, or to a zip of several", () => {
  expect(packagesLink(["00000001"])).toBe("/api/v1/learnwares/00000001/package");
  expect(packagesLink(["00000001", "00000002"])).toBe(
    "/api/v1/packages?learnware_id=00000001&learnware_id=00000002",
  );
});
