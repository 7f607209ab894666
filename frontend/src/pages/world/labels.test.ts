import { expect, it } from "vitest";
import { overlap, Room, type Box } from "./labels";

it("has room for words where no others are", () => {
  const room = new Room(300);
  const first = room.find(100, 50, 80, 15);
  expect(first).toEqual({ left: 60, right: 140, top: 50, bottom: 65 });
  if (first) room.take(first);
  expect(room.find(170, 60, 80, 15)).toBeNull();
  expect(room.find(190, 60, 80, 15)).not.toBeNull();
  expect(room.find(100, 66, 80, 15)).not.toBeNull();
  // What was only looked for is still free.
  expect(room.count).toBe(1);
});

it("keeps words inside the window, and begins with those that are wider than it", () => {
  const room = new Room(300);
  expect(room.find(5, 0, 100, 15)).toMatchObject({ left: 0, right: 100 });
  expect(room.find(299, 0, 100, 15)).toMatchObject({ left: 200, right: 300 });
  expect(room.find(150, 0, 400, 15)).toMatchObject({ left: 0, right: 400 });
});

it("never has two that overlap, whatever is asked for", () => {
  const room = new Room(500);
  const taken: Box[] = [];
  for (let i = 0; i < 400; i++) {
    const box = room.find((i * 197) % 500, (i * 89) % 300, 40 + ((i * 31) % 90), 15);
    if (box === null) continue;
    room.take(box);
    taken.push(box);
  }
  expect(taken.length).toBeGreaterThan(20);
  const pairs = taken.flatMap((one, at) => taken.slice(at + 1).map((other) => overlap(one, other)));
  expect(pairs).not.toContain(true);
});
