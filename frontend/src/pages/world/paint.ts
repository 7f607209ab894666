/** Draws the world on a canvas. */
import { shapeAt } from "@/charts/cloud";
import { Room } from "./labels";
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

/** Return the radius of a learnware's mark in pixels, where a unit of the page has so many. */
export function markRadius(k: number): number {
  return Math.max(1.6, Math.min(9, 1.9 * k));
}

/** Marks that were drawn before: thousands of copies take no longer than some shapes. */
const sprites = new Map<string, HTMLCanvasElement>();
const MOST_SPRITES = 200;

/** A mark, in the middle of a small picture. */
function sprite(shape: number, colour: string, radius: number, density: number): HTMLCanvasElement {
  const pixels = Math.round(radius * density * 4) / 4;
  const key = `${String(shape)} ${colour} ${String(pixels)}`;
  let found = sprites.get(key);
  if (found === undefined) {
    if (sprites.size >= MOST_SPRITES) sprites.clear();
    found = document.createElement("canvas");
    // The tips of triangles lie beyond the circle of the same area.
    found.width = found.height = 2 * Math.ceil(1.4 * pixels + 1);
    const context = found.getContext("2d");
    if (context) {
      context.fillStyle = colour;
      context.fill(new Path2D(shapeAt(shape, found.width / 2, found.height / 2, pixels)));
    }
    sprites.set(key, found);
  }
  return found;
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
  const radius = markRadius(view.k);
  const seen = plan.spots
    .map((spot) => ({ spot, ...place(spot) }))
    .filter(({ x, y }) => x > -20 && y > -20 && x < scene.width + 20 && y < scene.height + 20);
  for (const matching of [false, true]) {
    context.globalAlpha = matching ? 0.85 : FAINT;
    for (const { spot, x, y } of seen) {
      if (scene.matches(spot) !== matching) continue;
      const shape = scene.shapeOf(spot);
      const mark = sprite(
        shape,
        palette.shapes[shape % palette.shapes.length] ?? palette.ink,
        radius,
        density,
      );
      const size = mark.width / density;
      context.drawImage(mark, x - size / 2, y - size / 2, size, size);
    }
  }
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
  const room = new Room(scene.width);
  drawTitles(context, scene, room);
  drawNames(context, scene, seen, radius, room);
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
}

/** Titles of islands where there is room: that of the chosen one first, then those of large ones. */
function drawTitles(context: CanvasRenderingContext2D, scene: Scene, room: Room): void {
  const { plan, view, palette } = scene;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  const isChosen = (island: Island) => island.name === scene.chosenIsland;
  const order = [...plan.islands].sort(
    (one, other) => Number(isChosen(other)) - Number(isChosen(one)) || other.r - one.r,
  );
  for (const island of order) {
    const [x, y, r] = [island.x * view.k + view.x, island.y * view.k + view.y, island.r * view.k];
    if (r < 20 && !isChosen(island)) continue;
    const edge = y - r - 3;
    // Of an island that goes beyond the window the title stays inside, as long as much of the island does.
    if (edge < 18 && y < scene.height * 0.1) continue;
    if (x + r < 0 || x - r > scene.width) continue;
    const bottom = Math.max(18, edge);
    context.font = `600 ${r > 90 ? "13" : "11"}px ${FONT}`;
    const text = scene.titleOf(island);
    const width = context.measureText(text).width + 8;
    // Below the island, where another title is above it.
    const box = room.find(x, bottom - 15, width, 15) ?? room.find(x, y + r + 3, width, 15);
    if (box === null) continue;
    room.take(box);
    outlined(context, text, (box.left + box.right) / 2, box.bottom, palette.soft, palette.sea);
  }
}

/** Names where there is room; that of what was picked first, then those that are downloaded most. */
function drawNames(
  context: CanvasRenderingContext2D,
  scene: Scene,
  seen: readonly { spot: Spot; x: number; y: number }[],
  radius: number,
  room: Room,
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
  const most = room.count + MOST_LABELS;
  context.font = `12px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { spot, x, y } of candidates.slice(0, MOST_CANDIDATES)) {
    if (room.count >= most) break;
    const text = shortened(spot.learnware.name);
    const top = y + radius + 3;
    const box = room.find(x, top, context.measureText(text).width + 6, 15);
    if (box === null) continue;
    // A name covers no other mark, except that of what was picked.
    const hides = seen.some(
      (one) =>
        one.spot !== spot &&
        one.x > box.left - radius &&
        one.x < box.right + radius &&
        one.y > box.top - radius &&
        one.y < box.bottom + radius,
    );
    if (hides && spot !== scene.chosen) continue;
    room.take(box);
    outlined(context, text, (box.left + box.right) / 2, top, palette.ink, palette.land);
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
