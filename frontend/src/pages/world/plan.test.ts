import { describe, expect, it } from "vitest";
import { ELSEWHERE, islandAt, neighboursOf, planOf, type World } from "./plan";

const resident = (id: string) => ({
  learnware_id: id,
  name: `learnware ${id}`,
  username: "ada",
  data_type: "Table",
  task_type: "Regression",
  scenarios: [],
  downloads: 0,
});

/** Islands of these sizes, members on a circle, and so many elsewhere. */
function world(sizes: number[], elsewhere = 0): World {
  return {
    revision: 1,
    islands: sizes.map((size, at) => ({
      name: `RKMETableSpecification/${String(at + 2)}`,
      type: "RKMETableSpecification",
      n_features: at + 2,
      title: `tables of ${String(at + 2)} columns`,
      kept: 0.9,
      learnwares: Array.from({ length: size }, (_, i) => ({
        ...resident(`${String(at)}-${String(i)}`),
        x: size === 1 ? 0 : Math.cos((2 * Math.PI * i) / size),
        y: size === 1 ? 0 : Math.sin((2 * Math.PI * i) / size),
      })),
    })),
    elsewhere: Array.from({ length: elsewhere }, (_, i) => resident(`e${String(i)}`)),
  };
}

describe("planOf", () => {
  const plan = planOf(world([50, 12, 3, 1], 7));

  it("lays islands beside each other, all of them around the middle", () => {
    expect(plan.islands.map(({ spots }) => spots.length)).toEqual([50, 12, 3, 1, 7]);
    for (const [at, one] of plan.islands.entries()) {
      expect(Math.hypot(one.x, one.y) + one.r).toBeLessThanOrEqual(plan.r + 1e-6);
      for (const other of plan.islands.slice(at + 1)) {
        expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(one.r + other.r);
      }
    }
  });

  it("has each learnware on its island, apart from the others", () => {
    for (const island of plan.islands) {
      for (const spot of island.spots) {
        expect(Math.hypot(spot.x - island.x, spot.y - island.y)).toBeLessThan(island.r);
        expect(plan.islands[spot.island]).toBe(island);
      }
      expect(new Set(island.spots.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`)).size).toBe(
        island.spots.length,
      );
    }
  });

  it("tells how well distances are kept only where there are some", () => {
    expect(plan.islands.map(({ kept }) => kept)).toEqual([0.9, 0.9, 0.9, null, null]);
    expect(plan.islands.at(-1)).toMatchObject({ name: ELSEWHERE, type: null });
  });

  it("is the same for the same world, and there without learnwares", () => {
    expect(planOf(world([50, 12, 3, 1], 7))).toEqual(plan);
    expect(planOf(world([]))).toMatchObject({ islands: [], spots: [] });
  });

  it("keeps members that lie at one place", () => {
    const same = world([3]);
    for (const one of same.islands[0]?.learnwares ?? []) Object.assign(one, { x: 0, y: 0 });
    for (const { x, y } of planOf(same).spots)
      expect([x, y]).toEqual([0, 0].map((zero) => expect.closeTo(zero)));
  });
});

it("finds neighbours on the same island, and the island of a place", () => {
  const plan = planOf(world([8, 5], 3));
  const [island] = plan.islands;
  const spot = island?.spots[0];
  if (!island || !spot) throw new Error("there is none");
  const found = neighboursOf(plan, spot, 3).map(({ learnware }) => learnware.learnware_id);
  expect(new Set(found.slice(0, 2))).toEqual(new Set(["0-1", "0-7"]));
  expect(found).toHaveLength(3);
  expect(islandAt(plan, spot.x, spot.y)).toBe(island);
  expect(islandAt(plan, plan.r * 3, 0)).toBeUndefined();
  const apart = plan.islands.at(-1)?.spots[0];
  // Places there mean nothing, so nothing is near.
  expect(apart && neighboursOf(plan, apart, 3)).toEqual([]);
});
