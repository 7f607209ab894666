import { expect, it } from "vitest";
import { heaviestFirst, pixelsOf } from "./images";

const bytes = (image: number[][][]) => [...pixelsOf(image).data];

it("goes from the darkest to the brightest value of each image", () => {
  expect(pixelsOf([[[-3, 0, 3]]])).toMatchObject({ width: 3, height: 1 });
  expect(bytes([[[-3, 0, 3]]])).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  expect(bytes([[[10], [20]]])).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});

it("shows colours by the channels, and takes all of them for the scale", () => {
  expect(bytes([[[0, 4]], [[2, 2]], [[4, 0]]])).toEqual([0, 128, 255, 255, 255, 128, 0, 255]);
  // What is no colour is left out.
  expect(bytes([[[0, 4]], [[2, 2]], [[4, 0]], [[900, -900]]])).toEqual([0, 128, 255, 255, 255, 128, 0, 255]);
});

it("has an image without contrast grey", () => {
  expect(bytes([[[7]]])).toEqual([128, 128, 128, 255]);
});

it("does not let one value far out take the contrast from the rest", () => {
  const line = Array.from({ length: 200 }, (_, i) => i % 2);
  const { data } = pixelsOf([[[...line.slice(1), 1e6]]]);
  expect([data[0], data[4], data.at(-2)]).toEqual([255, 0, 255]);
});

it("puts the heaviest first, whatever the sign of its weight, and keeps the numbers", () => {
  const [a, b, c] = [[[[1]]], [[[2]]], [[[3]]]];
  const order = heaviestFirst([a, b, c], [0.1, 0.1, -0.4]).map(({ number, weight }) => [number, weight]);
  expect(order).toEqual([
    [3, -0.4],
    [1, 0.1],
    [2, 0.1],
  ]);
});
