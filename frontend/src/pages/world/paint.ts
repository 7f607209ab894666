/** Draws the world on a canvas. */
import { shapeAt } from "@/charts/cloud";
import type { Island, Plan, Spot } from "./plan";

/** Colours of the theme. */
export interface Palette {
  sea: string;
  land: string;
  shore: string;
  ink: string;
  soft: string;
  accent: string;
  /** Of the shapes, in their order. */
  shapes: readonly string[];
}

/** What is to be seen. */
export interface Scene {
  plan: Plan;
  /** What the window shows: page places times k, plus x and y, are pixels. */
  view: { k: number; x: number; y: number };
  width: number;
  height: number;
  /** Pixels of the screen to one of the page. */
  density: number;
  palette: Palette;
  /** Colour and shape of a learnware. */
  shapeOf: (spot: Spot) => number;
  /** Whether a learnware is among those that are looked for. */
  matches: (spot: Spot) => boolean;
  titleOf: (island: Island) => string;
  /** Magnification against the view of everything. */
  zoom: number;
  chosenIsland: string | null;
  chosen: Spot | null;
  hovered: Spot | null;
}

const FONT = "system-ui, sans-serif";
const FAINT = 0.12;
const MOST_LABELS = 80;
// So many are looked at; beyond that a frame would take long.
const MOST_CANDIDATES = 500;
// Pixels of an island's radius from which its learnwares have names.
const NAMED_FROM = 170;

const SHAPES =
  typeof Path2D === "undefined"
    ? []
    : Array.from({ length: 6 }, (_, at) => new Path2D(shapeAt(at, 0, 0, 100)));

/** Return the radius of a learnware's mark in pixels. */
export function markRadius(zoom: number): number {
  return Math.min(9, 3.4 * Math.sqrt(Math.max(1, zoom)));
}

/** Draw everything. */
export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { density, palette, plan, view } = scene;
  const place = (one: { x: number; y: number }) => ({
    x: one.x * view.k + view.x,
    y: one.y * view.k + view.y,
  });
  context.setTransform(density, 0, 0, density, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = palette.sea;
  context.fillRect(0, 0, scene.width, scene.height);
  for (const island of plan.islands) drawIsland(context, scene, island, place(island));
  const radius = markRadius(scene.zoom);
  const seen = plan.spots
    .map((spot) => ({ spot, ...place(spot) }))
    .filter(({ x, y }) => x > -20 && y > -20 && x < scene.width + 20 && y < scene.height + 20);
  for (const matching of [false, true]) {
    context.globalAlpha = matching ? 0.85 : FAINT;
    for (const { spot, x, y } of seen) {
      if (scene.matches(spot) !== matching) continue;
      drawMark(context, density, palette, scene.shapeOf(spot), x, y, radius);
    }
  }
  context.setTransform(density, 0, 0, density, 0, 0);
  context.globalAlpha = 1;
  for (const [spot, width] of [
    [scene.hovered, 2],
    [scene.chosen, 3],
  ] as const) {
    if (spot === null) continue;
    const { x, y } = place(spot);
    context.strokeStyle = palette.ink;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius + 4, 0, 2 * Math.PI);
    context.stroke();
  }
  drawNames(context, scene, seen, radius);
}

function drawIsland(
  context: CanvasRenderingContext2D,
  scene: Scene,
  island: Island,
  { x, y }: { x: number; y: number },
): void {
  const { palette } = scene;
  const r = island.r * scene.view.k;
  const chosen = island.name === scene.chosenIsland;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = palette.land;
  context.fill();
  context.strokeStyle = chosen ? palette.accent : palette.shore;
  context.lineWidth = chosen ? 2.5 : 1;
  context.stroke();
  if (r < 26) return;
  context.font = `600 ${r > 90 ? "13" : "11"}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  // Of an island that goes beyond the window the title stays inside, as long as much of the island does.
  const top = y - r - 3;
  if (top < 18 && y < scene.height * 0.1) return;
  outlined(context, scene.titleOf(island), x, Math.max(18, top), palette.soft, palette.sea);
}

function drawMark(
  context: CanvasRenderingContext2D,
  density: number,
  palette: Palette,
  shape: number,
  x: number,
  y: number,
  radius: number,
): void {
  const path = SHAPES[shape % SHAPES.length];
  if (!path) return;
  const scale = (density * radius) / 100;
  context.setTransform(scale, 0, 0, scale, density * x, density * y);
  context.fillStyle = palette.shapes[shape % palette.shapes.length] ?? palette.ink;
  context.fill(path);
}

/** Names where there is room; those that are downloaded most come first. */
function drawNames(
  context: CanvasRenderingContext2D,
  scene: Scene,
  seen: readonly { spot: Spot; x: number; y: number }[],
  radius: number,
): void {
  const { plan, palette, view } = scene;
  const candidates = seen
    .filter(
      ({ spot }) =>
        spot === scene.chosen ||
        (scene.matches(spot) && (plan.islands[spot.island]?.r ?? 0) * view.k >= NAMED_FROM),
    )
    .sort(
      (one, other) =>
        Number(other.spot === scene.chosen) - Number(one.spot === scene.chosen) ||
        other.spot.learnware.downloads - one.spot.learnware.downloads ||
        (one.spot.learnware.learnware_id < other.spot.learnware.learnware_id ? -1 : 1),
    );
  const taken: { left: number; right: number; top: number; bottom: number }[] = [];
  context.font = `12px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { spot, x, y } of candidates.slice(0, MOST_CANDIDATES)) {
    if (taken.length >= MOST_LABELS) break;
    const text = shortened(spot.learnware.name);
    const half = context.measureText(text).width / 2 + 3;
    const top = y + radius + 3;
    const box = { left: x - half, right: x + half, top, bottom: top + 15 };
    const free = taken.every(
      (one) => box.right < one.left || box.left > one.right || box.bottom < one.top || box.top > one.bottom,
    );
    // A name covers no other mark, except that of what was picked.
    const hides = seen.some(
      (one) =>
        one.spot !== spot &&
        one.x > box.left - radius &&
        one.x < box.right + radius &&
        one.y > box.top - radius &&
        one.y < box.bottom + radius,
    );
    if (!free || (hides && spot !== scene.chosen)) continue;
    taken.push(box);
    outlined(context, text, x, top, palette.ink, palette.land);
  }
}

function outlined(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  fill: string,
  around: string,
): void {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = around;
  context.strokeText(text, x, y);
  context.fillStyle = fill;
  context.fillText(text, x, y);
}

function shortened(name: string): string {
  return name.length > 32 ? `${name.slice(0, 31)}…` : name;
}
