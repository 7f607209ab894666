import { expect, it } from "vitest";
import { drawing, HEIGHT, shapeAt, WIDTH, type CloudSet } from "./cloud";

const set = (points: [number, number, number][], colour = 0): CloudSet => ({
  label: `set ${String(colour)}`,
  colour,
  points: points.map(([x, y, weight]) => ({ x, y, weight })),
});
/** The middle of a circle's path and its radius. */
const circle = (path: string) => {
  const [, left, y, r] = /^M(\S+) (\S+)A(\S+)/.exec(path) ?? [];
  return { x: Number(left) + Number(r), y: Number(y), r: Number(r) };
};

it("keeps distances: both axes have one unit, and up is up", () => {
  const sets = [set([[0, 0, 1], [4, 0, 1], [0, 1, 1]])]; // prettier-ignore
  const [origin, right, up] = drawing(sets)(sets[0] as CloudSet).map((mark) => circle(mark.path));
  expect((right?.x ?? 0) - (origin?.x ?? 0)).toBeCloseTo(4 * ((origin?.y ?? 0) - (up?.y ?? 0)), 0);
  expect(up?.y).toBeLessThan(origin?.y ?? 0);
});

it("fits all sets into the drawing", () => {
  const sets = [set([[-1e6, 3, 1], [1e6, -8, 0.2]]), set([[5, 1e6, 1]], 6)]; // prettier-ignore
  for (const one of sets) {
    for (const mark of drawing(sets)(one)) {
      const { x, y, r } = circle(mark.path);
      expect(x - r).toBeGreaterThanOrEqual(0);
      expect(x + r).toBeLessThanOrEqual(WIDTH);
      expect(y - r).toBeGreaterThanOrEqual(0);
      expect(y + r).toBeLessThanOrEqual(HEIGHT);
    }
  }
});

it("draws areas by the weight's size, negative ones hollow, the heaviest first", () => {
  const sets = [set([[0, 0, 0.1], [1, 1, -0.4]])]; // prettier-ignore
  const marks = drawing(sets)(sets[0] as CloudSet);
  expect(marks.map((mark) => mark.hollow)).toEqual([true, false]);
  const [large, small] = marks.map((mark) => circle(mark.path).r);
  expect((large ?? 0) / (small ?? 1)).toBeCloseTo(2, 1);
});

it("draws one point, and none", () => {
  const sets = [set([[7, 7, 1]])];
  expect(circle(drawing(sets)(sets[0] as CloudSet)[0]?.path ?? "")).toMatchObject({
    x: WIDTH / 2,
    y: HEIGHT / 2,
  });
  expect(drawing([])(set([]))).toEqual([]);
});

it("has a shape for each of six colours", () => {
  const shapes = Array.from({ length: 7 }, (_, colour) => shapeAt(colour, 0, 0, 5));
  expect(new Set(shapes).size).toBe(6);
  expect(shapes.join(" ")).not.toMatch(/NaN|undefined/);
});
