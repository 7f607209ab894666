import { expect, it } from "vitest";
import { Rate } from "./rate";

it("says nothing before it knows something", () => {
  const rate = new Rate();
  expect(rate.speed(0)).toBeNull();
  rate.add(0, 0);
  rate.add(1_000, 100);
  expect(rate.speed(100)).toBeNull();
  expect(rate.remaining(5_000, 100)).toBeNull();
});

it("knows a steady speed and what is left of the time", () => {
  const rate = new Rate();
  for (let at = 0; at <= 4_000; at += 50) rate.add(at * 2, at);
  expect(rate.speed(4_000)).toBeCloseTo(2_000);
  expect(rate.remaining(10_000, 4_000)).toBeCloseTo(5);
  expect(rate.remaining(0, 4_000)).toBe(0);
});

it("follows the speed of the last seconds", () => {
  const rate = new Rate();
  let sent = 0;
  for (let at = 0; at <= 60_000; at += 100) {
    sent += at < 40_000 ? 1_000_000 : 1_000;
    rate.add(sent, at);
  }
  expect(rate.speed(60_000)).toBeLessThan(12_000);
  expect(rate.speed(60_000)).toBeGreaterThan(8_000);
});

it("becomes slower while nothing is sent", () => {
  const rate = new Rate();
  for (let at = 0; at <= 2_000; at += 100) rate.add(at, at);
  expect(rate.speed(4_000)).toBeCloseTo(500);
});

it("begins anew where less is there than before, and after a pause", () => {
  const rate = new Rate();
  for (let at = 0; at <= 2_000; at += 100) rate.add(at * 100, at);
  rate.add(50, 2_100);
  expect(rate.speed(2_200)).toBeNull();
  rate.add(1_050, 3_100);
  expect(rate.speed(3_100)).toBeCloseTo(1_000);
  rate.reset();
  expect(rate.speed(9_000)).toBeNull();
});
