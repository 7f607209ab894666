/** What a picture of point sets is drawn from: places on the page, shapes and sizes. */

/** A point of a reduced set in the plane. */
export interface CloudPoint {
  x: number;
  y: number;
  weight: number;
}

/** A set of points with its name; `colour` is an index, the same set has the same one in all pictures of a page. */
export interface CloudSet {
  label: string;
  colour: number;
  points: readonly CloudPoint[];
}

/** A point as it is drawn. */
export interface Mark {
  path: string;
  hollow: boolean;
}

/** Width and height of the drawing, in its own units. */
export const WIDTH = 640;
export const HEIGHT = 420;
const MARGIN = 24;
const LARGEST = 13;
const SMALLEST = 2;
const SHAPES = 6;

/** Classes of the colours, in the order of `colour`. */
const COLOURS = [
  "text-chart-1",
  "text-chart-2",
  "text-chart-3",
  "text-chart-4",
  "text-chart-5",
  "text-chart-6",
] as const;

/** Return the class of a colour. */
export function colourClass(colour: number): string {
  return COLOURS[colour % COLOURS.length] ?? COLOURS[0];
}

/** Return a function from a set's points to marks, which fits all the sets into the drawing with equal units. */
export function drawing(sets: readonly CloudSet[]): (set: CloudSet) => Mark[] {
  const all = sets.flatMap((set) => set.points);
  const [left, right] = extent(all.map((point) => point.x));
  const [low, high] = extent(all.map((point) => point.y));
  // Distances are what the picture shows, so both axes have the same unit.
  const unit = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(right - left, Number.MIN_VALUE),
    (HEIGHT - 2 * MARGIN) / Math.max(high - low, Number.MIN_VALUE),
  );
  const scale = Number.isFinite(unit) ? unit : 0;
  const heaviest = Math.max(...all.map((point) => Math.abs(point.weight)), Number.MIN_VALUE);
  return (set) =>
    // Large ones first, so that none is hidden behind another one of its set.
    [...set.points]
      .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight))
      .map((point) => {
        const x = WIDTH / 2 + (point.x - (left + right) / 2) * scale;
        const y = HEIGHT / 2 - (point.y - (low + high) / 2) * scale;
        const radius = Math.max(SMALLEST, LARGEST * Math.sqrt(Math.abs(point.weight) / heaviest));
        return { path: shapeAt(set.colour, x, y, radius), hollow: point.weight < 0 };
      });
}

/** Return the path of a shape of about the area of a circle with this radius. */
export function shapeAt(shape: number, x: number, y: number, radius: number): string {
  const r = radius;
  const at = (dx: number, dy: number) => `${(x + dx * r).toFixed(1)} ${(y + dy * r).toFixed(1)}`;
  const polygon = (...corners: [number, number][]) => `M${corners.map(([dx, dy]) => at(dx, dy)).join("L")}Z`;
  const half = (side: number) => `A${r.toFixed(1)} ${r.toFixed(1)} 0 0 1 ${at(side, 0)}`;
  switch (shape % SHAPES) {
    case 0:
      return `M${at(-1, 0)}${half(1)}${half(-1)}Z`;
    case 1:
      return polygon([0, -1.3], [1.25, 0.85], [-1.25, 0.85]);
    case 2:
      return polygon([-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]);
    case 3:
      return polygon([0, -1.3], [1.2, 0], [0, 1.3], [-1.2, 0]);
    case 4:
      return polygon([0, 1.3], [-1.25, -0.85], [1.25, -0.85]);
    default:
      return polygon(
        ...([
          [-0.4, -1.2],
          [0.4, -1.2],
          [0.4, -0.4],
          [1.2, -0.4],
          [1.2, 0.4],
          [0.4, 0.4],
          [0.4, 1.2],
          [-0.4, 1.2],
          [-0.4, 0.4],
          [-1.2, 0.4],
          [-1.2, -0.4],
          [-0.4, -0.4],
        ] as [number, number][]),
      );
  }
}

function extent(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}
