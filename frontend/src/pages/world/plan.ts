/** Where everything of the world lies on one page: islands beside each other, learnwares on them. */
import { packEnclose, packSiblings } from "d3-hierarchy";
import type { Schema } from "@/api/client";

export type World = Schema<"WorldOut">;
export type Resident = Schema<"WorldLearnwareOut">;

/** A learnware with its place on the page. */
export interface Spot {
  learnware: Resident;
  /** Place of its island in the plan. */
  island: number;
  x: number;
  y: number;
}

/** An island: a circle with the learnwares of one feature space. */
export interface Island {
  /** As it stands in addresses. */
  name: string;
  /** Of the specifications; null for learnwares that cannot be compared. */
  type: string | null;
  /** The data that live there, in the words of the dock. */
  title: string;
  /** How well distances on it tell how far data are apart; null where its places mean nothing. */
  kept: number | null;
  x: number;
  y: number;
  r: number;
  spots: readonly Spot[];
}

/** The whole page; `r` is the radius of the circle around 0, 0 that all of it lies in. */
export interface Plan {
  islands: readonly Island[];
  spots: readonly Spot[];
  r: number;
}

/** The name of the island of all that cannot be compared. */
export const ELSEWHERE = "elsewhere";

const LEAST_RADIUS = 34;
const GROWTH = 13;
const WATER = 14;
// Part of an island's radius that its learnwares fill.
const SHORE = 0.84;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Return the plan of a world. Equal worlds have equal plans. */
export function planOf(world: World): Plan {
  const lands = [
    ...world.islands.map(({ name, type, title, kept, learnwares }) => ({
      name,
      type: type as string | null,
      title,
      kept: learnwares.length > 2 ? kept : null,
      members: learnwares.map((learnware) => ({ learnware, x: learnware.x, y: -learnware.y })),
    })),
    ...(world.elsewhere.length > 0
      ? [{ name: ELSEWHERE, type: null, title: "", kept: null, members: spiral(world.elsewhere) }]
      : []),
  ];
  const circles = packSiblings(
    lands.map((land) => ({
      land,
      x: 0,
      y: 0,
      r: Math.max(LEAST_RADIUS, GROWTH * Math.sqrt(land.members.length)) + WATER,
    })),
  );
  const around = circles.length > 0 ? packEnclose(circles) : { x: 0, y: 0, r: LEAST_RADIUS };
  const islands = circles.map(({ land, x, y, r: outer }, at): Island => {
    const r = outer - WATER;
    const farthest = Math.max(...land.members.map((one) => Math.hypot(one.x, one.y)), 1e-9);
    // A lonely one stays where it is, in the middle.
    const unit = land.members.length > 1 ? (SHORE * r) / farthest : 0;
    const [cx, cy] = [x - around.x, y - around.y];
    const spots = land.members.map((one) => ({
      learnware: one.learnware,
      island: at,
      x: cx + one.x * unit,
      y: cy + one.y * unit,
    }));
    return {
      name: land.name,
      type: land.type,
      title: land.title,
      kept: land.kept,
      x: cx,
      y: cy,
      r,
      spots,
    };
  });
  return { islands, spots: islands.flatMap(({ spots }) => spots), r: around.r };
}

/** Places that mean nothing: evenly spread, as the seeds of a sunflower. */
function spiral(learnwares: readonly Resident[]): { learnware: Resident; x: number; y: number }[] {
  return learnwares.map((learnware, at) => {
    const [angle, distance] = [at * GOLDEN_ANGLE, Math.sqrt(at + 0.5)];
    return { learnware, x: distance * Math.cos(angle), y: distance * Math.sin(angle) };
  });
}

/** Return the learnwares of the same island that lie nearest to one, the nearest first. */
export function neighboursOf(plan: Plan, spot: Spot, most: number): Spot[] {
  const island = plan.islands[spot.island];
  if (!island || island.kept === null) return [];
  const distance = (one: Spot) => Math.hypot(one.x - spot.x, one.y - spot.y);
  return island.spots
    .filter((one) => one !== spot)
    .sort((one, other) => distance(one) - distance(other))
    .slice(0, most);
}

/** Return the island that a place is on. */
export function islandAt(plan: Plan, x: number, y: number): Island | undefined {
  return plan.islands.find((one) => Math.hypot(one.x - x, one.y - y) <= one.r);
}
